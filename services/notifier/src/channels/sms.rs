//! Text messages, over the telephone provider.

mod options;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tipoff_contact::e164;
use tipoff_domain::{Agent, AgentId, Channel, EntityView};
use tipoff_letters::segments;
use tipoff_wire::notice::What;

pub use self::options::Options;
use super::{Opened, Parts, Unusable};
use crate::carrier::{Carrier, Pace, SendError};
use crate::letter::Writer;
use crate::lines::Lines;
use crate::phone::{self, Form, Phone};
use crate::seen::Told;
use crate::trial::Tested;

/// How long a provider may keep a message at most, in seconds (Twilio: four hours).
const LONGEST_VALIDITY: i64 = 14_400;
/// Whoever asked for a test message looks for it now.
const TEST_VALIDITY: i64 = 600;
/// More than this is a letter.
const MOST_SEGMENTS: usize = 6;

/// Who the messages come from.
#[derive(Debug, Clone)]
enum From {
    Number(String),
    Service(String),
}

/// Sends notices by text message.
struct Sms {
    phone: Phone,
    from: From,
    writer: Arc<Writer>,
    pace: Pace,
}

/// Neither a number nor a messaging service is set.
#[derive(Debug, thiserror::Error)]
#[error(
    "set TIPOFF_PHONE_FROM or TIPOFF_MESSAGING_SERVICE: text messages must come from somewhere"
)]
struct FromNobody;

/// Text messages from the account of the settings.
pub(super) fn open(parts: &Parts, phone: &phone::Options, options: &Options) -> Opened {
    let opened = Phone::open(phone, Lines::new(Channel::Sms));
    let Some(account) = opened.map_err(Unusable::on(Channel::Sms))? else { return Ok(None) };
    let service = phone.messaging_service.clone().map(From::Service);
    let from = service.or_else(|| phone.phone_from.clone().map(From::Number));
    Ok(Some(Arc::new(Sms {
        phone: account,
        from: from.ok_or(FromNobody).map_err(Unusable::on(Channel::Sms))?,
        writer: parts.writer.clone(),
        pace: options.pace(),
    })))
}

#[async_trait]
impl Carrier for Sms {
    fn channel(&self) -> Channel {
        Channel::Sms
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn reaches(&self, _: &EntityView, _: &AgentId, known: &Agent) -> bool {
        known.phone.is_some()
    }

    async fn send(&self, told: &Told, now: DateTime<Utc>) -> Result<(), SendError> {
        let to = number(&told.agent, &told.view);
        let mut form =
            self.form(to, self.writer.sms(told, now)?, validity(&told.notice.what, now))?;
        form.extend(
            self.writer.phone_url(told, "sms", "status").map(|url| ("StatusCallback", url)),
        );
        self.phone.make("Messages.json", &form, &told.notice.key()).await.map(drop)
    }

    async fn test(&self, tested: &Tested, now: DateTime<Utc>) -> Result<(), SendError> {
        let address = tested.agent.phone.as_deref().unwrap_or_default();
        let text = self.writer.test_sms(tested, address, now)?;
        let form = self.form(number(&tested.agent, &tested.view), text, TEST_VALIDITY)?;
        self.phone.make("Messages.json", &form, &tested.trial.key()).await.map(drop)
    }
}

impl Sms {
    fn form(&self, to: String, text: String, validity: i64) -> Result<Form, SendError> {
        let counted = segments(&text).count;
        if counted > MOST_SEGMENTS {
            return Err(SendError::ForGood(format!("it is too long: {counted} segments")));
        }
        let from = match &self.from {
            From::Number(number) => ("From", number.clone()),
            From::Service(service) => ("MessagingServiceSid", service.clone()),
        };
        Ok(vec![("To", to), ("Body", text), ("ValidityPeriod", validity.to_string()), from])
    }
}

/// As networks take it; what cannot be read is for the provider to judge.
fn number(agent: &Agent, view: &EntityView) -> String {
    let given = agent.phone.as_deref().unwrap_or_default();
    e164(given, &view.entity.country).unwrap_or_else(|| given.to_owned())
}

/// Whole seconds for which the message is worth delivering, 1 at least.
fn validity(what: &What, now: DateTime<Utc>) -> i64 {
    let left = match what {
        What::Offer { until, .. } => (*until - now).num_seconds(),
        What::Assigned { .. } | What::Over { .. } | What::Missed { .. } => LONGEST_VALIDITY,
    };
    left.clamp(1, LONGEST_VALIDITY)
}
