//! From a lead and a view of its entity to what should happen next.

mod choose;
mod matching;

use chrono::{DateTime, TimeDelta, Utc};
use rand::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::decision::{By, CandidateVerdict, Considered};
use crate::{
    AgentId, Cap, Decision, EntityView, Lead, OnExhausted, Origin, Route, RouteId, Strategy,
};

/// Dice that fall the same way whenever they are made from the same seed, on
/// every machine and in every release.
pub type Dice = rand_chacha::ChaCha8Rng;

/// Dice from a seed; see the router for how seeds are derived.
pub fn dice(seed: [u8; 32]) -> Dice {
    Dice::from_seed(seed)
}

/// How often a lead may be routed anew before it rests in the pool (D-16).
pub const MOST_REROUTES: u32 = 3;
/// An offer shorter than this is not worth making (rules of 1.5).
const SHORTEST_OFFER: TimeDelta = TimeDelta::seconds(15);

/// How the board picks among the candidates of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// From the route's cursor onwards; moves the cursor (D-7).
    Turn,
    /// The first that is not the route's previous first agent, if there is
    /// another; remembers them (D-8).
    Fresh,
    /// By weight at even distances; remembers how far each has come (D-11).
    Smooth,
    /// The first.
    First,
    /// All of them at once.
    All,
}

/// Somebody who may be picked, or whose place on the list must be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub agent: AgentId,
    pub eligible: bool,
    /// Their share, which only [`Pick::Smooth`] looks at.
    pub weight: u64,
    /// The board picks nobody who is at one of these (D-20).
    pub caps: Vec<Cap>,
}

/// How a lead comes to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Claimed an offer.
    Claimed,
    /// Claimed from the pool.
    PoolClaimed,
    /// A route without acceptance.
    Direct,
    /// An Assign-to-Agent route.
    AssignToAgent,
    TimeoutAgent,
    Exhausted,
    AgentSite,
    /// By a person.
    Manual,
    /// The person came back to the agent who has them (D-30 c).
    Returning,
}

/// One step: pick among these, then offer or assign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub route: Option<RouteId>,
    pub pick: Pick,
    pub by: By,
    pub candidates: Vec<Candidate>,
    /// `Some`: the picked agent has the lead at once. `None`: they are asked.
    pub assign: Option<How>,
    /// How long an offer lasts; not used when assigning.
    pub window: TimeDelta,
    /// Times this lead was routed anew, this one included.
    pub reroutes: u32,
    /// The route's tags and plan, on the lead's first hop on that route (D-29).
    pub tags: Vec<String>,
    pub smart_plan: Option<String>,
}

/// What to do when there is nobody to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// No route matches.
    NoRoute,
    /// Routes match, but none has anybody who can take it.
    NobodyEligible,
    /// Everybody was asked.
    Exhausted,
    /// The lead was routed anew too often (D-16).
    TooManyReroutes,
    /// Nobody can be reached by what the lead tells (D-26).
    Incomplete,
    /// Typed in or imported: waits until somebody sends it to routing (D-27).
    NotAutomatic,
}

/// What should happen next, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub then: Then,
    /// Settled by the board once it has picked; see [`Decision::settle`].
    pub decision: Decision,
}

/// What should happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    Step(Step),
    Pool(Otherwise),
    Hold(Otherwise),
}

/// A lead that has just come in.
pub struct Arrival<'a> {
    pub lead: &'a Lead,
    /// Whom the board found at their limit while this lead was planned before.
    pub full: &'a [AgentId],
}

/// A lead whose offer was passed or ran out.
pub struct Hop<'a> {
    pub lead: &'a Lead,
    /// The route it is on.
    pub route: Option<&'a RouteId>,
    /// Everybody who was offered this lead, in order.
    pub tried: &'a [AgentId],
    /// When the route made its first offer of this lead.
    pub first_offer: DateTime<Utc>,
    pub reroutes: u32,
    /// Whom the board found at their limit while this hop was planned before.
    pub full: &'a [AgentId],
}

