//! A call to an agent. What is said in it the telephone provider asks the api,
//! step by step; here it is only placed, and stopped while it rings when somebody
//! else was faster.

mod options;
mod ringing;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tipoff_board::Board;
use tipoff_contact::e164;
use tipoff_domain::{Agent, AgentId, Channel, EntityView};
use tipoff_wire::Notice;
use tipoff_wire::notice::What;
use tracing::warn;

pub use self::options::Options;
use self::ringing::Ringing;
use super::{Opened, Parts, Settings, Unusable};
use crate::carrier::{Carrier, Pace, SendError};
use crate::letter::Writer;
use crate::lines::Lines;
use crate::phone::{Form, Phone};
use crate::seen::Told;
use crate::trial::Tested;

/// Longer than anybody needs to pick up, shorter than most mailboxes wait.
const LONGEST_RING: TimeDelta = TimeDelta::seconds(20);
/// Picking up, hearing the question and pressing a key take so long at least:
/// the telephone stops ringing that long before the deadline.
const ANSWERING: TimeDelta = TimeDelta::seconds(12);
const SHORTEST_RING: TimeDelta = TimeDelta::seconds(5);
const TOO_LATE: &str = "too little time is left for a call";

/// Calls agents.
struct Voice {
    phone: Phone,
    ringing: Ringing,
    board: Board,
    writer: Arc<Writer>,
    from: String,
    pace: Pace,
}

/// Calls from the number of the settings.
pub(super) fn open(parts: &Parts, settings: &Settings) -> Opened {
    let phone = Phone::open(&settings.phone, Lines::new(Channel::Voice))
        .map_err(Unusable::on(Channel::Voice))?;
    let (Some(phone), Some(from)) = (phone, &settings.phone.phone_from) else {
        warn!("TIPOFF_PHONE_ACCOUNT, _TOKEN and _FROM are not all set: nobody is called");
        return Ok(None);
    };
    Ok(Some(Arc::new(Voice {
        phone,
        ringing: Ringing::new(parts.nats.clone()),
        board: parts.board.clone(),
        writer: parts.writer.clone(),
        from: from.clone(),
        pace: settings.voice.pace(),
    })))
}

#[async_trait]
impl Carrier for Voice {
    fn channel(&self) -> Channel {
        Channel::Voice
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn reaches(&self, _: &EntityView, _: &AgentId, known: &Agent) -> bool {
        known.phone.is_some()
    }

    fn takes_back(&self) -> bool {
        true
    }

    async fn send(&self, told: &Told, now: DateTime<Utc>) -> Result<(), SendError> {
        if let What::Over { round, .. } = told.notice.what {
            return self.stop_ringing(&told.notice, round).await;
        }
        let number = number(&told.agent, &told.view)?;
        let Some(ring) = ring(&told.notice.what, now) else {
            return Err(self.too_late(&told.notice).await);
        };
        let mut form = self.form(number, ring, self.writer.telephony_url(told, "voice"));
        if let Some(back) = self.writer.phone_url(told, "voice", "status") {
            form.push(("StatusCallback", back));
            form.push(("StatusCallbackEvent", "completed".to_owned()));
        }
        let made = self.phone.make("Calls.json", &form, &told.notice.key()).await?;
        if let What::Offer { round, .. } = told.notice.what {
            self.remember(&told.notice, round, &made.sid).await;
        }
        Ok(())
    }

    async fn test(&self, tested: &Tested, now: DateTime<Utc>) -> Result<(), SendError> {
        let number = number(&tested.agent, &tested.view)?;
        let address = tested.agent.phone.as_deref().unwrap_or_default();
        let url = self.writer.test_call_url(tested, address, now);
        let form = self.form(number, LONGEST_RING, url);
        self.phone.make("Calls.json", &form, &tested.trial.key()).await.map(drop)
    }
}

/// As networks take it.
fn number(agent: &Agent, view: &EntityView) -> Result<String, SendError> {
    let phone = agent.phone.as_deref().unwrap_or_default();
    e164(phone, &view.entity.country).ok_or_else(|| {
        SendError::BadAddress("the agent's number is not one that can be called".to_owned())
    })
}

impl Voice {
    /// Notes which call it is, so that whoever hears that the offer is over can stop
    /// it. Whoever heard so before that is looked for here. The telephone rings
    /// already, so nothing of this makes it ring again.
    async fn remember(&self, notice: &Notice, round: u32, call: &str) {
        if let Err(failed) = self.ringing.put(notice, round, call).await {
            warn!(error = &failed as &dyn std::error::Error, lead.id = %notice.lead, "a call cannot be stopped once it rings in vain");
        }
        let Ok(Some(lead)) = self.board.lead(&notice.entity, &notice.lead).await else { return };
        if lead.now_is.round == round && lead.now_is.pending.contains(&notice.agent) {
            return;
        }
        if let Err(failed) = self.phone.stop_ringing(call).await {
            warn!(error = &failed as &dyn std::error::Error, lead.id = %notice.lead, "a telephone rings in vain");
        }
    }

