//! From a lead and a view of its entity to what should happen next.

mod channels;
mod choose;
mod listing;
mod matching;
mod next;
mod overnight;
mod search;

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use rand::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::decision::{By, CandidateVerdict, Considered};
use crate::{AgentId, Cap, Decision, EntityView, Lead, LenderId, Origin, PondId, Route, RouteId};
use search::Search;

pub use channels::channels_for;
pub use next::plan_next;

/// Dice that fall the same way whenever they are made from the same seed, on
/// every machine and in every release.
pub type Dice = rand_chacha::ChaCha8Rng;

/// Dice from a seed; see the router for how seeds are derived.
pub fn dice(seed: [u8; 32]) -> Dice {
    Dice::from_seed(seed)
}

/// How often a lead may be routed anew before it rests in the pool (D-16).
pub const MOST_REROUTES: u32 = 3;

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
    /// The first, as a draw by weight has put them (D-9).
    Drawn,
    /// From the route's cursor for roll-ons onwards; moves that one (D-7).
    Spread,
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

impl Candidate {
    /// Somebody who can be picked.
    pub fn open(agent: &AgentId) -> Self {
        Self { agent: agent.clone(), eligible: true, weight: 1, caps: Vec::new() }
    }
}

/// How a lead comes to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Claimed an offer.
    Claimed,
    /// Claimed from the pool or from a pond.
    PoolClaimed,
    /// A route without acceptance.
    Direct,
    /// An Assign-to-Agent route.
    AssignToAgent,
    TimeoutAgent,
    Exhausted,
    AgentSite,
    /// The agent of the listing, without being asked (D-24).
    Listing,
    /// By a person.
    Manual,
    /// The person came back to the agent who has them (D-30 c).
    Returning,
}

impl How {
    /// Whether limits count it: it came to the agent in their turn (D-21).
    pub const fn is_by_routing(self) -> bool {
        match self {
            Self::Claimed
            | Self::Direct
            | Self::AssignToAgent
            | Self::TimeoutAgent
            | Self::Exhausted
            | Self::Listing => true,
            Self::PoolClaimed | Self::AgentSite | Self::Manual | Self::Returning => false,
        }
    }

    /// Whether routing gave it to the agent without asking anybody.
    pub const fn is_unasked(self) -> bool {
        match self {
            Self::Direct
            | Self::AssignToAgent
            | Self::TimeoutAgent
            | Self::Exhausted
            | Self::AgentSite
            | Self::Listing
            | Self::Returning => true,
            Self::Claimed | Self::PoolClaimed | Self::Manual => false,
        }
    }
}

/// What a route puts on a lead when it takes it up (D-29).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Those that the lead does not have yet.
    pub tags: Vec<String>,
    /// Whoever gets the lead enrols it there.
    pub smart_plan: Option<String>,
    /// Those of whom one each goes along with the agent.
    pub along: Vec<Along>,
}

/// One of these goes along with each lead, in turn: a lender, an inside sales agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Along {
    /// What they do: the route remembers by it who went along before.
    pub role: String,
    pub among: Vec<LenderId>,
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
    /// How long an offer lasts; when assigning on a route, how long a whole one would.
    pub window: TimeDelta,
    /// Times this lead was routed anew, this one included.
    pub reroutes: u32,
    /// `Some` on the first hop of a route, `None` while the lead stays on it.
    pub marks: Option<Marks>,
}

/// The lead rests where those who may can fetch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    pub why: Otherwise,
    /// `None`: the entity's lead pool (D-25).
    pub pond: Option<PondId>,
    /// The route that sends it there, if it has just taken the lead up.
    pub route: Option<RouteId>,
    pub marks: Option<Marks>,
}

impl Rest {
    /// In the entity's lead pool.
    pub fn in_pool(why: Otherwise) -> Self {
        Self { why, pond: None, route: None, marks: None }
    }
}

/// What to do when there is nobody to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// No route matches.
    NoRoute,
    /// No route matches, and the lead has no source (D-27).
    NoSource,
    /// Routes match, but none has anybody who can take it.
    NobodyEligible,
    /// Everybody was asked.
    Exhausted,
    /// The route sends its leads to a pond.
    ToPond,
    /// The lead was routed anew too often (D-16).
    TooManyReroutes,
    /// Nobody can be reached by what the lead tells (D-26).
    Incomplete,
    /// Typed in or imported: waits until somebody sends it to routing (D-27).
    NotAutomatic,
    /// Waits until its route opens (D-16).
    UntilOpening,
    /// Planning it broke; somebody has to look into it.
    NeedsAttention,
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
    Pool(Rest),
    Hold(Otherwise),
    /// It is planned anew then, when its route opens (D-16).
    Wait(DateTime<Utc>),
}

/// A lead that has just come in, or was just let go.
pub struct Arrival<'a> {
    pub lead: &'a Lead,
    /// Whom the board found at their limit while this lead was planned before.
    pub full: &'a [AgentId],
    /// Somebody sent a lead to routing that does not go there by itself (D-27).
    pub sent: bool,
}

impl<'a> Arrival<'a> {
    /// A lead that has just come in.
    pub fn of(lead: &'a Lead) -> Self {
        Self { lead, full: &[], sent: false }
    }
}

/// A lead whose offer was passed or ran out.
pub struct Hop<'a> {
    pub lead: &'a Lead,
    /// The route it is on; `None`: the listing agent was asked first (D-24).
    pub route: Option<&'a RouteId>,
    /// Everybody who was offered this lead, in order.
    pub tried: &'a [AgentId],
    /// Those of them who asked for another chance, in order.
    pub again: &'a [AgentId],
    /// The tags it has.
    pub tags: &'a [String],
    /// Everybody was asked at once.
    pub jump_ball: bool,
    /// When the route made its first offer of this lead, by the board's clock.
    pub first_offer: DateTime<Utc>,
    /// The board's clock, which all deadlines are counted by (D-1).
    pub board_now: DateTime<Utc>,
    pub reroutes: u32,
    /// Whom the board found at their limit while this hop was planned before.
    pub full: &'a [AgentId],
}

