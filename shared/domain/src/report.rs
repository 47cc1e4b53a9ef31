//! The Lead Routing Stats Report: what became of the leads that came in, per
//! team, agent and route, so that everything adds up (D-36).
//!
//! A lead counts once, in the range in which it was received, by where it
//! stands now; so the sums hold for every range and at every moment. Only leads
//! that came through routing are counted, Assign to Agent among them; those that
//! are held, an agent's own, typed in or come again stand beside.

mod agents;
mod identities;
mod place;
mod range;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::How;
use crate::standing::{State, Tried};
use crate::{AgentId, EntityView, Origin, RouteId};

pub use agents::{AgentCounts, AgentRow};
pub use identities::Identity;
pub use place::Place;
pub use range::{Bounds, Range, RangeError};

/// A lead, as far as the report looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub state: State,
    pub origin: Origin,
    pub route: Option<RouteId>,
    pub agent: Option<AgentId>,
    pub how: Option<How>,
    pub tried: Vec<Tried>,
    pub pending: Vec<AgentId>,
    /// Who was asked in the first round of all.
    pub first_agents: Vec<AgentId>,
    /// Whether whoever has it was given it from the pool or a pond.
    pub from_pond: bool,
    /// Whether it was held and let go.
    pub released: bool,
    /// Whether it became an inquiry on another lead (D-30 b).
    pub is_inquiry: bool,
}

/// How many leads stand where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Came through routing; the sum of those down to `closed_unassigned`.
    pub received: u64,
    pub claimed_by_offer: u64,
    /// By a route that asks nobody, Assign to Agent among them.
    pub assigned_direct: u64,
    /// Nobody took it in time, or everybody was asked.
    pub timeout_assigned: u64,
    pub listing_assigned: u64,
    pub in_flight: u64,
    pub pool_now: u64,
    pub pool_claimed: u64,
    pub pool_assigned: u64,
    pub reassigned_manually: u64,
    pub closed_unassigned: u64,
    /// Beside: waits for somebody (D-26, D-27).
    pub held: u64,
    /// Beside: an agent's own (D-28).
    pub direct: u64,
    /// Beside: typed in or imported, never sent to routing (D-27).
    pub manual: u64,
    /// Beside: the person was an agent's already (D-30 c).
    pub returning: u64,
    /// Beside: became an inquiry on another lead (D-30 b).
    pub inquiries: u64,
    /// Offers that were claimed, of leads that moved on since: sent back, given to others, closed.
    pub claimed_then_moved: u64,
}

/// What became of the leads of one route: the one that they were on last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRow {
    /// `null`: by no route.
    pub route: Option<RouteId>,
    /// `null`: deleted since.
    pub title: Option<String>,
    pub active: bool,
    pub received: u64,
    pub claimed: u64,
    pub assigned: u64,
    pub in_flight: u64,
    /// In the pool or a pond, or fetched from there.
    pub pooled: u64,
    pub closed: u64,
}

/// The whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub totals: Totals,
    pub agents: Vec<AgentRow>,
    pub routes: Vec<RouteRow>,
    /// The check: every sum, and whether it holds.
    pub identities: Vec<Identity>,
}

/// The report while leads are still being counted.
#[derive(Debug, Clone, Default)]
pub struct Count {
    leads: u64,
    totals: Totals,
    agents: BTreeMap<AgentId, AgentCounts>,
    routes: BTreeMap<Option<RouteId>, RouteRow>,
}

impl Count {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a lead.
    pub fn add(&mut self, case: &Case) {
        let place = Place::of(case);
        self.leads += 1;
        *place.counter(&mut self.totals) += 1;
        if !place.is_routed() {
            return;
        }
        self.totals.received += 1;
        let was_claimed = agents::claims(case) > 0;
        if was_claimed && place != Place::ClaimedByOffer {
            self.totals.claimed_then_moved += 1;
        }
        agents::count(case, place, &mut self.agents);
        let row = self.routes.entry(case.route.clone()).or_default();
        row.received += 1;
        if let Some(counter) = place.of_route(row) {
            *counter += 1;
        }
    }

    /// Everything counted, for everybody who is an agent now or was one then.
    pub fn report(mut self, view: &EntityView) -> Report {
        let identities = identities::check(self.leads, &self.totals, &self.agents, &self.routes);
        for agent in view.agents.keys() {
            self.agents.entry(agent.clone()).or_default();
        }
        for route in &view.routes {
            self.routes.entry(Some(route.id.clone())).or_default();
        }
        let agents = self.agents.into_iter().map(|(id, counts)| AgentRow::of(id, counts, view));
        let titled = |(route, row): (Option<RouteId>, RouteRow)| {
            let known = route.as_ref().and_then(|id| view.route(id));
            RouteRow {
                title: known.map(|route| route.title.clone()),
                active: known.is_some_and(|route| route.active),
                route,
                ..row
            }
        };
        let mut routes: Vec<RouteRow> = self.routes.into_iter().map(titled).collect();
        let place = |row: &RouteRow| {
            view.routes.iter().position(|route| Some(&route.id) == row.route.as_ref())
        };
        routes.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
        Report { totals: self.totals, agents: agents.collect(), routes, identities }
    }
}
