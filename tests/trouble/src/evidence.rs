//! All that the checker may look at.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::{AgentId, EntityId, RouteId};
use tipoff_wire::Event;

use crate::history::Call;

/// An event as the log has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logged {
    pub sequence: u64,
    /// When the log took it, by the log's own clock.
    pub stored: DateTime<Utc>,
    pub event: Event,
}

/// A notice that reached its agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// As in `Notice::key`; the same however often it comes.
    pub notice: String,
    /// Which address it came to.
    pub to: String,
    pub at: DateTime<Utc>,
}

/// A stretch of time in which something was broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// What happened in a run, from outside.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub history: Vec<Call>,
    /// EVENTS whole, in its own order.
    pub log: Vec<Logged>,
    pub told: Vec<Told>,
    /// The lists of all round robin routes.
    pub turns: BTreeMap<RouteId, Vec<AgentId>>,
    /// Where the agents of each entity are told.
    pub addresses: BTreeMap<EntityId, BTreeMap<AgentId, String>>,
    /// When deadlines may be late: what fires them was broken.
    pub outages: Vec<Outage>,
    /// When agents may go untold: what tells them was broken.
    pub silences: Vec<Outage>,
    /// When the board forgot what was not in the log yet: turns may repeat there, or be left out.
    pub forgot: Vec<DateTime<Utc>>,
    /// When the run ended: everything ought to have come to rest by then.
    pub ended: DateTime<Utc>,
}

/// Whether something was broken at any moment of it.
pub fn is_disturbed(outages: &[Outage], from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
    outages.iter().any(|outage| outage.from <= to && from <= outage.to)
}

/// How much of this stretch of time nothing was broken.
pub fn unbroken(outages: &[Outage], from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
    let mut outages = outages.to_vec();
    outages.sort_by_key(|outage| outage.from);
    let (mut at, mut unbroken) = (from, TimeDelta::zero());
    for outage in outages {
        unbroken += (outage.from.min(to) - at).max(TimeDelta::zero());
        at = at.max(outage.to);
    }
    unbroken + (to - at).max(TimeDelta::zero())
}
