//! E-mail: lettre writes the message and speaks the protocol, the pool is ours.

mod line;
mod options;
mod pool;
mod relay;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use tipoff_domain::{Agent, AgentId, Channel, EntityView, LeadId};
use tipoff_letters::plain::one_line;
use tipoff_wire::Notice;
use tracing::warn;

pub use self::options::Options;
use self::pool::{Pool, PoolError};
use self::relay::Relay;
use super::{Opened, Parts, Unusable};
use crate::carrier::{Carrier, Pace, SendError};
use crate::letter::{Letter, Writer};
use crate::lines::Lines;
use crate::seen::Told;
use crate::trial::Tested;

/// Sends notices by e-mail.
struct Email {
    pool: Pool,
    lines: Lines,
    writer: Arc<Writer>,
    from: Mailbox,
    pace: Pace,
}

/// E-mail over the relay of the settings.
pub(super) fn open(parts: &Parts, options: &Options) -> Opened {
    let Some(address) = &options.smtp_url else {
        warn!("TIPOFF_SMTP_URL is not set: nobody is told by e-mail");
        return Ok(None);
    };
    let relay = Relay::parse(address).map_err(Unusable::on(Channel::Email))?;
    let authorities = options.authorities().map_err(Unusable::on(Channel::Email))?;
    let patience = Duration::from_secs(options.smtp_timeout_seconds);
    let pool = Pool::new(relay, authorities.as_deref(), options.smtp_connections, patience);
    Ok(Some(Arc::new(Email {
        pool: pool.map_err(Unusable::on(Channel::Email))?,
        lines: Lines::new(Channel::Email),
        writer: parts.writer.clone(),
        from: options.mail_from.clone(),
        pace: options.pace(),
    })))
}

#[async_trait]
impl Carrier for Email {
    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn reaches(&self, _: &EntityView, _: &AgentId, known: &Agent) -> bool {
        known.email.is_some()
    }

    async fn send(&self, told: &Told, now: DateTime<Utc>) -> Result<(), SendError> {
        let letter = self.writer.letter(told, now)?;
        let Notice { lead, .. } = &told.notice;
        let message = self.message(&told.agent, &told.notice.key(), Some(lead), letter, now)?;
        self.hand_over(&message).await
    }

    async fn test(&self, tested: &Tested, now: DateTime<Utc>) -> Result<(), SendError> {
        let address = tested.agent.email.as_deref().unwrap_or_default();
        let letter = self.writer.test_letter(tested, address, now)?;
        let message = self.message(&tested.agent, &tested.trial.key(), None, letter, now)?;
        self.hand_over(&message).await
    }
}

impl Email {
    async fn hand_over(&self, message: &Message) -> Result<(), SendError> {
        let mail = message.formatted();
        let sending = async {
            let sent = self.pool.send(message.envelope(), &mail).await;
            sent.map_err(PoolError::into_send_error)
        };
        self.lines.over(self.pool.host(), sending).await
    }

    /// `key`: the same for every attempt.
    fn message(
        &self,
        agent: &Agent,
        key: &str,
        lead: Option<&LeadId>,
        letter: Letter,
        now: DateTime<Utc>,
    ) -> Result<Message, SendError> {
        let for_good =
            |what: &str| SendError::ForGood(format!("no e-mail can be made of it: {what}"));
        let address = agent.email.as_deref().unwrap_or_default();
        let address: Address =
            address.parse().map_err(|_| for_good("the agent's address is not one"))?;
        let to = Mailbox::new(Some(one_line(&agent.name)), address);
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject)
            .date(now.into())
            .message_id(Some(message_id(key, self.from.email.domain())))
            .header(AutoSubmitted);
        if let Some(lead) = lead {
            message = message.header(TipoffLead(lead.to_string()));
        }
        let message =
            message.multipart(MultiPart::alternative_plain_html(letter.text, letter.html));
        message.map_err(|_| for_good("a header is missing"))
    }
}

/// The same for every attempt, so that a mailbox can tell a repeated mail.
fn message_id(key: &str, domain: &str) -> String {
    format!("<{}@{domain}>", key.replace(':', "."))
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
