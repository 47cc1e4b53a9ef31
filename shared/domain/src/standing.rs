//! Where a lead stands.

use serde::{Deserialize, Serialize};

use crate::AgentId;

/// A lead's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Held,
    Offered,
    Assigned,
    Pooled,
    Closed,
}

/// What became of an offer. Only `pending` is not final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferState {
    Pending,
    Claimed,
    Passed,
    Expired,
    Lost,
    Withdrawn,
}

/// An agent who was offered the lead, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    pub agent: AgentId,
    pub outcome: OfferState,
}

/// How a lead that was held came to be routed after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Released {
    /// Somebody sent it to routing (D-27).
    Sent,
    /// A way to reach the person came in (D-26).
    Completed,
}

/// Why an offer is taken back while the lead stays in routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawal {
    /// Every way to tell the agent failed for good (1.5).
    Undeliverable,
    /// The agent is no longer one of the entity's (D-23).
    AgentGone,
    /// An admin takes back what a route has out (D-23).
    Route,
    Admin,
}
