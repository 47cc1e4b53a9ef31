//! What an agent sees at the bell in the console: one item per lead, on
//! `bell.<entity>.<agent>.<lead>`; a later one replaces it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::{AgentId, LeadId};

use crate::notice::WhyOver;

/// One item. It carries no contact details: the console reads the lead, and
/// shows of it what the reader may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BellItem {
    pub lead: LeadId,
    /// When it was put there.
    pub at: DateTime<Utc>,
    pub title: String,
    pub body: String,
    #[serde(flatten)]
    pub stands: Stands,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stands", rename_all = "snake_case")]
pub enum Stands {
    /// To be claimed before `until`; shown with the time left, and grey after it.
    Offered { round: u32, until: DateTime<Utc>, url: String },
    /// It is theirs.
    Assigned,
    /// The offer is over: grey.
    Over { round: u32, why: WhyOver },
    /// These agents let one offer after the other run out; so many in a row. It
    /// stands beside what the reader is told of the lead itself.
    Missed { misses: BTreeMap<AgentId, u32> },
}
