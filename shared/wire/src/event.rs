//! What happened to a lead: the payload of EVENTS, of the live stream and of
//! webhooks alike.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tipoff_domain::plan::{How, Otherwise};
pub use tipoff_domain::standing::{OfferState, Released, State, Tried};
use tipoff_domain::{AgentId, Decision, EntityId, LeadId, LenderId, PondId, RouteId, SourceId};

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
    /// It was held, and is routed from now on (D-26, D-27).
    #[serde(rename = "lead.released")]
    Released,
    /// The agent has begun to work it, so its pond does not take it back (D-25).
    #[serde(rename = "lead.worked")]
    Worked,
    /// It was worth nothing: the agent is owed another one.
    #[serde(rename = "lead.credited")]
    Credited,
    /// The agent will get in touch again at `due` (D-34).
    #[serde(rename = "lead.follow_up")]
    FollowUp,
    /// The agent let it go and wants it after all (D-19).
    #[serde(rename = "lead.chance_asked")]
    ChanceAsked,
    /// The person was forgotten; from then on the log has nothing of them.
    #[serde(rename = "lead.erased")]
    Erased,
    #[serde(rename = "offer.withdrawn")]
    Withdrawn,
    /// Nobody fired deadlines for a while, so this one was put off.
    #[serde(rename = "offer.extended")]
    Extended,
    /// A pass was taken back.
    #[serde(rename = "offer.restored")]
    Restored,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Received,
        Self::Held,
        Self::Offered,
        Self::Passed,
        Self::Expired,
        Self::Claimed,
        Self::Assigned,
        Self::Pooled,
        Self::Returned,
        Self::Duplicate,
        Self::Closed,
        Self::Released,
        Self::Worked,
        Self::Credited,
        Self::FollowUp,
        Self::ChanceAsked,
        Self::Erased,
        Self::Withdrawn,
        Self::Extended,
        Self::Restored,
    ];

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
            Self::Released => "lead.released",
            Self::Worked => "lead.worked",
            Self::Credited => "lead.credited",
            Self::FollowUp => "lead.follow_up",
            Self::ChanceAsked => "lead.chance_asked",
            Self::Erased => "lead.erased",
            Self::Withdrawn => "offer.withdrawn",
            Self::Extended => "offer.extended",
            Self::Restored => "offer.restored",
        }
    }
}

/// The header of an event that says its kind (CloudEvents), for those who need
/// not read the rest.
pub const TYPE: &str = "ce-type";

impl EventKind {
    /// As in `com.tipoff.lead.offered.v1`.
    pub fn as_header(self) -> String {
        format!("com.tipoff.{}.v1", self.as_str())
    }

    /// What [`EventKind::as_header`] wrote; `None` also for kinds of a later release.
    pub fn from_header(header: &str) -> Option<Self> {
        let kind = header.strip_prefix("com.tipoff.")?.strip_suffix(".v1")?;
        Self::ALL.into_iter().find(|one| one.as_str() == kind)
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
    /// It was given to somebody before.
    Returned(ReturnedWord),
}

/// How it came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnedWord {
    /// Somebody sent it.
    Returned,
    /// Nobody worked it in time (D-25).
    Reclaimed,
}

/// The lead's whole state after an event: enough to put it back on an empty board.
#[expect(clippy::struct_excessive_bools, reason = "each stands for itself in JSON")]
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
    /// Tags of all routes that had the lead (D-29).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The plan of the latest route; whoever gets the lead enrols it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smart_plan: Option<String>,
    /// The plans in which it is enrolled already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enrolled: Vec<String>,
    /// Who goes along with the agent: a lender, an inside sales agent; the latest route's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub along: Vec<LenderId>,
    /// `pooled`: the pond it rests in; left out, the entity's pool (D-25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pond: Option<PondId>,
    /// `assigned`: the pond it was taken from, to which it would return; `pool` is the entity's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_pond: Option<PondId>,
    /// `pooled` and `held`: since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rested_at: Option<DateTime<Utc>>,
    /// The pond takes it back then, unless it is worked before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_by: Option<DateTime<Utc>>,
    /// Who was asked in the first round of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first_agents: Vec<AgentId>,
    /// Those who let it go and want it after all, in order (D-19).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<AgentId>,
    /// Who passed in this round and may take it back, and until when (exclusive).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<OfferMade>,
    /// How it left being held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
    /// Everybody is asked at once, and nobody's place is reserved (D-22).
    #[serde(default, skip_serializing_if = "is_not")]
    pub jump_ball: bool,
    /// The agent was owed another lead for this one.
    #[serde(default, skip_serializing_if = "is_not")]
    pub credited: bool,
    /// Limits count it although it came from a pond (D-21).
    #[serde(default, skip_serializing_if = "is_not")]
    pub counted: bool,
    /// The person was forgotten.
    #[serde(default, skip_serializing_if = "is_not")]
    pub erased: bool,
    /// It was let go and is not planned yet: the lead that the person was known by before (D-30).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_by: Option<LeadId>,
    /// What the last requests on it asked and were answered, oldest first, so that whoever asks
    /// twice changes nothing twice: `<request>.<what>=<answer>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<String>,
    /// By how long the offer, or its pond's patience, was put off because nobody swept, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put_off_ms: Option<i64>,
    /// The route's memory, where this event changed it: who is next (D-7), who was first (D-8),
    /// how near everybody is (D-11), who is owed a lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like that")]
fn is_not(it: &bool) -> bool {
    !it
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
    /// `lead.assigned`: who had it until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<AgentId>,
    /// Who did it, where it was a person: an agent's name, or `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `lead.follow_up`: when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DateTime<Utc>>,
    /// `lead.expired`: how many offers in a row each of them has let run out by now; left
    /// out where the route's timeout left less than half of the offer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub misses: BTreeMap<AgentId, u32>,
    /// `lead.duplicate`: the lead id that the resend was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<LeadId>,
    /// The tags that the lead has just got (D-29); `after` has all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Where whoever has just got the lead is to enrol it (D-29).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smart_plan: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    pub after: After,
    /// `lead.received`, `lead.duplicate` and `lead.released`: the lead itself as it was sent.
    /// Never shown to anybody who may not see contact details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// `lead.received` and `lead.released`: for how long the person is recognised by
    /// what they can be reached by, in milliseconds (D-30); left out: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_kept_ms: Option<i64>,
}

impl Event {
    /// The same event without contact details, as it is shown outside.
    pub fn without_payload(self) -> Self {
        Self { payload: None, person_kept_ms: None, ..self.without_requests() }
    }

    /// The same, also where somebody wrote them down: `hidden` takes them out of a text.
    pub fn without_contact(self, hidden: impl FnOnce(&str) -> String) -> Self {
        let reason = self.reason.as_deref().map(hidden);
        Self { reason, ..self.without_payload() }
    }

    /// The same event without what is between the board and the log, and tells nobody else anything.
    pub fn without_requests(mut self) -> Self {
        self.after.requests.clear();
        self
    }

    /// Whether it says anything of the person: what was sent, or what somebody
    /// wrote. It goes when they are forgotten.
    pub fn is_personal(&self) -> bool {
        self.payload.is_some() || self.by.is_some() && self.reason.is_some()
    }
}
