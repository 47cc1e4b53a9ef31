//! What happened to a lead: the payload of EVENTS, of the live stream and of
//! webhooks alike.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tipoff_domain::plan::{How, Otherwise};
pub use tipoff_domain::standing::{OfferState, State, Tried};
use tipoff_domain::{AgentId, Decision, EntityId, LeadId, RouteId, SourceId};

/// The kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    #[serde(rename = "lead.received")]
    Received,
    #[serde(rename = "lead.held")]
    Held,
    #[serde(rename = "lead.offered")]
    Offered,
    #[serde(rename = "lead.passed")]
    Passed,
    #[serde(rename = "lead.expired")]
    Expired,
    #[serde(rename = "lead.claimed")]
    Claimed,
    #[serde(rename = "lead.assigned")]
    Assigned,
    #[serde(rename = "lead.pooled")]
    Pooled,
    #[serde(rename = "lead.returned")]
    Returned,
    #[serde(rename = "lead.duplicate")]
    Duplicate,
    #[serde(rename = "lead.closed")]
    Closed,
    #[serde(rename = "offer.withdrawn")]
    Withdrawn,
    /// Nobody fired deadlines for a while, so this one was put off.
    #[serde(rename = "offer.extended")]
    Extended,
}

impl EventKind {
    /// As in `lead.offered`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "lead.received",
            Self::Held => "lead.held",
            Self::Offered => "lead.offered",
            Self::Passed => "lead.passed",
            Self::Expired => "lead.expired",
            Self::Claimed => "lead.claimed",
            Self::Assigned => "lead.assigned",
            Self::Pooled => "lead.pooled",
            Self::Returned => "lead.returned",
            Self::Duplicate => "lead.duplicate",
            Self::Closed => "lead.closed",
            Self::Withdrawn => "offer.withdrawn",
            Self::Extended => "offer.extended",
        }
    }
}

/// One agent asked, and until when (exclusive).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferMade {
    pub agent: AgentId,
    pub until: DateTime<Utc>,
}

/// Why a lead rests in the pool or is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PooledWhy {
    Planned(Otherwise),
    /// Somebody sent it back.
    Returned(ReturnedWord),
}

/// The word `returned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnedWord {
    Returned,
}

/// The lead's whole state after an event: enough to put it back on an empty board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct After {
    pub state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteId>,
    pub round: u32,
    /// Who may claim now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<AgentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Tried>,
    /// Who has the lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<How>,
    /// Since when the agent has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Why it is pooled or held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<PooledWhy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
    pub received_at: DateTime<Utc>,
    /// The decision instant (D-2).
    pub t0: DateTime<Utc>,
    /// The route's first offer of this lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_offer: Option<DateTime<Utc>>,
    pub reroutes: u32,
    pub inquiries: u32,
    /// The lead that this one was attached to (D-30 b).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<LeadId>,
    /// The length of the offer, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_ms: Option<i64>,
    /// The route's memory, where this event changed it: who is next (D-7) or who was first (D-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The partition and its place in that partition's outbox.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: EventKind,
    pub at: DateTime<Utc>,
    pub entity: EntityId,
    pub lead: LeadId,
    /// The lead's version; 1 is its first event.
    pub version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    /// `lead.offered`: who is asked now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<OfferMade>,
    /// Whom the event is about: who claimed, passed, let it expire, was assigned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentId>,
    /// Who did it, where it was a person: an agent's name, or `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `lead.duplicate`: the lead id that the resend was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<LeadId>,
    /// Tags of the route (D-29), once per route.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smart_plan: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    pub after: After,
    /// `lead.received` and `lead.duplicate`: the lead itself as it was sent.
    /// Never shown to anybody who may not see contact details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
}

impl Event {
    /// The same event without contact details, as it is shown outside.
    pub fn without_payload(mut self) -> Self {
        self.payload = None;
        self
    }
}