/// Plans the first hop of a lead.
pub fn plan(arrival: &Arrival<'_>, view: &EntityView, now: DateTime<Utc>, dice: &mut Dice) -> Plan {
    let lead = arrival.lead;
    match lead.origin {
        Origin::Manual | Origin::Import => return Plan::hold(Otherwise::NotAutomatic),
        Origin::AgentSite => {
            if let Some(agent) = lead.agent.as_ref().filter(|agent| view.agents.contains_key(agent))
            {
                return Plan::assign(
                    None,
                    agent,
                    How::AgentSite,
                    By::AgentSite,
                    0,
                    Decision::default(),
                );
            }
        }
        Origin::Automatic => {}
    }
    if !lead.is_reachable() {
        return Plan::hold(Otherwise::Incomplete);
    }
    route_it(&Search { lead, tried: &[], full: arrival.full, reroutes: 0 }, view, now, dice)
}

/// Plans the next hop of a lead that nobody has taken yet.
pub fn plan_next(hop: &Hop<'_>, view: &EntityView, now: DateTime<Utc>, dice: &mut Dice) -> Plan {
    let current = hop.route.and_then(|id| view.route(id)).filter(|route| route.admits(now).is_ok());
    match current {
        Some(route) => next_on(route, hop, view, now, dice),
        None if hop.reroutes >= MOST_REROUTES => {
            Plan::pool(Otherwise::TooManyReroutes, Decision::default())
        }
        None => {
            let Hop { lead, tried, full, .. } = *hop;
            route_it(&Search { lead, tried, full, reroutes: hop.reroutes + 1 }, view, now, dice)
        }
    }
}

/// A lead in search of a route.
struct Search<'a> {
    lead: &'a Lead,
    tried: &'a [AgentId],
    full: &'a [AgentId],
    reroutes: u32,
}

/// Matches the lead against the routes and takes the first that has anybody (D-3, D-4).
fn route_it(search: &Search<'_>, view: &EntityView, now: DateTime<Utc>, dice: &mut Dice) -> Plan {
    let mut matched = matching::match_routes(search.lead, view, now);
    let found_any = !matched.routes.is_empty();
    for route in std::mem::take(&mut matched.routes) {
        let considered = choose::consider(route, view, search.tried, search.full);
        if considered.iter().any(|candidate| candidate.verdict == CandidateVerdict::Eligible) {
            matched.chosen(&route.id);
            let decision = Decision { routes: matched.considered, candidates: considered };
            let mut plan = first_on(route, search.reroutes, decision, dice);
            plan.cap(view, now);
            return plan;
        }
        matched.nobody(&route.id);
    }
    let why = if found_any { Otherwise::NobodyEligible } else { Otherwise::NoRoute };
    Plan::pool(why, Decision { routes: matched.considered, candidates: Vec::new() })
}

/// How the chosen agent comes to the lead without being asked, if so.
fn assigns(route: &Route) -> Option<How> {
    match route.strategy {
        Strategy::AssignToAgent { .. } => Some(How::AssignToAgent),
        _ if !route.acceptance => Some(How::Direct),
        _ => None,
    }
}

/// The first offer that `route` makes of a lead.
fn first_on(route: &Route, reroutes: u32, decision: Decision, dice: &mut Dice) -> Plan {
    let (pick, by, candidates) = choose::first(&route.strategy, &decision.candidates, dice);
    let assign = assigns(route);
    let window = route.timeout.as_ref().map_or(route.claim_within.delta(), |timeout| {
        route.claim_within.delta().min(timeout.after.delta())
    });
    // Asking everybody and assigning do not go together: the first has it (D-35).
    let pick = if assign.is_some() && pick == Pick::All { Pick::First } else { pick };
    let step = Step {
        route: Some(route.id.clone()),
        pick,
        by,
        candidates,
        assign,
        window,
        reroutes,
        tags: route.tags.clone(),
        smart_plan: route.smart_plan.clone(),
    };
    Plan { then: Then::Step(step), decision }
}

