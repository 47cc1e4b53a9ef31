//! A whole Tipoff of one's own, for stories: every service, real servers, a
//! mailbox, and a clock that the story moves.
//!
//! Stories act as people and programs do: over HTTP, plain NATS, and the links
//! in the mails.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a story that cannot go on stops right there"
)]

mod acts;
mod calls;
mod servers;
mod setting;
mod watching;

pub use calls::{Answer, Caller, Page, answer};
pub use setting::World;
pub use watching::claim_link;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// Parses a name that the story itself wrote.
pub fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// That many minutes.
pub fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

/// That many seconds.
pub fn seconds(count: i64) -> TimeDelta {
    TimeDelta::seconds(count)
}

/// Round Robin over these agents.
pub fn robin(agents: &[&str]) -> Value {
    json!({"kind": "round_robin", "agents": agents})
}

/// A Jump Ball among all.
pub fn jump_ball() -> Value {
    json!({"kind": "jump_ball", "agents": "all"})
}

/// Everything to one agent.
pub fn assign_to(agent: &str) -> Value {
    json!({"kind": "assign_to_agent", "agent": agent})
}

/// A Friday in New York, ten o'clock in the morning, later than any machine's
/// clock that runs this.
pub fn friday_at_ten() -> DateTime<Utc> {
    id("2040-06-01T14:00:00Z")
}