/// Plans the first hop of a lead.
pub fn plan(arrival: &Arrival<'_>, view: &EntityView, now: DateTime<Utc>, dice: &mut Dice) -> Plan {
    let lead = arrival.lead;
    if is_stored(lead) && !arrival.sent {
        return Plan::hold(Otherwise::NotAutomatic);
    }
    if let Some(agent) = site_agent(lead, view) {
        return Plan::assign(agent, How::AgentSite, By::AgentSite, Decision::default());
    }
    if !lead.is_reachable() {
        return Plan::hold(Otherwise::Incomplete);
    }
    let lead = in_routing(lead);
    let search = Search { lead: &lead, tried: &[], full: arrival.full, tags: &[], reroutes: 0 };
    let listed = listing::plan(&search, view, now);
    listed.unwrap_or_else(|| search.plan(view, now, dice))
}

/// Whether it was typed in or imported: then it is stored, and neither routed nor
/// told to anybody before somebody sends it (D-27).
pub fn is_stored(lead: &Lead) -> bool {
    matches!(lead.origin, Origin::Manual | Origin::Import)
}

/// The agent from whose own site it comes, if they are still there (D-28).
pub fn site_agent<'a>(lead: &'a Lead, view: &EntityView) -> Option<&'a AgentId> {
    let agent = lead.agent.as_ref().filter(|_| lead.origin == Origin::AgentSite)?;
    Some(agent).filter(|agent| view.agents.contains_key(*agent))
}

/// A lead that was typed in and then sent to routing matches by its source like
/// any other (D-27).
fn in_routing(lead: &Lead) -> Cow<'_, Lead> {
    if is_stored(lead) {
        return Cow::Owned(Lead { origin: Origin::Automatic, ..lead.clone() });
    }
    Cow::Borrowed(lead)
}

impl Marks {
    /// What `route` puts on a lead that has `tags`.
    fn of(route: &Route, tags: &[String], view: &EntityView) -> Self {
        let fresh = route.tags.iter().filter(|tag| !tags.contains(tag));
        Self {
            tags: fresh.cloned().collect(),
            smart_plan: route.smart_plan.clone(),
            along: route.along(view),
        }
    }
}

impl Plan {
    /// The person comes back to the agent who has them: no turn, no deadline (D-30 c).
    pub fn returning(agent: &AgentId) -> Self {
        Self::assign(agent, How::Returning, By::Returning, Decision::default())
    }

    /// Rests in the pool, because nothing is known of its entity any more.
    pub fn nowhere_to_go() -> Self {
        Self::pool(Otherwise::NoRoute, Decision::default())
    }

    /// Rests in the pool, because what should become of it cannot be worked out.
    pub fn needs_attention() -> Self {
        Self::pool(Otherwise::NeedsAttention, Decision::default())
    }

    /// Tells the board everybody's limits.
    fn cap(mut self, view: &EntityView, now: DateTime<Utc>) -> Self {
        let Then::Step(step) = &mut self.then else { return self };
        for candidate in &mut step.candidates {
            if let Some(agent) = view.agents.get(&candidate.agent) {
                candidate.caps = agent.caps(now, view.entity.zone, view.entity.week_starts);
            }
        }
        self
    }

    /// Everybody who could be picked, with their limits.
    pub fn limits(&self) -> Vec<(AgentId, Vec<Cap>)> {
        let Then::Step(step) = &self.then else { return Vec::new() };
        let open = step.candidates.iter().filter(|candidate| candidate.eligible);
        open.map(|candidate| (candidate.agent.clone(), candidate.caps.clone())).collect()
    }

    /// Leaves out who is at a limit; `false`: that leaves nobody to pick.
    pub fn leave_out(&mut self, at_limit: &[AgentId]) -> bool {
        self.decision.leave_out(at_limit);
        let Then::Step(step) = &mut self.then else { return true };
        for candidate in &mut step.candidates {
            candidate.eligible &= !at_limit.contains(&candidate.agent);
        }
        step.candidates.iter().any(|candidate| candidate.eligible)
    }

    fn pool(why: Otherwise, decision: Decision) -> Self {
        Self { then: Then::Pool(Rest::in_pool(why)), decision }
    }

    fn hold(why: Otherwise) -> Self {
        Self { then: Then::Hold(why), decision: Decision::default() }
    }

    /// `agent` has the lead, by no route.
    fn assign(agent: &AgentId, how: How, by: By, mut decision: Decision) -> Self {
        if !decision.candidates.iter().any(|candidate| candidate.agent == *agent) {
            let verdict = CandidateVerdict::Eligible;
            decision.candidates.push(Considered { agent: agent.clone(), verdict, by: None });
        }
        let step = Step {
            route: None,
            pick: Pick::First,
            by,
            candidates: vec![Candidate::open(agent)],
            assign: Some(how),
            window: TimeDelta::zero(),
            reroutes: 0,
            marks: None,
        };
        Self { then: Then::Step(step), decision }
    }

    /// The same, on a route.
    fn on(mut self, route: &Route, reroutes: u32, marks: Option<Marks>) -> Self {
        if let Then::Step(step) = &mut self.then {
            step.route = Some(route.id.clone());
            step.window = route.claim_within.delta();
            step.reroutes = reroutes;
            step.marks = marks;
        }
        self
    }
}
