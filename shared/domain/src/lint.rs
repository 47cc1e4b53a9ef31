//! What is odd about an entity's configuration: hours that nobody covers,
//! routes that never get anything, agents whom nothing reaches.
//!
//! Nothing here is forbidden; saving is refused elsewhere. A finding says what
//! will happen, in words for people and in facts for programs.

mod covers;
mod hours;
mod people;
mod routes;
mod shadow;
mod week;
mod words;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::openings::Horizon;
use crate::{AgentId, EntityView, Locale, PondId, Route, RouteId, SourceId};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Cannot work as it stands.
    Error,
    /// Probably not what was meant.
    Warning,
    /// Good to know.
    Note,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// There is no active route at all.
    NoRoutes,
    /// Other routes come first for every lead that it could take (D-3).
    Shadowed,
    /// None of its agents can take a lead (D-4).
    NobodyCanTake,
    /// Some of its agents are reached by none of its channels.
    UnreachableOnRoute,
    /// The timeout comes before everybody was asked.
    TimeoutTooShort,
    /// An Assign-to-Agent route comes before routes that stand above it (D-3).
    AssignmentOverrides,
    /// Two Assign-to-Agent routes want the same leads at the same time (D-3).
    AssignmentsOverlap,
    /// A window that clocks skip on some days (D-13).
    WindowSkipped,
    /// No instant of the coming year lies in its schedule.
    NeverActive,
    DatesOver,
    /// Paused, though its dates are still to come.
    PausedWithDates,
    /// Hours in which no active route takes leads from a source.
    UncoveredHours,
    /// Hours in which only some leads from a source are taken.
    PartlyCoveredHours,
    /// No active route ever takes leads from a source.
    SourceNowhere,
    AgentWithoutRoute,
    AgentWithoutChannel,
    /// Nobody answered a test message yet.
    ChannelsNotConfirmed,
    PondWithoutMembers,
    /// Missed offers are to be told, but the entity has no admins.
    MissesToldToNobody,
}

/// The same in every language that people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub en: String,
    pub es: String,
}

impl Message {
    /// In that language.
    pub fn in_words(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en,
            Locale::Es => &self.es,
        }
    }
}

/// One thing that is odd, and what it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub severity: Severity,
    pub code: Code,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pond: Option<PondId>,
    /// `null` among them: leads without a source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Option<SourceId>>,
    pub message: Message,
    pub facts: Value,
}

impl Finding {
    fn new(severity: Severity, code: Code, message: Message, facts: Value) -> Self {
        let (route, agent, pond, sources) = (None, None, None, Vec::new());
        Self { severity, code, route, agent, pond, sources, message, facts }
    }

    fn about(mut self, route: &Route) -> Self {
        self.route = Some(route.id.clone());
        self
    }
}

/// Everything that is odd, the worst first. `now`: the year that is looked at
/// begins there.
pub fn lint(view: &EntityView, now: DateTime<Utc>) -> Vec<Finding> {
    let horizon = Horizon::from(now);
    let open = crate::openings::Table::of(view, horizon);
    let mut found = routes::check(view, &open, now);
    found.extend(shadow::check(view, &open));
    found.extend(hours::check(view, &open));
    found.extend(people::check(view));
    found.sort_by_key(|finding| finding.severity);
    found
}

/// What saving `route` brings about: everything odd about it, and what was not
/// odd before. It replaces the route of its id, or stands last.
pub fn warnings_for(route: &Route, view: &EntityView, now: DateTime<Utc>) -> Vec<Finding> {
    let before = lint(view, now);
    let after = lint(&with(route, view), now);
    let news =
        |finding: &Finding| finding.route.as_ref() == Some(&route.id) || !before.contains(finding);
    after.into_iter().filter(news).collect()
}

fn with(route: &Route, view: &EntityView) -> EntityView {
    let mut view = view.clone();
    let saved = std::sync::Arc::new(route.clone());
    if let Some(place) = view.routes.iter_mut().find(|known| known.id == route.id) {
        *place = saved;
        return view;
    }
    let last = view.routes.iter().position(|known| known.is_default());
    let last = last.unwrap_or(view.routes.len());
    view.routes.insert(last, saved);
    view
}
