//! The next hop of a lead that nobody has taken yet.

use chrono::{DateTime, TimeDelta, Utc};

use super::search::{Search, assigns, is_eligible, one_if};
use super::{
    Candidate, Hop, How, MOST_REROUTES, Otherwise, Pick, Plan, Rest, Step, Then, choose,
    in_routing, overnight,
};
use crate::decision::{By, RouteConsidered};
use crate::{
    AgentId, Decision, Dice, EntityView, Lead, OnExhausted, Route, RouteId, RouteVerdict, Strategy,
};

/// An offer shorter than this is not worth making (rules of 1.5).
const SHORTEST_OFFER: TimeDelta = TimeDelta::seconds(15);

/// Plans the next hop of a lead that nobody has taken yet.
pub fn plan_next(hop: &Hop<'_>, view: &EntityView, now: DateTime<Utc>, dice: &mut Dice) -> Plan {
    let current = hop.route.and_then(|id| view.route(id));
    match current.map(|route| (route, route.admits(now))) {
        Some((route, Ok(()))) => return stay(route, hop, view, now, dice),
        Some((route, Err(closed))) => {
            if let Some(until) = overnight::goes_on(route, closed, now, dice) {
                return Plan {
                    then: Then::Wait(until),
                    decision: only(route, RouteVerdict::Waits),
                };
            }
        }
        None => {}
    }
    if hop.reroutes >= MOST_REROUTES {
        return Plan::pool(Otherwise::TooManyReroutes, Decision::default());
    }
    let lead = in_routing(hop.lead);
    // Whom the listing agent's turn comes before has not been routed yet (D-24).
    let reroutes = hop.reroutes + u32::from(hop.route.is_some());
    search(hop, &lead, reroutes).plan(view, now, dice)
}

/// One route was looked at, and no other.
fn only(route: &Route, verdict: RouteVerdict) -> Decision {
    let routes = vec![RouteConsidered { route: route.id.clone(), verdict }];
    Decision { routes, ..Decision::default() }
}

fn search<'a>(hop: &Hop<'a>, lead: &'a Lead, reroutes: u32) -> Search<'a> {
    Search { lead, tried: hop.tried, full: hop.full, tags: hop.tags, reroutes }
}

/// The next offer on a route that is still active: its latest version counts (D-16).
fn stay(
    route: &Route,
    hop: &Hop<'_>,
    view: &EntityView,
    now: DateTime<Utc>,
    dice: &mut Dice,
) -> Plan {
    let considered = choose::consider(route, view, hop.tried, hop.full, now);
    let mut decision = Decision { candidates: considered, ..Decision::default() };
    if let Some(pond) = route.strategy.pond().filter(|pond| view.ponds.contains_key(*pond)) {
        let rest = Rest { pond: Some(pond.clone()), ..Rest::in_pool(Otherwise::ToPond) };
        return Plan { then: Then::Pool(rest), decision };
    }
    // A timeout agent who has left the entity cannot be given anything.
    let timeout = route.timeout.as_ref().filter(|one| view.agents.contains_key(&one.agent));
    let left = timeout.map(|timeout| {
        let after = overnight::stretched(route, timeout.after.delta(), hop.first_offer);
        hop.first_offer + after - hop.board_now
    });
    if left.is_some_and(|left| left < SHORTEST_OFFER) {
        return exhausted(route, hop, view, now, dice, decision);
    }
    let window = overnight::window(route, route.claim_within.delta(), now, dice);
    let window = left.map_or(window, |left| left.min(window));
    if matches!(route.strategy, Strategy::JumpBall { .. }) && has_jumped(hop) {
        // The set is fixed at the start: whoever joined later is not asked.
        decision.candidates.retain(|candidate| !is_eligible(candidate));
    }
    let found = if decision.candidates.iter().any(is_eligible) {
        Some(choose::next(&route.strategy, &decision.candidates, hop.tried.last(), dice))
    } else {
        another_chance(route, hop, view, now)
    };
    let Some((pick, by, candidates)) = found else {
        return exhausted(route, hop, view, now, dice, decision);
    };
    let assign = assigns(route);
    let step = Step {
        route: Some(route.id.clone()),
        pick: one_if(assign, pick),
        by,
        candidates,
        assign,
        window,
        reroutes: hop.reroutes,
        marks: None,
    };
    Plan { then: Then::Step(step), decision }.cap(view, now)
}

/// Whether everybody was asked at once already; after that, only whoever wanted
/// another chance was. A route that became a jump ball since has yet to begin it.
fn has_jumped(hop: &Hop<'_>) -> bool {
    let asked_again = |(last, before): (&AgentId, &[AgentId])| before.contains(last);
    hop.jump_ball || hop.tried.split_last().is_some_and(asked_again)
}

/// Those who let it go and want it after all, once nobody else is left (D-19).
fn another_chance(
    route: &Route,
    hop: &Hop<'_>,
    view: &EntityView,
    now: DateTime<Utc>,
) -> Option<(Pick, By, Vec<Candidate>)> {
    let considered = choose::consider(route, view, &[], hop.full, now);
    let can = |agent: &&AgentId| {
        considered.iter().any(|candidate| candidate.agent == **agent && is_eligible(candidate))
    };
    let candidates: Vec<Candidate> = hop.again.iter().filter(can).map(Candidate::open).collect();
    (!candidates.is_empty()).then_some((Pick::First, By::AnotherChance, candidates))
}

/// The timeout agent has the lead, or else it goes where the route says.
fn exhausted(
    route: &Route,
    hop: &Hop<'_>,
    view: &EntityView,
    now: DateTime<Utc>,
    dice: &mut Dice,
    decision: Decision,
) -> Plan {
    let is_there = |agent: &&AgentId| view.agents.contains_key(*agent);
    let timeout = route.timeout.as_ref().map(|timeout| &timeout.agent).filter(is_there);
    let (agent, how, by) = match (timeout, &route.on_exhausted) {
        (Some(agent), _) => (agent, How::TimeoutAgent, By::Timeout),
        (None, OnExhausted::Agent(agent)) if is_there(&agent) => {
            (agent, How::Exhausted, By::Exhausted)
        }
        (None, OnExhausted::Route(next)) => {
            return take_over(next, hop, view, now, dice, decision);
        }
        (None, OnExhausted::Pond(pond)) if view.ponds.contains_key(pond) => {
            let rest = Rest { pond: Some(pond.clone()), ..Rest::in_pool(Otherwise::Exhausted) };
            return Plan { then: Then::Pool(rest), decision };
        }
        (None, _) => return Plan::pool(Otherwise::Exhausted, decision),
    };
    Plan::assign(agent, how, by, decision).on(route, hop.reroutes, None)
}

/// Another route takes the lead up, if it is active and has anybody left to ask.
fn take_over(
    next: &RouteId,
    hop: &Hop<'_>,
    view: &EntityView,
    now: DateTime<Utc>,
    dice: &mut Dice,
    decision: Decision,
) -> Plan {
    if hop.reroutes >= MOST_REROUTES {
        return Plan::pool(Otherwise::TooManyReroutes, decision);
    }
    let lead = in_routing(hop.lead);
    let search = search(hop, &lead, hop.reroutes + 1);
    let taken = view.route(next).filter(|route| route.admits(now).is_ok()).and_then(|route| {
        let candidates = choose::consider(route, view, hop.tried, hop.full, now);
        let mut theirs = Decision { candidates, ..only(route, RouteVerdict::TookOver) };
        search.on(route, &mut theirs, view, now, dice)
    });
    taken.unwrap_or_else(|| Plan::pool(Otherwise::Exhausted, decision))
}
