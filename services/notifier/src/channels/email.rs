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
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use tipoff_domain::{Agent, AgentId, Channel, EntityId, EntityView, LeadId};
use tipoff_letters::plain::one_line;
use tipoff_roster::mark;
use tipoff_wire::Trial;
use tipoff_wire::link::ReturnMark;
use tipoff_wire::notice::What;
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
    /// Where mails that cannot be delivered come back to.
    returns: Address,
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
        returns: options.mail_returns.clone().unwrap_or_else(|| options.mail_from.email.clone()),
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
        let notice = &told.notice;
        let offer = match notice.what {
            What::Offer { round, .. } => Some((notice.lead.clone(), round)),
            What::Assigned { .. } | What::Over { .. } | What::Missed { .. } => None,
        };
        let stamp = Stamp {
            key: notice.key(),
            lead: Some(&notice.lead),
            back: self.back(&notice.entity, &notice.agent, &told.agent, offer),
        };
        self.hand_over(&self.message(&told.agent, stamp, letter, now)?).await
    }

    async fn test(&self, tested: &Tested, now: DateTime<Utc>) -> Result<(), SendError> {
        let address = tested.agent.email.as_deref().unwrap_or_default();
        let letter = self.writer.test_letter(tested, address, now)?;
        let Trial { entity, agent, .. } = &tested.trial;
        let back = self.back(entity, agent, &tested.agent, None);
        let stamp = Stamp { key: tested.trial.key(), lead: None, back };
        self.hand_over(&self.message(&tested.agent, stamp, letter, now)?).await
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

    /// By which a mail that comes back is known.
    fn back(
        &self,
        entity: &EntityId,
        id: &AgentId,
        agent: &Agent,
        offer: Option<(LeadId, u32)>,
    ) -> String {
        let address = mark(agent.email.as_deref().unwrap_or_default());
        let (entity, agent) = (entity.clone(), id.clone());
        self.writer.seal(&ReturnMark { entity, agent, address, offer })
    }

    fn message(
        &self,
        agent: &Agent,
        stamp: Stamp<'_>,
        letter: Letter,
        now: DateTime<Utc>,
    ) -> Result<Message, SendError> {
        let for_good =
            |what: &str| SendError::ForGood(format!("no e-mail can be made of it: {what}"));
        let address = agent.email.as_deref().unwrap_or_default();
        let address: Address =
            address.parse().map_err(|_| for_good("the agent's address is not one"))?;
        let envelope = Envelope::new(Some(self.returns.clone()), vec![address.clone()]);
        let to = Mailbox::new(Some(one_line(&agent.name)), address);
        let mut message = Message::builder()
            .envelope(envelope.map_err(|_| for_good("nobody would get it"))?)
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject)
            .date(now.into())
            .message_id(Some(message_id(&stamp.key, self.from.email.domain())))
            .header(AutoSubmitted)
            .header(TipoffReturn(stamp.back));
        if let Some(lead) = stamp.lead {
            message = message.header(TipoffLead(lead.to_string()));
        }
        let message =
            message.multipart(MultiPart::alternative_plain_html(letter.text, letter.html));
        message.map_err(|_| for_good("a header is missing"))
    }
}

/// What tells a mail from all others.
struct Stamp<'a> {
    /// The same for every attempt.
    key: String,
    lead: Option<&'a LeadId>,
    back: String,
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

/// Comes back with a mail that cannot be delivered, and says whose it was.
#[derive(Clone)]
struct TipoffReturn(String);

impl Header for TipoffReturn {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str(ReturnMark::HEADER)
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
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
