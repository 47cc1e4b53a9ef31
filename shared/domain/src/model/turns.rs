//! What a route remembers from lead to lead.

use std::collections::BTreeMap;

use crate::plan::Candidate;
use crate::{AgentId, RouteId};

/// The memory of every route.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    /// Who is next, and the list as it was then (D-7).
    next: BTreeMap<RouteId, (AgentId, Vec<AgentId>)>,
    /// Who was first for the lead before (D-8).
    first: BTreeMap<RouteId, AgentId>,
    /// How near everybody has come (D-11).
    near: BTreeMap<RouteId, BTreeMap<AgentId, i64>>,
}

impl Turns {
    pub(super) fn next_in_turn(&mut self, route: &RouteId, list: &[Candidate]) -> Vec<AgentId> {
        let names: Vec<AgentId> = list.iter().map(|candidate| candidate.agent.clone()).collect();
        let from = self.heir(route, &names);
        let around = (0..list.len()).map(|step| (from + step) % list.len());
        let Some(place) = around.into_iter().find(|place| list[*place].eligible) else {
            return Vec::new();
        };
        let following = names[(place + 1) % names.len()].clone();
        let chosen = names[place].clone();
        self.next.insert(route.clone(), (following, names));
        vec![chosen]
    }

    /// The place of whoever is next; of whoever followed them, if they have left.
    fn heir(&self, route: &RouteId, names: &[AgentId]) -> usize {
        let Some((next, before)) = self.next.get(route) else { return 0 };
        let was = before.iter().position(|name| name == next).unwrap_or(0);
        let in_old_order = before[was..].iter().chain(&before[..was]);
        let mut heirs = in_old_order.filter_map(|heir| names.iter().position(|name| name == heir));
        heirs.next().unwrap_or(0)
    }

    pub(super) fn fresh(&mut self, route: &RouteId, list: &[Candidate]) -> Vec<AgentId> {
        let open: Vec<&AgentId> = list
            .iter()
            .filter(|candidate| candidate.eligible)
            .map(|candidate| &candidate.agent)
            .collect();
        let before = self.first.get(route);
        let chosen =
            open.iter().find(|agent| Some(**agent) != before).or(open.first()).copied().cloned();
        if let Some(chosen) = &chosen {
            self.first.insert(route.clone(), chosen.clone());
        }
        chosen.into_iter().collect()
    }

    pub(super) fn nearest(&mut self, route: &RouteId, list: &[Candidate]) -> Vec<AgentId> {
        let near = self.near.entry(route.clone()).or_default();
        let open = || list.iter().filter(|candidate| candidate.eligible);
        let weight = |candidate: &Candidate| i64::try_from(candidate.weight).unwrap_or(i64::MAX);
        for candidate in open() {
            *near.entry(candidate.agent.clone()).or_default() += weight(candidate);
        }
        // The first of the nearest, as they stand on the list.
        let best = open().map(|candidate| near[&candidate.agent]).max();
        let chosen = open().find(|candidate| Some(near[&candidate.agent]) == best);
        if let Some(chosen) = chosen {
            *near.entry(chosen.agent.clone()).or_default() -= open().map(weight).sum::<i64>();
        }
        chosen.map(|candidate| candidate.agent.clone()).into_iter().collect()
    }
}