    async fn stop_ringing(&self, notice: &Notice, round: u32) -> Result<(), SendError> {
        match self.call_about(notice, round).await? {
            Some(call) => self.phone.stop_ringing(&call).await,
            None => Ok(()),
        }
    }

    /// Whoever was called about the offer before its deadline was put off can be called,
    /// and knows of it: that they cannot be called again is no reason to take it away.
    async fn too_late(&self, notice: &Notice) -> SendError {
        let called = match notice.what {
            What::Offer { round, .. } => self.call_about(notice, round).await,
            What::Assigned { .. } | What::Over { .. } | What::Missed { .. } => Ok(None),
        };
        match called {
            Ok(Some(_)) => SendError::ToldBefore(TOO_LATE),
            Ok(None) => SendError::ForGood(TOO_LATE.to_owned()),
            Err(not_now) => not_now,
        }
    }

    /// The latest call about the offer of that round; `None`: nobody was called.
    async fn call_about(&self, notice: &Notice, round: u32) -> Result<Option<String>, SendError> {
        let found = self.ringing.find(notice, round).await;
        found.map_err(|failed| SendError::not_now(failed.to_string()))
    }

    /// `url`: where the provider asks what to say.
    fn form(&self, number: String, ring: TimeDelta, url: String) -> Form {
        vec![
            ("To", number),
            ("From", self.from.clone()),
            ("Url", url),
            ("Method", "POST".to_owned()),
            ("Timeout", ring.num_seconds().to_string()),
            ("MachineDetection", "Enable".to_owned()),
            ("MachineDetectionTimeout", "8".to_owned()),
        ]
    }
}

/// How long it may ring, so that the call ends before the deadline; `None`: not
/// long enough for anybody to answer.
fn ring(what: &What, now: DateTime<Utc>) -> Option<TimeDelta> {
    let ring = match what {
        What::Offer { until, .. } => LONGEST_RING.min(*until - now - ANSWERING),
        What::Assigned { .. } | What::Over { .. } | What::Missed { .. } => LONGEST_RING,
    };
    (ring >= SHORTEST_RING).then_some(ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_ringing_in_time_to_answer_before_the_deadline() {
        let now: DateTime<Utc> = "2026-11-22T09:30:00Z".parse().unwrap();
        let ring = |seconds| {
            let until = now + TimeDelta::seconds(seconds);
            let offer = What::Offer { round: 1, until, route: None, restored: None };
            ring(&offer, now).map(|ring| ring.num_seconds())
        };
        assert_eq!(ring(900), Some(20));
        assert_eq!(ring(30), Some(18));
        assert_eq!(ring(17), Some(5));
        assert_eq!(ring(16), None);
        assert_eq!(ring(-5), None);
    }
}
