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
