//! Who on a route gets the lead.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use super::{Candidate, Pick};
use crate::decision::{By, CandidateVerdict, Considered};
use crate::{Agent, AgentId, Channel, EntityView, Route, Strategy};

/// What speaks for or against each member of `route`, in list order (D-5).
pub(super) fn consider(
    route: &Route,
    view: &EntityView,
    tried: &[AgentId],
    full: &[AgentId],
) -> Vec<Considered> {
    let members = route.strategy.members(view.agents.keys());
    let judge = |agent: &AgentId| match view.agents.get(agent) {
        None => CandidateVerdict::NotAMember,
        Some(_) if tried.contains(agent) => CandidateVerdict::Tried,
        Some(known) if known.paused => CandidateVerdict::Paused,
        Some(_) if route.strategy.weight(agent) == 0 => CandidateVerdict::NoWeight,
        Some(_) if full.contains(agent) => CandidateVerdict::AtLimit,
        Some(known) if !is_told(route, known) => CandidateVerdict::NoChannel,
        Some(_) => CandidateVerdict::Eligible,
    };
    members
        .into_iter()
        .map(|agent| Considered { agent: agent.clone(), verdict: judge(agent), by: None })
        .collect()
}

/// Whether at least one channel that the route allows reaches the agent.
fn is_told(route: &Route, agent: &Agent) -> bool {
    agent.channels.iter().any(|channel| {
        route.channels.contains(channel)
            && match channel {
                Channel::Email => agent.email.is_some(),
                Channel::Push => true,
            }
    })
}

fn is_eligible(considered: &Considered) -> bool {
    considered.verdict == CandidateVerdict::Eligible
}

fn eligible(considered: &[Considered]) -> Vec<&AgentId> {
    considered
        .iter()
        .filter(|candidate| is_eligible(candidate))
        .map(|candidate| &candidate.agent)
        .collect()
}

fn as_candidates(agents: Vec<&AgentId>) -> Vec<Candidate> {
    agents
        .into_iter()
        .map(|agent| Candidate {
            agent: agent.clone(),
            eligible: true,
            weight: 1,
            caps: Vec::new(),
        })
        .collect()
}

/// How the board finds the first agent, and among whom.
pub(super) fn first(
    strategy: &Strategy,
    considered: &[Considered],
    dice: &mut impl Rng,
) -> (Pick, By, Vec<Candidate>) {
    match strategy {
        Strategy::RoundRobin { .. } => {
            // The whole list, so that the board can find the cursor's place in it.
            let listed = considered.iter().map(|candidate| Candidate {
                agent: candidate.agent.clone(),
                eligible: is_eligible(candidate),
                weight: 1,
                caps: Vec::new(),
            });
            (Pick::Turn, By::Turn, listed.collect())
        }
        Strategy::Random { .. } => {
            (Pick::Fresh, By::Draw, as_candidates(shuffled(eligible(considered), dice)))
        }
        Strategy::WeightedRandom { smooth: true, .. } => {
            let weighed = eligible(considered).into_iter().map(|agent| Candidate {
                agent: agent.clone(),
                eligible: true,
                weight: strategy.weight(agent),
                caps: Vec::new(),
            });
            (Pick::Smooth, By::Weight, weighed.collect())
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

/// Who is asked after `last` passed or let it run out.
pub(super) fn next(
    strategy: &Strategy,
    considered: &[Considered],
    last: Option<&AgentId>,
    dice: &mut impl Rng,
) -> (By, Vec<Candidate>) {
    match strategy {
        Strategy::RoundRobin { .. } => (By::Turn, as_candidates(after(considered, last))),
        Strategy::Random { .. } => (By::Draw, as_candidates(shuffled(eligible(considered), dice))),
        Strategy::WeightedRandom { .. } => {
            (By::Weight, as_candidates(drawn(strategy, eligible(considered), dice)))
        }
        Strategy::JumpBall { .. } => (By::JumpBall, as_candidates(eligible(considered))),
        Strategy::AssignToAgent { .. } => (By::Assignment, as_candidates(eligible(considered))),
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
    mut agents: Vec<&'a AgentId>,
    dice: &mut impl Rng,
) -> Vec<&'a AgentId> {
    let mut order = Vec::with_capacity(agents.len());
    while !agents.is_empty() {
        let total: u64 = agents.iter().map(|agent| strategy.weight(agent)).sum();
        let mut ticket = dice.random_range(0..total.max(1));
        let winner = agents.iter().position(|agent| {
            let weight = strategy.weight(agent);
            let drawn = ticket < weight;
            ticket = ticket.saturating_sub(weight);
            drawn
        });
        order.push(agents.remove(winner.unwrap_or(0)));
    }
    order
}
