//! The board: which leads are on offer, to whom, until when; who has them.
//!
//! Redis decides, the log commits. Every change of a lead is one Lua script in
//! one hash slot, so two routers, or ten thousand agents on a Jump Ball, can
//! never both win; and every answer given here to a claim, a pass, an
//! assignment or a pool move has its event in JetStream already.

mod commit;
mod keys;
mod lists;
mod log;
mod place;
mod read;
mod reply;
mod scripts;
mod sweep;
mod verbs;

pub use place::{Known, MovedOn, Placed};
pub use sweep::Swept;
pub use verbs::Board;

use redis::{ErrorKind, RedisError, ServerErrorKind};
use tipoff_domain::{AgentId, EntityId, Lead, LeadId};
use tipoff_wire::After;

/// A lead as it stands on the board.
#[derive(Debug, Clone, PartialEq)]
pub struct OnBoard {
    pub id: LeadId,
    pub entity: EntityId,
    pub version: u64,
    pub now_is: After,
    pub lead: Lead,
}

/// One page of a list, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub leads: Vec<OnBoard>,
    /// Where the next page begins; `None`: this was the last.
    pub next: Option<String>,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    Won(Box<OnBoard>),
    AlreadyYours(Box<OnBoard>),
    /// Somebody else has it.
    Taken,
    /// The deadline is over, whether or not the lead has moved on yet (D-19).
    TooLate,
    /// The offer was taken back: assigned by a person, closed, removed.
    Withdrawn,
    /// This agent passed on it.
    Passed,
    /// This agent was never offered the lead.
    NotOffered,
    LimitReached,
    /// There is no such lead in this entity.
    Unknown,
}

/// The answer to a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    Passed,
    /// The agent has the lead: it can be sent to the pool, not passed (D-32).
    AlreadyYours,
    Taken,
    TooLate,
    Withdrawn,
    NotOffered,
    Unknown,
}

/// The answer to an assignment by a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Assign {
    /// Also when that agent had it already.
    Assigned(Box<OnBoard>),
    Closed,
    Unknown,
}

/// The answer to sending a lead back to the pool.
#[derive(Debug, Clone, PartialEq)]
pub enum Return {
    /// Also when it was in the pool already.
    Returned(Box<OnBoard>),
    /// Another agent has it, or nobody does.
    NotYours,
    Unknown,
}

/// Why the board could not answer. The outcome is unknown unless said
/// otherwise: asking again with the same request id is safe.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    #[error("the board could not be reached")]
    Redis(#[from] RedisError),
    #[error("script `{script}` answered `{reply}`, which this build does not know")]
    UnknownReply { script: &'static str, reply: String },
    #[error("the log could not be reached; the change is recorded and will be confirmed")]
    Log(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("lead {lead} stands on the board in a way this build cannot read: {what}")]
    Unreadable { lead: LeadId, what: String },
    /// The log tells otherwise than the board, which is being repaired.
    #[error("lead {lead} is being recovered from the log")]
    Recovering { lead: LeadId },
}

impl BoardError {
    /// Whether the same call may well succeed later: a server is away, or the
    /// board is catching up. Not so when Redis or this build makes nothing of it.
    pub fn will_pass(&self) -> bool {
        let is_lasting = |error: &RedisError| match error.kind() {
            ErrorKind::Server(ServerErrorKind::ResponseError)
            | ErrorKind::Parse
            | ErrorKind::UnexpectedReturnType => true,
            _ => error.code() == Some("WRONGTYPE"),
        };
        match self {
            Self::Redis(error) => !is_lasting(error),
            Self::Log(_) | Self::Recovering { .. } => true,
            Self::UnknownReply { .. } | Self::Unreadable { .. } => false,
        }
    }
}

/// Who asks for a change, as it stands in the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    Agent(AgentId),
    Admin,
}
