//! Which routes take a lead, and in which order they are asked.

use chrono::{DateTime, Utc};

use crate::decision::RouteConsidered;
use crate::{EntityView, Lead, Route, RouteId, RouteVerdict};

/// What became of every route, and those that match, the first to be asked first.
pub(super) struct Matched<'a> {
    pub(super) considered: Vec<RouteConsidered>,
    pub(super) routes: Vec<&'a Route>,
}

impl Matched<'_> {
    pub(super) fn chosen(&mut self, id: &RouteId) {
        self.note(id, RouteVerdict::Matched);
    }

    pub(super) fn nobody(&mut self, id: &RouteId) {
        self.note(id, RouteVerdict::NobodyEligible);
    }

    fn note(&mut self, id: &RouteId, verdict: RouteVerdict) {
        if let Some(route) = self.considered.iter_mut().find(|route| route.route == *id) {
            route.verdict = verdict;
        }
    }
}

/// Holds the lead against every route. Assign-to-Agent routes come first,
/// wherever they stand on the list (D-3).
pub(super) fn match_routes<'a>(
    lead: &Lead,
    view: &'a EntityView,
    now: DateTime<Utc>,
) -> Matched<'a> {
    let mut considered = Vec::with_capacity(view.routes.len());
    let mut routes: Vec<&Route> = Vec::new();
    for route in &view.routes {
        let verdict = match examine(route, lead, view, now) {
            Ok(()) => {
                routes.push(route);
                RouteVerdict::Outranked
            }
            Err(verdict) => verdict,
        };
        considered.push(RouteConsidered { route: route.id.clone(), verdict });
    }
    routes.sort_by_key(|route| !route.strategy.is_assign_to_agent());
    Matched { considered, routes }
}

fn examine(
    route: &Route,
    lead: &Lead,
    view: &EntityView,
    now: DateTime<Utc>,
) -> Result<(), RouteVerdict> {
    route.admits(now)?;
    let knows = |source: &crate::SourceId| view.sources.contains_key(source);
    route.criteria.first_failing(lead, knows).map_or(Ok(()), |criterion| Err(criterion.into()))
}
