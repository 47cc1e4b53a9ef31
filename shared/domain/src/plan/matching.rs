//! Which routes take a lead, and in which order they are asked.

use chrono::{DateTime, Utc};

use crate::decision::RouteConsidered;
use crate::route::{AfterClose, Inactive};
use crate::{EntityView, Lead, Route, RouteId, RouteVerdict};

/// What became of every route, and those that match, the first to be asked first.
pub(super) struct Matched<'a> {
    pub(super) considered: Vec<RouteConsidered>,
    pub(super) routes: Vec<&'a Route>,
    /// Those that hold their leads and would match if they were open now.
    pub(super) closed: Vec<(&'a Route, Inactive)>,
}

impl Matched<'_> {
    pub(super) fn chosen(&mut self, id: &RouteId) {
        self.note(id, RouteVerdict::Matched);
    }

    pub(super) fn waits(&mut self, id: &RouteId) {
        self.note(id, RouteVerdict::Waits);
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
    let (mut routes, mut closed) = (Vec::<&Route>::new(), Vec::new());
    let failing = view.routes.failing(lead, |source| view.sources.contains_key(source));
    for (route, failing) in view.routes.iter().zip(failing) {
        let verdict = match route.admits(now) {
            Ok(()) => {
                if failing.is_none() {
                    routes.push(route);
                }
                failing.map_or(RouteVerdict::Outranked, RouteVerdict::from)
            }
            Err(why) => {
                let holds = route.after_close != AfterClose::Reroute;
                if holds && failing.is_none() {
                    closed.push((&**route, why));
                }
                why.into()
            }
        };
        considered.push(RouteConsidered { route: route.id.clone(), verdict });
    }
    routes.sort_by_key(|route| !route.strategy.is_assign_to_agent());
    Matched { considered, routes, closed }
}
