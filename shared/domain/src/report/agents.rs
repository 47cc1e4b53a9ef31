//! The report's rows of agents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Case, Place};
use crate::standing::OfferState;
use crate::{AgentId, Away, EntityView, Limit, RouteId};

/// What became of an agent's offers, and what else came to them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentCounts {
    /// The sum of those down to `pending`.
    pub offers: u64,
    pub claimed: u64,
    pub passed: u64,
    pub expired: u64,
    /// Somebody else was faster.
    pub lost: u64,
    pub withdrawn: u64,
    pub pending: u64,
    /// Leads of which they were the first, or among the first, to be asked.
    pub first_offers: u64,
    /// Given to them by routing, without being asked.
    pub assigned: u64,
    pub pool_claims: u64,
    /// Given to them by a person.
    pub given: u64,
    /// Came through routing and is theirs now.
    pub has: u64,
}

/// An agent in the report, with what it takes to change what comes to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRow {
    pub agent: AgentId,
    /// `null`: not an agent any more.
    pub name: Option<String>,
    #[serde(flatten)]
    pub counts: AgentCounts,
    /// The active routes that they are on.
    pub routes: Vec<RouteId>,
    pub limits: Vec<Limit>,
    pub paused: bool,
    pub away: Option<Away>,
    pub paused_on: Vec<RouteId>,
}

impl AgentRow {
    pub(super) fn of(agent: AgentId, counts: AgentCounts, view: &EntityView) -> Self {
        let known = view.agents.get(&agent);
        let on = view.routes.iter().filter(|route| {
            route.active && route.strategy.members(view.agents.keys()).contains(&&agent)
        });
        let routes = on.map(|route| route.id.clone()).filter(|_| known.is_some()).collect();
        Self {
            name: known.map(|agent| agent.name.clone()),
            counts,
            routes,
            limits: known.map(|agent| agent.limits.clone()).unwrap_or_default(),
            paused: known.is_some_and(|agent| agent.paused),
            away: known.and_then(|agent| agent.away.clone()),
            paused_on: known.map(|agent| agent.paused_on.clone()).unwrap_or_default(),
            agent,
        }
    }
}

/// How often an offer of the lead was claimed.
pub(super) fn claims(case: &Case) -> usize {
    case.tried.iter().filter(|tried| tried.outcome == OfferState::Claimed).count()
}

pub(super) fn count(case: &Case, place: Place, agents: &mut BTreeMap<AgentId, AgentCounts>) {
    let mut of = |agent: &AgentId, change: &dyn Fn(&mut AgentCounts)| {
        change(agents.entry(agent.clone()).or_default());
    };
    for tried in &case.tried {
        of(&tried.agent, &|counts| counts.offers += 1);
        match tried.outcome {
            OfferState::Claimed => of(&tried.agent, &|counts| counts.claimed += 1),
            OfferState::Passed => of(&tried.agent, &|counts| counts.passed += 1),
            OfferState::Expired => of(&tried.agent, &|counts| counts.expired += 1),
            OfferState::Lost => of(&tried.agent, &|counts| counts.lost += 1),
            OfferState::Withdrawn => of(&tried.agent, &|counts| counts.withdrawn += 1),
            OfferState::Pending => of(&tried.agent, &|counts| counts.pending += 1),
        }
    }
    for agent in &case.pending {
        of(agent, &|counts| counts.offers += 1);
        of(agent, &|counts| counts.pending += 1);
    }
    for agent in &case.first_agents {
        of(agent, &|counts| counts.first_offers += 1);
    }
    let Some(agent) = &case.agent else { return };
    of(agent, &|counts| counts.has += 1);
    match place {
        Place::AssignedDirect | Place::TimeoutAssigned | Place::ListingAssigned => {
            of(agent, &|counts| counts.assigned += 1);
        }
        Place::PoolClaimed => of(agent, &|counts| counts.pool_claims += 1),
        Place::PoolAssigned | Place::ReassignedManually => of(agent, &|counts| counts.given += 1),
        _ => {}
    }
}
