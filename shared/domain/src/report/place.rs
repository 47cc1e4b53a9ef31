//! Where a lead counts: in exactly one place.

use super::{Case, RouteRow, Totals};
use crate::Origin;
use crate::plan::How;
use crate::standing::State;

/// The place in which a lead counts. The first ten add up to what was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    ClaimedByOffer,
    AssignedDirect,
    TimeoutAssigned,
    ListingAssigned,
    InFlight,
    PoolNow,
    PoolClaimed,
    PoolAssigned,
    ReassignedManually,
    ClosedUnassigned,
    Held,
    Direct,
    Manual,
    Returning,
    Inquiry,
}

impl Place {
    /// Where that lead counts.
    pub fn of(case: &Case) -> Self {
        beside(case).unwrap_or_else(|| routed(case))
    }

    /// Whether it came through routing.
    pub(super) fn is_routed(self) -> bool {
        !matches!(self, Self::Held | Self::Direct | Self::Manual | Self::Returning | Self::Inquiry)
    }

    pub(super) fn counter(self, totals: &mut Totals) -> &mut u64 {
        match self {
            Self::ClaimedByOffer => &mut totals.claimed_by_offer,
            Self::AssignedDirect => &mut totals.assigned_direct,
            Self::TimeoutAssigned => &mut totals.timeout_assigned,
            Self::ListingAssigned => &mut totals.listing_assigned,
            Self::InFlight => &mut totals.in_flight,
            Self::PoolNow => &mut totals.pool_now,
            Self::PoolClaimed => &mut totals.pool_claimed,
            Self::PoolAssigned => &mut totals.pool_assigned,
            Self::ReassignedManually => &mut totals.reassigned_manually,
            Self::ClosedUnassigned => &mut totals.closed_unassigned,
            Self::Held => &mut totals.held,
            Self::Direct => &mut totals.direct,
            Self::Manual => &mut totals.manual,
            Self::Returning => &mut totals.returning,
            Self::Inquiry => &mut totals.inquiries,
        }
    }

    pub(super) fn of_route(self, row: &mut RouteRow) -> Option<&mut u64> {
        match self {
            Self::ClaimedByOffer => Some(&mut row.claimed),
            Self::AssignedDirect
            | Self::TimeoutAssigned
            | Self::ListingAssigned
            | Self::ReassignedManually => Some(&mut row.assigned),
            Self::InFlight => Some(&mut row.in_flight),
            Self::PoolNow | Self::PoolClaimed | Self::PoolAssigned => Some(&mut row.pooled),
            Self::ClosedUnassigned => Some(&mut row.closed),
            Self::Held | Self::Direct | Self::Manual | Self::Returning | Self::Inquiry => None,
        }
    }
}

/// Whether routing has had it in hand.
fn was_routed(case: &Case) -> bool {
    let asked = [&case.pending, &case.first_agents].into_iter().any(|agents| !agents.is_empty());
    case.released || case.route.is_some() || asked || !case.tried.is_empty()
}

impl Case {
    /// Whether where it counts depends on its origin, which is not known where
    /// only standings were read.
    pub fn asks_for_origin(&self) -> bool {
        by_standing(self).is_none() && !was_routed(self)
    }
}

fn by_standing(case: &Case) -> Option<Place> {
    match (case.state, case.how) {
        _ if case.is_inquiry => Some(Place::Inquiry),
        (State::Held, _) if !case.released => Some(Place::Held),
        (_, Some(How::Returning)) => Some(Place::Returning),
        (_, Some(How::AgentSite)) => Some(Place::Direct),
        _ => None,
    }
}

/// What did not come through routing.
fn beside(case: &Case) -> Option<Place> {
    let found = by_standing(case);
    if found.is_some() || was_routed(case) {
        return found;
    }
    match (case.origin, case.how) {
        (Origin::AgentSite, _) => Some(Place::Direct),
        (Origin::Manual | Origin::Import, _) => Some(Place::Manual),
        // Nobody could be reached, and a person took it in hand (D-26).
        (Origin::Automatic, Some(How::Manual)) if !case.from_pond => Some(Place::Manual),
        (Origin::Automatic, _) => None,
    }
}

fn routed(case: &Case) -> Place {
    match (case.state, case.how) {
        (State::Held | State::Offered, _) => Place::InFlight,
        (State::Pooled, _) => Place::PoolNow,
        (State::Assigned | State::Closed, Some(how)) => match how {
            How::Claimed => Place::ClaimedByOffer,
            How::Direct | How::AssignToAgent => Place::AssignedDirect,
            How::TimeoutAgent | How::Exhausted => Place::TimeoutAssigned,
            How::Listing => Place::ListingAssigned,
            How::PoolClaimed => Place::PoolClaimed,
            How::Manual if case.from_pond => Place::PoolAssigned,
            How::Manual => Place::ReassignedManually,
            How::AgentSite => Place::Direct,
            How::Returning => Place::Returning,
        },
        (State::Assigned | State::Closed, None) => Place::ClosedUnassigned,
    }
}
