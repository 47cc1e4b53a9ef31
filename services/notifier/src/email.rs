//! E-mail: lettre writes the message and speaks the protocol, the pool is ours.

mod pool;
mod relay;
mod tls;

use chrono::{DateTime, Utc};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use tipoff_wire::Notice;

pub(crate) use self::pool::{Pool, PoolError};
pub(crate) use self::relay::{BadRelay, Relay};
pub(crate) use self::tls::BadTrust;
use crate::deliver::{SendError, Transport};
use crate::letter::{Letter, Writer};
use crate::plain::one_line;
use crate::seen::Told;

/// Sends notices by e-mail.
pub(crate) struct Email {
    pub(crate) pool: Pool,
    pub(crate) writer: std::sync::Arc<Writer>,
    pub(crate) from: Mailbox,
}

impl Transport for Email {
    async fn send(&self, told: &Told, now: DateTime<Utc>) -> Result<(), SendError> {
        let letter = self.writer.letter(told, now).map_err(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "an e-mail cannot be written"
            );
            SendError::ForGood("the e-mail's template cannot be filled in; see the log".to_owned())
        })?;
        let message = self.message(told, letter, now)?;
        let sent = self.pool.send(message.envelope(), &message.formatted()).await;
        sent.map_err(PoolError::into_send_error)
    }
}

impl Email {
    fn message(
        &self,
        told: &Told,
        letter: Letter,
        now: DateTime<Utc>,
    ) -> Result<Message, SendError> {
        let for_good =
            |what: &str| SendError::ForGood(format!("no e-mail can be made of it: {what}"));
        let address = told.agent.email.as_deref().unwrap_or_default();
        let address: Address =
            address.parse().map_err(|_| for_good("the agent's address is not one"))?;
        let to = Mailbox::new(Some(one_line(&told.agent.name)), address);
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject)
            .date(now.into())
            .message_id(Some(message_id(&told.notice, self.from.email.domain())))
            .header(AutoSubmitted)
            .header(TipoffLead(told.notice.lead.to_string()))
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html));
        message.map_err(|_| for_good("a header is missing"))
    }
}

/// The same for every attempt, so that a mailbox can tell a repeated mail.
fn message_id(notice: &Notice, domain: &str) -> String {
    format!("<{}@{domain}>", notice.key().replace(':', "."))
}

/// Nobody's out-of-office answers this (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Lets programs find the mails of a lead.
#[derive(Clone)]
struct TipoffLead(String);

impl Header for TipoffLead {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Tipoff-Lead")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}