/// The next offer on a route that is still active: its latest version counts (D-16).
fn next_on(
    route: &Route,
    hop: &Hop<'_>,
    view: &EntityView,
    now: DateTime<Utc>,
    dice: &mut Dice,
) -> Plan {
    let considered = choose::consider(route, view, hop.tried, hop.full);
    let mut decision = Decision { routes: Vec::new(), candidates: considered };
    // A timeout agent who has left the entity cannot be given anything.
    let timeout = route.timeout.as_ref().filter(|one| view.agents.contains_key(&one.agent));
    let left = timeout.map(|timeout| hop.first_offer + timeout.after.delta() - now);
    let time_is_up = left.is_some_and(|left| left < SHORTEST_OFFER);
    let anybody =
        decision.candidates.iter().any(|candidate| candidate.verdict == CandidateVerdict::Eligible);
    if time_is_up || !anybody {
        return exhausted(route, hop, view, decision);
    }
    if matches!(route.strategy, Strategy::JumpBall { .. }) {
        // The set is fixed at the start: whoever joined later is not asked.
        decision.candidates.retain(|candidate| candidate.verdict != CandidateVerdict::Eligible);
        return exhausted(route, hop, view, decision);
    }
    let (by, candidates) =
        choose::next(&route.strategy, &decision.candidates, hop.tried.last(), dice);
    let window =
        left.map_or(route.claim_within.delta(), |left| route.claim_within.delta().min(left));
    let step = Step {
        route: Some(route.id.clone()),
        pick: Pick::First,
        by,
        candidates,
        assign: assigns(route),
        window,
        reroutes: hop.reroutes,
        tags: Vec::new(),
        smart_plan: None,
    };
    let mut plan = Plan { then: Then::Step(step), decision };
    plan.cap(view, now);
    plan
}

/// The timeout agent has the lead, or else it goes where the route says.
fn exhausted(route: &Route, hop: &Hop<'_>, view: &EntityView, decision: Decision) -> Plan {
    let timeout = route.timeout.as_ref().map(|timeout| &timeout.agent);
    let last = match &route.on_exhausted {
        OnExhausted::Agent(agent) => Some(agent),
        OnExhausted::Pool => None,
    };
    let is_there = |agent: &&AgentId| view.agents.contains_key(*agent);
    let (agent, how, by) = match (timeout.filter(is_there), last.filter(is_there)) {
        (Some(agent), _) => (agent, How::TimeoutAgent, By::Timeout),
        (None, Some(agent)) => (agent, How::Exhausted, By::Exhausted),
        (None, None) => return Plan::pool(Otherwise::Exhausted, decision),
    };
    Plan::assign(Some(route), agent, how, by, hop.reroutes, decision)
}

impl Plan {
    /// The person comes back to the agent who has them: no turn, no deadline (D-30 c).
    pub fn returning(agent: &AgentId) -> Self {
        Self::assign(None, agent, How::Returning, By::Returning, 0, Decision::default())
    }

    /// Rests in the pool, because nothing is known of its entity any more.
    pub fn nowhere_to_go() -> Self {
        Self::pool(Otherwise::NoRoute, Decision::default())
    }

    /// Tells the board everybody's limits.
    fn cap(&mut self, view: &EntityView, now: DateTime<Utc>) {
        let Then::Step(step) = &mut self.then else { return };
        for candidate in &mut step.candidates {
            if let Some(agent) = view.agents.get(&candidate.agent) {
                candidate.caps = agent.caps(now, view.entity.zone);
            }
        }
    }

    fn pool(why: Otherwise, decision: Decision) -> Self {
        Self { then: Then::Pool(why), decision }
    }

    fn hold(why: Otherwise) -> Self {
        Self { then: Then::Hold(why), decision: Decision::default() }
    }

    fn assign(
        route: Option<&Route>,
        agent: &AgentId,
        how: How,
        by: By,
        reroutes: u32,
        mut decision: Decision,
    ) -> Self {
        if !decision.candidates.iter().any(|candidate| candidate.agent == *agent) {
            let verdict = CandidateVerdict::Eligible;
            decision.candidates.push(Considered { agent: agent.clone(), verdict, by: None });
        }
        let candidates =
            vec![Candidate { agent: agent.clone(), eligible: true, weight: 1, caps: Vec::new() }];
        let route = route.map(|route| route.id.clone());
        let window = TimeDelta::zero();
        let step = Step {
            route,
            pick: Pick::First,
            by,
            candidates,
            assign: Some(how),
            window,
            reroutes,
            tags: Vec::new(),
            smart_plan: None,
        };
        Self { then: Then::Step(step), decision }
    }
}
