//! A route: which leads it takes, when, and to whom they go.

use serde::{Deserialize, Serialize};

use crate::invalid::under;
use crate::preview::Part;
use crate::schedule::Closed;
use crate::strategy::{Everyone, Recipients, RollOn, check_each};
use crate::{
    AgentId, Channel, Criteria, EntityView, Invalid, LenderId, PondId, RouteId, Schedule, Span,
    Strategy,
};

/// Longest title, in Unicode scalar values.
pub const LONGEST_TITLE: usize = 30;
/// Shortest and longest claim deadline.
pub const CLAIM_WITHIN: (Span, Span) = (Span::seconds(10), Span::seconds(30 * 86_400));

/// The id of the route that takes what no other takes (D-6).
pub const DEFAULT: &str = "default";
/// The latest after its opening that a route goes on with what it held.
const LONGEST_STAGGER: Span = Span::minutes(60);
/// Shortest time after which the timeout agent may get a lead.
const SHORTEST_TIMEOUT: Span = Span::seconds(15);

/// When nobody accepted in time, `agent` gets the lead without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeout {
    /// Counted from the route's first offer of the lead.
    pub after: Span,
    pub agent: AgentId,
}

/// Where a lead goes when everybody was asked and nobody took it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExhausted {
    #[default]
    Pool,
    Agent(AgentId),
    Pond(PondId),
    /// Another route takes it up, with everybody left out who was asked.
    Route(RouteId),
}

/// What happens to a lead on its way when the route closes (D-16).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterClose {
    /// Its offer ends as it was promised; after that the routes are matched anew.
    #[default]
    Reroute,
    /// Its clock stands still until the route opens again, and goes on up to so
    /// much later, each lead at another moment. A lead that comes in meanwhile
    /// and that no other route takes waits for the opening, too.
    Hold(Span),
}

/// A route as sent by a program and as stored. `id` and `version` are ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that a person turns")]
pub struct Route {
    #[serde(default = "unnamed")]
    pub id: RouteId,
    pub title: String,
    #[serde(default = "yes")]
    pub active: bool,
    /// `null`: always.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    #[serde(default)]
    pub criteria: Criteria,
    pub strategy: Strategy,
    #[serde(default = "fifteen_minutes")]
    pub claim_within: Span,
    /// Whether an agent is asked first; if not, the chosen one simply has the lead.
    #[serde(default = "yes")]
    pub acceptance: bool,
    #[serde(default)]
    pub timeout: Option<Timeout>,
    #[serde(default)]
    pub on_exhausted: OnExhausted,
    #[serde(default = "every_channel")]
    pub channels: Vec<Channel>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub smart_plan: Option<String>,
    /// Comes before the agent's own (kvCORE).
    #[serde(default)]
    pub lender: Option<LenderId>,
    /// Of each group one goes along with every lead, in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub co_assign: Vec<Vec<LenderId>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub after_close: AfterClose,
    /// What agents see of a lead before they have it; left out, all but contact details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Vec<Part>>,
    /// When none of its agents can take a lead it goes to the pool, not to the next route (D-4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exclusive: bool,
    /// Assign to Agent also while the agent is paused (D-4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub even_if_paused: bool,
    /// Agents who may change this route, pause it, and pause others on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managers: Vec<AgentId>,
    /// The entity's version at the last edit of this route; what `ETag` carries.
    #[serde(default)]
    pub version: u64,
}

fn is_default<T: Default + PartialEq>(it: &T) -> bool {
    *it == T::default()
}

fn unnamed() -> RouteId {
    "new".parse().expect("`new` is a name")
}

fn yes() -> bool {
    true
}

fn fifteen_minutes() -> Span {
    Span::minutes(15)
}

fn every_channel() -> Vec<Channel> {
    Channel::OF_ROUTES.to_vec()
}

impl Route {
    /// Whether the route works at `now`, and if not, what keeps it from it.
    pub fn admits(&self, now: chrono::DateTime<chrono::Utc>) -> Result<(), Inactive> {
        if !self.active {
            return Err(Inactive::Paused);
        }
        match self.schedule.as_ref().map(|schedule| schedule.admits(now)) {
            Some(Err(Closed::Dates)) => Err(Inactive::Dates),
            Some(Err(Closed::Hours)) => Err(Inactive::Schedule),
            Some(Ok(())) | None => Ok(()),
        }
    }

