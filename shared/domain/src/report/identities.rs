//! The sums that must hold, printed with the report (D-36).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AgentCounts, RouteRow, Totals};
use crate::{AgentId, RouteId};

/// A sum, counted in two ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub name: String,
    pub left: u64,
    pub right: u64,
    pub holds: bool,
}

fn equal(name: &str, left: u64, right: u64) -> Identity {
    Identity { name: name.to_owned(), left, right, holds: left == right }
}

pub(super) fn check(
    leads: u64,
    totals: &Totals,
    agents: &BTreeMap<AgentId, AgentCounts>,
    routes: &BTreeMap<Option<RouteId>, RouteRow>,
) -> Vec<Identity> {
    let sum = |of: fn(&AgentCounts) -> u64| agents.values().map(of).sum::<u64>();
    let beside = totals.held + totals.direct + totals.manual + totals.returning + totals.inquiries;
    let (asked_first, asked) = (sum(|it| it.first_offers), sum(|it| it.offers));
    let everywhere = totals.claimed_by_offer
        + totals.assigned_direct
        + totals.timeout_assigned
        + totals.listing_assigned
        + totals.in_flight
        + totals.pool_now
        + totals.pool_claimed
        + totals.pool_assigned
        + totals.reassigned_manually
        + totals.closed_unassigned;
    let outcomes =
        sum(|it| it.claimed + it.passed + it.expired + it.lost + it.withdrawn + it.pending);
    let given = totals.pool_assigned + totals.reassigned_manually;
    let assigned = totals.assigned_direct + totals.timeout_assigned + totals.listing_assigned;
    vec![
        equal("every lead stands in one place", leads, totals.received + beside),
        equal("received = the sum of where they stand", totals.received, everywhere),
        equal(
            "received = the sum of the routes",
            totals.received,
            routes.values().map(|it| it.received).sum(),
        ),
        equal("offers = claimed + passed + expired + lost + withdrawn + pending", asked, outcomes),
        equal(
            "claims of all agents = claimed by offer + moved on since",
            sum(|it| it.claimed),
            totals.claimed_by_offer + totals.claimed_then_moved,
        ),
        equal(
            "assigned to all agents = direct + timeout + listing",
            sum(|it| it.assigned),
            assigned,
        ),
        equal(
            "pool claims of all agents = claimed from the pool",
            sum(|it| it.pool_claims),
            totals.pool_claimed,
        ),
        equal("given to all agents = from the pool + reassigned", sum(|it| it.given), given),
        Identity {
            name: "first offers ≤ offers, for every agent".to_owned(),
            left: asked_first,
            right: asked,
            holds: agents.values().all(|it| it.first_offers <= it.offers),
        },
    ]
}
