//! The board: which leads are on offer, to whom, until when; who has them.
//!
//! Redis decides, the log commits. Every change of a lead is one Lua script in
//! one hash slot, so two routers, or ten thousand agents on a Jump Ball, can
//! never both win; and every answer given here to a claim, a pass, an
//! assignment or a pool move has its event in JetStream already.

mod admins;
mod age_out;
mod agents;
mod answers;
mod audit;
mod audited;
mod backlog;
mod board;
mod catch_up;
mod commit;
mod erase;
mod follow_up;
mod forget;
mod gap;
mod gate;
mod keys;
mod limits;
mod lists;
mod log;
mod notices;
mod past;
mod place;
mod ponds;
mod read;
mod replay;
mod reply;
mod room;
mod scripts;
mod standings;
mod stranded;
mod strays;
mod sweep;
mod turns;
mod verify;
mod withdraw;
mod words;

pub use agents::Passing;
pub use answers::{
    Assign, Chance, Claim, Close, Credit, Erase, Pass, Release, Return, Undone, Withdrawn, Worked,
};
pub use audit::{Found, Looked, Place};
pub use audited::{Audited, Awareness};
pub use board::{Actor, Board};
pub use catch_up::{CaughtUp, Gates};
pub use follow_up::FollowUp;
pub use forget::Forgotten;
pub use gap::Gap;
pub use place::{Known, MovedOn, Placed, Recognised};
pub use ponds::RestCounts;
pub use room::Memory;
pub use standings::Stands;
pub use sweep::Swept;
pub use tipoff_domain::standing::{Released, Withdrawal};
pub use tipoff_domain::{Claiming, PondClaim};
pub use turns::{Turns, in_play};
pub use verify::{Difference, Verified};

use redis::{ErrorKind, RedisError, ServerErrorKind};
use tipoff_domain::{EntityId, Lead, LeadId};
use tipoff_wire::{After, Partition};

/// A lead as it stands on the board.
#[derive(Debug, Clone, PartialEq)]
pub struct OnBoard {
    pub id: LeadId,
    pub entity: EntityId,
    pub version: u64,
    pub now_is: After,
    pub lead: Lead,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub leads: Vec<OnBoard>,
    /// Where the next page begins; `None`: this was the last.
    pub next: Option<String>,
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
    /// Nothing is decided there until the board has what the log has, or while the server's
    /// clock is wrong.
    #[error(
        "partition {partition} is shut until the board has caught up with the log and its server's clock is right"
    )]
    Shut { partition: Partition },
    #[error(
        "the clock of the Redis server that holds partition {partition} has jumped ahead by {by}; \
         nothing moves on there until it is right (set it by NTP; if it is right now, restart the routers)"
    )]
    ClockAhead { partition: Partition, by: chrono::TimeDelta },
    #[error(
        "the same request asked something else of this lead before; give every request a key of its own"
    )]
    Reused,
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
            Self::Log(_) | Self::Recovering { .. } | Self::Shut { .. } => true,
            Self::UnknownReply { .. }
            | Self::Unreadable { .. }
            | Self::ClockAhead { .. }
            | Self::Reused => false,
        }
    }
}
