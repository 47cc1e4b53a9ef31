//! What a route remembers from lead to lead.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::decision::By;
use crate::plan::{Along, Candidate, Marks, Pick, Step};
use crate::{AgentId, LenderId, RouteId};

/// For how long an agent is owed a lead.
const CREDIT_LASTS: TimeDelta = TimeDelta::days(30);

/// Who is next, and the list as it was then (D-7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub next: AgentId,
    pub list: Vec<AgentId>,
}

/// The memory of every route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turns {
    pub next: BTreeMap<RouteId, Turn>,
    /// For roll-ons that have a turn of their own.
    pub roll_ons: BTreeMap<RouteId, Turn>,
    /// Who was first for the lead before (D-8).
    pub first: BTreeMap<RouteId, AgentId>,
    /// How near everybody has come (D-11).
    pub near: BTreeMap<RouteId, BTreeMap<AgentId, i64>>,
    /// Who is owed a lead, and until when; longest first.
    pub owed: BTreeMap<RouteId, Vec<(AgentId, DateTime<Utc>)>>,
    /// Who went along with the lead before, by role.
    pub along: BTreeMap<RouteId, BTreeMap<String, LenderId>>,
}

impl Turns {
    /// Who of `list`, the candidates of `step`, gets it, and how they were
    /// found; turns move on.
    pub fn pick(
        &mut self,
        step: &Step,
        list: &[Candidate],
        now: DateTime<Utc>,
    ) -> Option<(Vec<AgentId>, By)> {
        let open = || list.iter().filter(|one| one.eligible).map(|one| one.agent.clone());
        let is_first = matches!(step.pick, Pick::Turn | Pick::Fresh | Pick::Smooth | Pick::Drawn);
        if let Some(route) = step.route.as_ref().filter(|_| is_first)
            && let Some(owed) = self.repay(route, list, now)
        {
            return Some((vec![owed], By::Credit));
        }
        let chosen = match (step.pick, &step.route) {
            (Pick::All, _) => open().collect(),
            (Pick::Turn, Some(route)) => self.next_in_turn(route, list),
            (Pick::Spread, Some(route)) => self.next_to_roll_on(route, list),
            (Pick::Fresh, Some(route)) => self.fresh(route, list),
            (Pick::Smooth, Some(route)) => self.nearest(route, list),
            (
                Pick::First | Pick::Drawn | Pick::Turn | Pick::Fresh | Pick::Smooth | Pick::Spread,
                _,
            ) => open().take(1).collect::<Vec<_>>(),
        };
        (!chosen.is_empty()).then_some((chosen, step.by))
    }

    /// Whose turn it is (D-7).
    pub fn next_in_turn(&mut self, route: &RouteId, list: &[Candidate]) -> Vec<AgentId> {
        go_round(&mut self.next, route, list)
    }

    /// The same among roll-ons.
    pub fn next_to_roll_on(&mut self, route: &RouteId, list: &[Candidate]) -> Vec<AgentId> {
        go_round(&mut self.roll_ons, route, list)
    }

    /// Who goes along where a route takes a lead up: one of each group.
    pub fn send_along(&mut self, route: Option<&RouteId>, marks: Option<&Marks>) -> Vec<LenderId> {
        let groups = marks.into_iter().flat_map(|marks| &marks.along);
        groups.filter_map(|group| self.one_of(route, group)).collect()
    }

    /// Whoever stands behind the one before.
    fn one_of(&mut self, route: Option<&RouteId>, group: &Along) -> Option<LenderId> {
        let Along { role, among } = group;
        let (Some(route), [_, _, ..]) = (route, &among[..]) else { return among.first().cloned() };
        let before = self.along.entry(route.clone()).or_default();
        let place = before.get(role).and_then(|last| among.iter().position(|one| one == last));
        let chosen = &among[place.map_or(0, |place| (place + 1) % among.len())];
        before.insert(role.clone(), chosen.clone());
        Some(chosen.clone())
    }

    /// `agent` is owed a lead on `route`.
    pub fn owe(&mut self, route: &RouteId, agent: &AgentId, now: DateTime<Utc>) {
        let owed = self.owed.entry(route.clone()).or_default();
        owed.retain(|(_, until)| now < *until);
        owed.push((agent.clone(), now + CREDIT_LASTS));
    }

    /// Who of `list` is owed one and gets it.
    pub fn repay(
        &mut self,
        route: &RouteId,
        list: &[Candidate],
        now: DateTime<Utc>,
    ) -> Option<AgentId> {
        let open = |agent: &AgentId| list.iter().any(|one| one.eligible && one.agent == *agent);
        let owed = self.owed.get_mut(route)?;
        let first = owed.iter().position(|(agent, until)| now < *until && open(agent))?;
        let (agent, _) = owed.remove(first);
        owed.retain(|(_, until)| now < *until);
        Some(agent)
    }

    /// Anybody but whoever was first before (D-8).
    pub fn fresh(&mut self, route: &RouteId, list: &[Candidate]) -> Vec<AgentId> {
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

    /// Whoever is nearest after everybody came nearer by their weight (D-11).
    pub fn nearest(&mut self, route: &RouteId, list: &[Candidate]) -> Vec<AgentId> {
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

fn go_round(
    turns: &mut BTreeMap<RouteId, Turn>,
    route: &RouteId,
    list: &[Candidate],
) -> Vec<AgentId> {
    let names: Vec<AgentId> = list.iter().map(|candidate| candidate.agent.clone()).collect();
    let from = turns.get(route).map_or(0, |turn| turn.heir(&names));
    let around = (0..list.len()).map(|step| (from + step) % list.len());
    let Some(place) = around.into_iter().find(|place| list[*place].eligible) else {
        return Vec::new();
    };
    let next = names[(place + 1) % names.len()].clone();
    let chosen = names[place].clone();
    turns.insert(route.clone(), Turn { next, list: names });
    vec![chosen]
}

impl Turn {
    /// The place of whoever is next; of whoever followed them, if they have left.
    fn heir(&self, names: &[AgentId]) -> usize {
        let was = self.list.iter().position(|name| *name == self.next).unwrap_or(0);
        let in_old_order = self.list[was..].iter().chain(&self.list[..was]);
        let mut heirs = in_old_order.filter_map(|heir| names.iter().position(|name| name == heir));
        heirs.next().unwrap_or(0)
    }
}
