//! A lead in search of a route, and the first offer that a route makes.

use chrono::{DateTime, Utc};

use super::matching::Matched;
use super::{How, Marks, Otherwise, Pick, Plan, Rest, Step, Then, choose, matching, overnight};
use crate::decision::{By, CandidateVerdict, Considered, RouteConsidered};
use crate::route::Inactive;
use crate::{AgentId, Decision, Dice, EntityView, Lead, Route, RouteId, Strategy};

/// A lead and what happened to it so far.
pub(super) struct Search<'a> {
    pub(super) lead: &'a Lead,
    pub(super) tried: &'a [AgentId],
    pub(super) full: &'a [AgentId],
    pub(super) tags: &'a [String],
    pub(super) reroutes: u32,
}

impl Search<'_> {
    /// Matches the lead against the routes and takes the first that has anybody (D-3, D-4).
    pub(super) fn plan(&self, view: &EntityView, now: DateTime<Utc>, dice: &mut Dice) -> Plan {
        let mut matched = matching::match_routes(self.lead, view, now);
        let found_any = !matched.routes.is_empty();
        for route in std::mem::take(&mut matched.routes) {
            let considered = choose::consider(route, view, self.tried, self.full, now);
            let mut decision = Decision { candidates: considered, ..Decision::default() };
            if let Some(mut plan) = self.on(route, &mut decision, view, now, dice) {
                matched.chosen(&route.id);
                plan.decision.routes = matched.considered;
                return plan;
            }
            matched.nobody(&route.id);
            if route.exclusive {
                return Plan::pool(Otherwise::NobodyEligible, of_routes(matched.considered));
            }
        }
        if let Some((route, until)) = first_opening(&matched, now, dice) {
            matched.waits(&route);
            return Plan { then: Then::Wait(until), decision: of_routes(matched.considered) };
        }
        let why = match (found_any, &self.lead.source) {
            (true, _) => Otherwise::NobodyEligible,
            (false, None) => Otherwise::NoSource,
            (false, Some(_)) => Otherwise::NoRoute,
        };
        Plan::pool(why, of_routes(matched.considered))
    }

    /// What `route` does with the lead; `None`: there is nobody on it who can take it.
    pub(super) fn on(
        &self,
        route: &Route,
        decision: &mut Decision,
        view: &EntityView,
        now: DateTime<Utc>,
        dice: &mut Dice,
    ) -> Option<Plan> {
        let marks = Some(Marks::of(route, self.tags, view));
        if let Some(pond) = route.strategy.pond() {
            let pond = Some(pond.clone()).filter(|pond| view.ponds.contains_key(pond))?;
            let why = Otherwise::ToPond;
            let rest = Rest { why, pond: Some(pond), route: Some(route.id.clone()), marks };
            return Some(Plan { then: Then::Pool(rest), decision: std::mem::take(decision) });
        }
        if let Some(agent) = after_hours(route, view, now) {
            let decision = std::mem::take(decision);
            let plan = Plan::assign(agent, How::TimeoutAgent, By::OfficeHours, decision);
            return Some(plan.on(route, self.reroutes, marks));
        }
        if !decision.candidates.iter().any(is_eligible) {
            return None;
        }
        Some(self.first(route, std::mem::take(decision), marks, now, dice).cap(view, now))
    }

    /// The first offer that `route` makes of the lead.
    fn first(
        &self,
        route: &Route,
        decision: Decision,
        marks: Option<Marks>,
        now: DateTime<Utc>,
        dice: &mut Dice,
    ) -> Plan {
        let (pick, by, candidates) = choose::first(&route.strategy, &decision.candidates, dice);
        let assign = assigns(route);
        let window = route.claim_within.delta();
        let window = route.timeout.as_ref().map_or(window, |one| window.min(one.after.delta()));
        let window = overnight::window(route, window, now, dice);
        let pick = one_if(assign, pick);
        let step = Step {
            route: Some(route.id.clone()),
            pick,
            by,
            candidates,
            assign,
            window,
            reroutes: self.reroutes,
            marks,
        };
        Plan { then: Then::Step(step), decision }
    }
}

/// Outside of office hours nobody is asked: the timeout agent has it (D-18).
fn after_hours<'a>(route: &'a Route, view: &EntityView, now: DateTime<Utc>) -> Option<&'a AgentId> {
    let timeout = route.timeout.as_ref().filter(|_| route.asks() && !view.entity.is_open(now))?;
    Some(&timeout.agent).filter(|agent| view.agents.contains_key(*agent))
}

/// The first opening of a route that the lead would wait for (D-16).
fn first_opening(
    matched: &Matched<'_>,
    now: DateTime<Utc>,
    dice: &mut Dice,
) -> Option<(RouteId, DateTime<Utc>)> {
    let opens = |(route, closed): &(&Route, Inactive)| {
        Some((route.id.clone(), overnight::goes_on(route, *closed, now, dice)?))
    };
    matched.closed.iter().filter_map(opens).min_by_key(|(_, until)| *until)
}

fn of_routes(routes: Vec<RouteConsidered>) -> Decision {
    Decision { routes, ..Decision::default() }
}

/// Asking everybody and assigning do not go together: the first has it (D-35).
pub(super) fn one_if(assign: Option<How>, pick: Pick) -> Pick {
    if assign.is_some() && pick == Pick::All { Pick::First } else { pick }
}

/// How the chosen agent comes to the lead without being asked, if so.
pub(super) fn assigns(route: &Route) -> Option<How> {
    match route.strategy {
        Strategy::AssignToAgent { .. } => Some(How::AssignToAgent),
        _ if !route.acceptance => Some(How::Direct),
        _ => None,
    }
}

pub(super) fn is_eligible(considered: &Considered) -> bool {
    considered.verdict == CandidateVerdict::Eligible
}
