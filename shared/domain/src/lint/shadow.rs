//! Routes that others come before: shadowed, overridden, overlapping.

use std::sync::Arc;

use serde_json::json;

use super::covers::{Whence, all_sources};
use super::{Code, Finding, Severity, words};
use crate::openings::{Openings, Table};
use crate::{EntityView, Route, Strategy};

/// The active routes in the order in which they are asked (D-3).
fn in_order(view: &EntityView) -> Vec<&Route> {
    let mut routes: Vec<&Route> =
        view.routes.iter().map(Arc::as_ref).filter(|route| route.active).collect();
    routes.sort_by_key(|route| !route.strategy.is_assign_to_agent());
    routes
}

pub(super) fn check(view: &EntityView, open: &Table<'_>) -> Vec<Finding> {
    let routes = in_order(view);
    let sources = all_sources(view);
    let mut found = Vec::new();
    for (place, route) in routes.iter().enumerate() {
        let before = &routes[..place];
        if let Some(by) = shadowing(route, before, &sources, view, open) {
            found.push(shadowed(route, &by));
        } else if route.strategy.is_assign_to_agent() {
            let rivals = |other: &&&Route| collide(route, other, &sources, view, open);
            let overlapping: Vec<&Route> = before.iter().filter(rivals).copied().collect();
            found.extend(overlap(route, &overlapping));
        }
        if route.strategy.is_assign_to_agent() {
            let stands_above = |other: &&Arc<Route>| {
                other.active
                    && !other.strategy.is_assign_to_agent()
                    && collide(route, other, &sources, view, open)
            };
            let above = view.routes.iter().take_while(|other| other.id != route.id);
            let above: Vec<&Route> = above.filter(stands_above).map(Arc::as_ref).collect();
            found.extend(overrides(route, &above));
        }
    }
    found
}

/// The routes that together come first for everything that `route` could take.
fn shadowing<'a>(
    route: &Route,
    before: &[&'a Route],
    sources: &[Whence<'_>],
    view: &EntityView,
    open: &Table<'_>,
) -> Option<Vec<&'a Route>> {
    let own = open.of_route(route);
    if own.is_empty() || route.is_default() {
        return None;
    }
    let wider: Vec<&Route> =
        before.iter().filter(|other| other.criteria.holds(&route.criteria)).copied().collect();
    let mut by: Vec<&Route> = Vec::new();
    for source in sources.iter().filter(|source| route.criteria.serves(**source, view)) {
        let mut left = own.clone();
        for other in wider.iter().filter(|other| other.criteria.serves(*source, view)) {
            let rest = left.without(open.of_route(other));
            if rest != left && !by.iter().any(|known| known.id == other.id) {
                by.push(other);
            }
            left = rest;
            if left.is_empty() {
                break;
            }
        }
        if !left.is_empty() {
            return None;
        }
    }
    (!by.is_empty()).then_some(by)
}

/// Whether one lead could be taken by both at one time.
fn collide(
    one: &Route,
    other: &Route,
    sources: &[Whence<'_>],
    view: &EntityView,
    open: &Table<'_>,
) -> bool {
    let serves = |route: &Route, source| route.criteria.serves(source, view);
    let times: (&Openings, &Openings) = (open.of_route(one), open.of_route(other));
    one.criteria.may_share(&other.criteria)
        && sources.iter().any(|source| serves(one, *source) && serves(other, *source))
        && times.0.meets(times.1)
}

/// Whether the next route never has its turn, whoever is away (D-4).
fn lets_nothing_by(route: &Route) -> bool {
    let insists = route.even_if_paused && route.strategy.is_assign_to_agent();
    route.exclusive || insists || route.strategy.pond().is_some()
}

fn shadowed(route: &Route, by: &[&Route]) -> Finding {
    let never = by.iter().all(|other| lets_nothing_by(other));
    let ids: Vec<_> = by.iter().map(|other| &other.id).collect();
    let facts = json!({ "by": ids, "gets_leftovers": !never });
    let message = words::shadowed(route, by, never);
    Finding::new(Severity::Warning, Code::Shadowed, message, facts).about(route)
}

fn overlap(route: &Route, others: &[&Route]) -> Option<Finding> {
    let ids: Vec<_> = others.iter().map(|other| &other.id).collect();
    let facts = json!({ "first": ids });
    let message = words::assignments_overlap(route, others);
    let finding = Finding::new(Severity::Note, Code::AssignmentsOverlap, message, facts);
    (!others.is_empty()).then(|| finding.about(route))
}

fn overrides(route: &Route, above: &[&Route]) -> Option<Finding> {
    let Strategy::AssignToAgent { agent } = &route.strategy else { return None };
    let ids: Vec<_> = above.iter().map(|other| &other.id).collect();
    let facts = json!({ "overrides": ids, "agent": agent });
    let message = words::assignment_overrides(route, above);
    let finding = Finding::new(Severity::Note, Code::AssignmentOverrides, message, facts);
    (!above.is_empty()).then(|| finding.about(route))
}
