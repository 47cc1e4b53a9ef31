//! A route: which leads it takes, when, and to whom they go.

use serde::{Deserialize, Serialize};

use crate::schedule::Closed;
use crate::{AgentId, Channel, Criteria, Invalid, RouteId, Schedule, Span, Strategy};

/// Longest title, in Unicode scalar values.
pub const LONGEST_TITLE: usize = 30;
/// Shortest and longest claim deadline.
pub const CLAIM_WITHIN: (Span, Span) = (Span::seconds(10), Span::seconds(30 * 86_400));

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
}

/// A route as sent by a program and as stored. `id` and `version` are ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    #[serde(default)]
    pub lender: Option<String>,
    /// The entity's version at the last edit of this route; what `ETag` carries.
    #[serde(default)]
    pub version: u64,
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
    Channel::ALL.to_vec()
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

    /// Refuses what could not work. `knows` tells whether an agent is one of
    /// the entity's.
    pub fn check(&self, knows: impl Fn(&AgentId) -> bool) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        invalid.check_name("/title", "title", &self.title, LONGEST_TITLE);
        let (shortest, longest) = CLAIM_WITHIN;
        if !(shortest..=longest).contains(&self.claim_within) {
            invalid.add("/claim_within", format!("must lie between {shortest} and {longest}"));
        }
        if self.channels.is_empty() {
            invalid.add("/channels", "name at least one channel");
        }
        invalid.check_filled("/tags", &self.tags);
        if let Some(schedule) = &self.schedule {
            invalid.absorb(under("/schedule", schedule.check()));
        }
        invalid.absorb(under("/criteria", self.criteria.check()));
        invalid.absorb(under("/strategy", self.strategy.check(&knows)));
        if let Some(timeout) = self.timeout.as_ref().filter(|timeout| !knows(&timeout.agent)) {
            invalid.add(
                "/timeout/agent",
                format!("`{}` is not an agent of this entity", timeout.agent),
            );
        }
        if let OnExhausted::Agent(agent) = &self.on_exhausted
            && !knows(agent)
        {
            invalid.add("/on_exhausted/agent", format!("`{agent}` is not an agent of this entity"));
        }
        invalid.into_result()
    }
}

/// Puts the fields of a part below the name that the part has in the whole.
fn under(prefix: &str, checked: Result<(), Invalid>) -> Result<(), Invalid> {
    checked.map_err(|mut invalid| {
        for problem in &mut invalid.0 {
            problem.field.insert_str(0, prefix);
        }
        invalid
    })
}

/// Why a route does not work at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inactive {
    Paused,
    Dates,
    Schedule,
}
