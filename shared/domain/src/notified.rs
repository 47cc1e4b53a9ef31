//! What became of a notice: one message to one agent over one channel.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{AgentId, Channel};

/// What a notice was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    Offer,
    Assigned,
    /// That an offer is over.
    Over,
    /// That agents let one offer after the other run out.
    Missed,
}

/// What became of it by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// Handed over to whoever delivers it.
    Sent,
    /// Not worth telling any more when its turn came.
    Obsolete,
    /// It did not work, and is tried again.
    Retried,
    Failed,
}

/// A notice and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// When that was.
    pub at: DateTime<Utc>,
    pub agent: AgentId,
    pub channel: Channel,
    pub about: About,
    /// Of an offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    pub became: Became,
    /// In the words of whoever refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