    /// All leads that no other route takes, to all agents in turn, without asking (D-6).
    pub(crate) fn for_the_rest() -> Self {
        let agents = Recipients::Everyone(Everyone::All);
        Self {
            id: DEFAULT.parse().expect("`default` is a name"),
            title: "Default".to_owned(),
            active: true,
            schedule: None,
            criteria: Criteria::default(),
            strategy: Strategy::RoundRobin { agents, roll_on: RollOn::List },
            claim_within: fifteen_minutes(),
            acceptance: false,
            timeout: None,
            on_exhausted: OnExhausted::Pool,
            channels: every_channel(),
            tags: Vec::new(),
            smart_plan: None,
            lender: None,
            co_assign: Vec::new(),
            after_close: AfterClose::Reroute,
            preview: None,
            exclusive: false,
            even_if_paused: false,
            managers: Vec::new(),
            version: 0,
        }
    }

    /// Whether it was not given an id yet.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.id == unnamed()
    }

    /// Whether it is the route that takes what no other takes (D-6).
    pub fn is_default(&self) -> bool {
        self.id == *DEFAULT
    }

    /// Whether agents are asked before they have a lead.
    pub fn asks(&self) -> bool {
        self.acceptance && !self.strategy.is_assign_to_agent() && self.strategy.pond().is_none()
    }

    /// Whether the route names `agent` anywhere.
    pub fn names(&self, agent: &AgentId) -> bool {
        self.strategy.members(std::iter::empty()).contains(&agent)
            || self.timeout.as_ref().is_some_and(|timeout| timeout.agent == *agent)
            || matches!(&self.on_exhausted, OnExhausted::Agent(last) if last == agent)
    }

    /// Refuses what could not work in that entity.
    pub fn check(&self, view: &EntityView) -> Result<(), Invalid> {
        let knows = |agent: &AgentId| view.agents.contains_key(agent);
        let mut invalid = Invalid::default();
        invalid.check_name("/title", "title", &self.title, LONGEST_TITLE);
        let (shortest, longest) = CLAIM_WITHIN;
        if !(shortest..=longest).contains(&self.claim_within) {
            invalid.add("/claim_within", format!("must lie between {shortest} and {longest}"));
        }
        if matches!(self.after_close, AfterClose::Hold(late) if late > LONGEST_STAGGER) {
            invalid.add("/after_close/hold", format!("must be at most {LONGEST_STAGGER}"));
        }
        if self.channels.is_empty() {
            invalid.add("/channels", "name at least one channel");
        }
        invalid.check_filled("/tags", &self.tags);
        if let Some(schedule) = &self.schedule {
            invalid.absorb(under("/schedule", schedule.check()));
        }
        invalid.absorb(under("/criteria", self.criteria.check()));
        invalid.absorb(under("/strategy", self.strategy.check(view)));
        if let Some(lender) = self.lender.as_ref().filter(|one| !view.lenders.contains_key(*one)) {
            invalid.add("/lender", format!("`{lender}` is not a lender of this entity"));
        }
        check_each("/managers", &self.managers, &knows, &mut invalid);
        invalid.absorb(under("/co_assign", self.check_co_assign(view)));
        if self.timeout.is_none() && view.entity.office_hours.is_some() && self.asks() {
            let needed =
                "name an agent for leads outside of the office hours, or turn `acceptance` off";
            invalid.add("/timeout", needed);
        }
        if self.timeout.as_ref().is_some_and(|timeout| timeout.after < SHORTEST_TIMEOUT) {
            invalid.add("/timeout/after", format!("must be at least {SHORTEST_TIMEOUT}"));
        }
        if let Some(timeout) = self.timeout.as_ref().filter(|timeout| !knows(&timeout.agent)) {
            invalid.add(
                "/timeout/agent",
                format!("`{}` is not an agent of this entity", timeout.agent),
            );
        }
        let unknown = match &self.on_exhausted {
            OnExhausted::Agent(agent) if !knows(agent) => {
                Some(("agent", "an agent", agent.as_str()))
            }
            OnExhausted::Pond(pond) if !view.ponds.contains_key(pond) => {
                Some(("pond", "a pond", pond.as_str()))
            }
            OnExhausted::Route(route) if *route == self.id || view.route(route).is_none() => {
                Some(("route", "another route", route.as_str()))
            }
            _ => None,
        };
        if let Some((field, what, name)) = unknown {
            let problem = format!("`{name}` is not {what} of this entity");
            invalid.add(format!("/on_exhausted/{field}"), problem);
        }
        invalid.into_result()
    }
}

/// Why a route does not work at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inactive {
    Paused,
    Dates,
    Schedule,
}
