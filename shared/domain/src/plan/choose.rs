//! Who on a route gets the lead.

use chrono::{DateTime, Utc};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use super::search::is_eligible;
use super::{Candidate, Pick};
use crate::decision::{By, CandidateVerdict, Considered};
use crate::strategy::RollOn;
use crate::{Agent, AgentId, EntityView, Route, Strategy};

/// What speaks for or against each member of `route`, in list order (D-5).
pub(super) fn consider(
    route: &Route,
    view: &EntityView,
    tried: &[AgentId],
    full: &[AgentId],
    now: DateTime<Utc>,
) -> Vec<Considered> {
    let members = route.strategy.members(view.agents.keys());
    let judge = |agent: &AgentId| match view.agents.get(agent) {
        None => CandidateVerdict::NotAMember,
        Some(_) if tried.contains(agent) => CandidateVerdict::Tried,
        Some(_) if route.strategy.weight(agent) == 0 => CandidateVerdict::NoWeight,
        Some(_) if full.contains(agent) => CandidateVerdict::AtLimit,
        Some(known) => {
            absence(route, agent, known, view, now).unwrap_or(CandidateVerdict::Eligible)
        }
    };
    members
        .into_iter()
        .map(|agent| Considered { agent: agent.clone(), verdict: judge(agent), by: None })
        .collect()
}

/// Why an agent takes no leads of `route` now.
fn absence(
    route: &Route,
    id: &AgentId,
    agent: &Agent,
    view: &EntityView,
    now: DateTime<Utc>,
) -> Option<CandidateVerdict> {
    let insists = route.even_if_paused && route.strategy.is_assign_to_agent();
    match () {
        () if agent.paused && !insists => Some(CandidateVerdict::Paused),
        () if agent.is_paused(now) && !insists => Some(CandidateVerdict::Away),
        () if agent.paused_on.contains(&route.id) && !insists => {
            Some(CandidateVerdict::PausedOnRoute)
        }
        () if is_one_by_one(route) && agent.is_quiet(now, view.entity.zone) => {
            Some(CandidateVerdict::QuietHours)
        }
        () if view.is_out_of_reach(id, &route.channels) => Some(CandidateVerdict::NoChannel),
        () => None,
    }
}

/// Whether agents are asked one after another, so that it matters if one sleeps (D-17).
fn is_one_by_one(route: &Route) -> bool {
    route.asks() && !matches!(route.strategy, Strategy::JumpBall { .. })
}

fn eligible(considered: &[Considered]) -> Vec<&AgentId> {
    considered
        .iter()
        .filter(|candidate| is_eligible(candidate))
        .map(|candidate| &candidate.agent)
        .collect()
}

fn as_candidates(agents: Vec<&AgentId>) -> Vec<Candidate> {
    agents.into_iter().map(Candidate::open).collect()
}

/// The whole list, so that the board can find the cursor's place in it.
fn whole_list(considered: &[Considered]) -> Vec<Candidate> {
    let listed = considered.iter().map(|candidate| Candidate {
        eligible: is_eligible(candidate),
        ..Candidate::open(&candidate.agent)
    });
    listed.collect()
}

/// How the board finds the first agent, and among whom.
pub(super) fn first(
    strategy: &Strategy,
    considered: &[Considered],
    dice: &mut impl Rng,
) -> (Pick, By, Vec<Candidate>) {
    match strategy {
        Strategy::RoundRobin { .. } => (Pick::Turn, By::Turn, whole_list(considered)),
        Strategy::Random { .. } => {
            (Pick::Fresh, By::Draw, as_candidates(shuffled(eligible(considered), dice)))
        }
        Strategy::WeightedRandom { smooth: true, .. } => {
            let weighed = eligible(considered).into_iter().map(|agent| Candidate {
                weight: strategy.weight(agent),
                ..Candidate::open(agent)
            });
            (Pick::Smooth, By::Weight, weighed.collect())
        }
        Strategy::WeightedRandom { .. } => {
            (Pick::Drawn, By::Weight, as_candidates(drawn(strategy, eligible(considered), dice)))
        }
        Strategy::JumpBall { .. } => (Pick::All, By::JumpBall, as_candidates(eligible(considered))),
        Strategy::AssignToAgent { .. } => {
            (Pick::First, By::Assignment, as_candidates(eligible(considered)))
        }
    }
}

/// Who is asked after `last` passed or let it run out.
pub(super) fn next(
    strategy: &Strategy,
    considered: &[Considered],
    last: Option<&AgentId>,
    dice: &mut impl Rng,
) -> (Pick, By, Vec<Candidate>) {
    match strategy {
        Strategy::RoundRobin { roll_on: RollOn::Spread, .. } => {
            (Pick::Spread, By::Turn, whole_list(considered))
        }
        Strategy::RoundRobin { roll_on: RollOn::List, .. } => {
            (Pick::First, By::Turn, as_candidates(after(considered, last)))
        }
        Strategy::Random { .. } => {
            (Pick::First, By::Draw, as_candidates(shuffled(eligible(considered), dice)))
        }
        Strategy::WeightedRandom { .. } => {
            (Pick::First, By::Weight, as_candidates(drawn(strategy, eligible(considered), dice)))
        }
        Strategy::JumpBall { .. } => (Pick::All, By::JumpBall, as_candidates(eligible(considered))),
        Strategy::AssignToAgent { .. } => {
            (Pick::First, By::Assignment, as_candidates(eligible(considered)))
        }
    }
}

/// The eligible, from the one after `last` onwards, around the list once (D-7).
fn after<'a>(considered: &'a [Considered], last: Option<&AgentId>) -> Vec<&'a AgentId> {
    let place = considered.iter().position(|candidate| Some(&candidate.agent) == last);
    let (before, onwards) = considered.split_at(place.map_or(0, |place| place + 1));
    onwards
        .iter()
        .chain(before)
        .filter(|candidate| is_eligible(candidate))
        .map(|candidate| &candidate.agent)
        .collect()
}

fn shuffled<'a>(mut agents: Vec<&'a AgentId>, dice: &mut impl Rng) -> Vec<&'a AgentId> {
    agents.shuffle(dice);
    agents
}

/// All of them in the order of a draw without replacement. Whoever the board
/// leaves out, the rest stand in the proportion of their weights (D-9).
fn drawn<'a>(
    strategy: &Strategy,
    agents: Vec<&'a AgentId>,
    dice: &mut impl Rng,
) -> Vec<&'a AgentId> {
    let weighed = |agent: &'a AgentId| (agent, strategy.weight(agent));
    let mut left: Vec<(&AgentId, u64)> = agents.into_iter().map(weighed).collect();
    let mut total: u64 = left.iter().map(|(_, weight)| weight).sum();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let mut ticket = dice.random_range(0..total.max(1));
        let winner = left.iter().position(|(_, weight)| {
            let drawn = ticket < *weight;
            ticket = ticket.saturating_sub(*weight);
            drawn
        });
        let (agent, weight) = left.remove(winner.unwrap_or(0));
        total -= weight;
        order.push(agent);
    }
    order
}
