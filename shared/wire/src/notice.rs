//! Notices: one message to one agent over one channel.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::{AgentId, Channel, EntityId, LeadId, RouteId};

use crate::Stream;

/// Header of a notice that was tried already when it was written down: so many
/// milliseconds are waited before it is tried again.
pub const WAIT: &str = "Tipoff-Wait";

/// Tell `agent` that a lead is theirs to claim, or theirs. On
/// `notify.<channel>.<entity>`. It carries no contact details: whoever
/// delivers it reads the lead from the board, and finds there whether it is
/// still worth telling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub channel: Channel,
    pub entity: EntityId,
    pub lead: LeadId,
    pub agent: AgentId,
    pub what: What,
    /// All channels over which the agent is told of this, this one included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<Channel>,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Claim it before `until`.
    Offer {
        round: u32,
        until: DateTime<Utc>,
        route: Option<RouteId>,
        /// The agent took a pass back, and this version of the lead made it open again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restored: Option<u64>,
    },
    /// It is yours already, nobody asks.
    Assigned { version: u64 },
    /// The offer of that round is over: what was told of it is taken back,
    /// where that can be done.
    Over { round: u32, version: u64, why: WhyOver },
    /// For whoever looks after the entity: these agents let one offer after the
    /// other run out, that of this lead was the latest. So many in a row.
    Missed { version: u64, misses: BTreeMap<AgentId, u32> },
}

/// Why an offer is over for an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyOver {
    /// Somebody else has the lead.
    Taken,
    /// They claimed it, or it was given to them.
    Yours,
    Passed,
    Expired,
    Withdrawn,
}

impl Notice {
    /// Two notices of the same key are the same notice; the agent gets one. That the
    /// deadline of an offer was put off, or a pass taken back, is another one.
    pub fn key(&self) -> String {
        let Self { channel, lead, agent, what, .. } = self;
        let channel = channel.as_str();
        match what {
            What::Offer { round, until, restored, .. } => {
                let again = restored.map(|version| format!(":r{version}")).unwrap_or_default();
                format!("n:{lead}:{round}:{agent}:{channel}:{}{again}", until.timestamp_millis())
            }
            What::Assigned { version } => format!("n:{lead}:v{version}:{agent}:{channel}"),
            What::Over { version, .. } => format!("n:{lead}:o{version}:{agent}:{channel}"),
            What::Missed { version, .. } => format!("n:{lead}:m{version}:{agent}:{channel}"),
        }
    }
}

/// The provider took a notice of an offer and could not deliver it after all. On
/// `notify.failed.<entity>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setback {
    pub channel: Channel,
    pub entity: EntityId,
    pub lead: LeadId,
    pub agent: AgentId,
    pub round: u32,
}

impl Setback {
    /// However often the provider says it.
    pub fn key(&self) -> String {
        let Self { channel, lead, agent, round, .. } = self;
        format!("f:{lead}:{round}:{agent}:{}", channel.as_str())
    }
}

/// A message that was set aside, on `dead.<stream>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    pub at: DateTime<Utc>,
    /// Where it was, so that it can be sent again.
    pub stream: String,
    pub subject: String,
    pub sequence: u64,
    /// Which consumer gave up, and why. Never repeats contact details.
    pub consumer: String,
    pub error: String,
    pub deliveries: i64,
    /// The message itself, in Base64.
    pub body: String,
}

impl Dead {
    /// Whose it is; `None`: the operator's.
    pub fn entity(&self) -> Option<EntityId> {
        crate::subject::entity_of(&self.subject)
    }

    /// Its subject.
    pub fn subject_for(stream: Stream) -> String {
        crate::subject::dead(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(round: u32, until: &str, restored: Option<u64>) -> Notice {
        let until = until.parse().unwrap();
        Notice {
            channel: Channel::Email,
            entity: "acme".parse().unwrap(),
            lead: "lead_1".parse().unwrap(),
            agent: "ana".parse().unwrap(),
            what: What::Offer { round, until, route: None, restored },
            over: Vec::new(),
        }
    }

    #[test]
    fn an_offer_whose_deadline_was_put_off_is_another_notice() {
        let key = |round, until| offer(round, until, None).key();
        let offered = key(1, "2026-11-22T09:45:00Z");
        assert_eq!(offered, key(1, "2026-11-22T10:45:00+01:00"), "however often it is told");
        assert_ne!(offered, key(1, "2026-11-22T10:00:00Z"));
        assert_ne!(offered, key(2, "2026-11-22T09:45:00Z"));
    }

    #[test]
    fn an_offer_that_is_open_again_is_another_notice_each_time() {
        let key = |restored| offer(1, "2026-11-22T09:45:00Z", restored).key();
        let keys = [key(None), key(Some(4)), key(Some(6))];
        assert!(keys[0] != keys[1] && keys[1] != keys[2], "{keys:?}");
    }

    #[test]
    fn a_notice_of_an_earlier_release_is_read() {
        let notice = offer(1, "2026-11-22T09:45:00Z", None);
        let mut json = serde_json::to_value(&notice).unwrap();
        assert!(json["what"].as_object_mut().unwrap().remove("restored").is_none());
        assert_eq!(serde_json::from_value::<Notice>(json).unwrap(), notice);
    }
}
