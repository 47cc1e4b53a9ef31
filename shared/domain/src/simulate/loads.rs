//! What agents have had, for their limits (D-20 to D-22).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{AgentId, Cap};

#[derive(Debug, Default)]
pub(super) struct Loads {
    /// In order of time.
    taken: BTreeMap<AgentId, Vec<DateTime<Utc>>>,
    reserved: BTreeMap<AgentId, usize>,
}

impl Loads {
    /// Limits on what an agent has at once do not count: nobody knows when they
    /// would have let go of it.
    pub(super) fn has_room(&self, agent: &AgentId, caps: &[Cap]) -> bool {
        let reserved = self.reserved.get(agent).copied().unwrap_or(0);
        let taken = self.taken.get(agent).map(Vec::as_slice).unwrap_or_default();
        caps.iter().filter_map(|cap| Some((cap.since?, cap.count))).all(|(since, count)| {
            let had = taken.len() - taken.partition_point(|at| *at < since);
            had + reserved < count as usize
        })
    }

    pub(super) fn take(&mut self, agent: &AgentId, now: DateTime<Utc>) {
        self.taken.entry(agent.clone()).or_default().push(now);
    }

    pub(super) fn reserve(&mut self, agent: &AgentId) {
        *self.reserved.entry(agent.clone()).or_default() += 1;
    }

    pub(super) fn free(&mut self, agent: &AgentId) {
        if let Some(count) = self.reserved.get_mut(agent) {
            *count = count.saturating_sub(1);
        }
    }
}
