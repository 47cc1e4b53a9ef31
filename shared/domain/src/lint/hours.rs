//! Hours of the week in which no route takes what a source sends.

use std::sync::Arc;

use serde_json::{Value, json};

use super::covers::{Whence, all_sources};
use super::week::{Range, fold};
use super::{Code, Finding, Severity, words};
use crate::openings::{Openings, Table};
use crate::{EntityView, NoMatch, Route};

/// What no route takes from a source, and what only some routes' criteria let by.
struct Cover<'a> {
    source: Whence<'a>,
    nothing: Openings,
    partly: Openings,
}

pub(super) fn check(view: &EntityView, open: &Table<'_>) -> Vec<Finding> {
    if !view.routes.iter().any(|route| route.active && !route.is_default()) {
        let message = words::no_routes(view);
        return vec![Finding::new(Severity::Note, Code::NoRoutes, message, json!({}))];
    }
    let covers: Vec<Cover<'_>> =
        all_sources(view).into_iter().map(|source| cover(source, view, open)).collect();
    let all = Openings::all(open.horizon);
    let (nowhere, some): (Vec<_>, Vec<_>) =
        covers.into_iter().partition(|cover| cover.nothing == all);
    let mut found: Vec<Finding> =
        nowhere.iter().map(|cover| source_nowhere(cover.source, view)).collect();
    for (missing, code) in [(false, Code::UncoveredHours), (true, Code::PartlyCoveredHours)] {
        let times = |cover: &Cover<'_>| {
            if missing { cover.partly.clone() } else { cover.nothing.clone() }
        };
        found.extend(
            grouped(&some, times, view, open)
                .into_iter()
                .map(|(sources, ranges)| hours(code, &sources, &ranges, view)),
        );
    }
    found
}

fn cover<'a>(source: Whence<'a>, view: &EntityView, open: &Table<'_>) -> Cover<'a> {
    let takes = |route: &&Arc<Route>| {
        route.active && !route.is_default() && route.criteria.serves(source, view)
    };
    let union = |routes: &mut dyn Iterator<Item = &Arc<Route>>| {
        routes.fold(Openings::default(), |sum, route| sum.and(open.of_route(route)))
    };
    let any = union(&mut view.routes.iter().filter(takes));
    let whole =
        union(&mut view.routes.iter().filter(takes).filter(|it| it.criteria.only_sources()));
    Cover {
        source,
        nothing: Openings::all(open.horizon).without(&any),
        partly: any.without(&whole),
    }
}

/// Sources that lack the same hours, together.
fn grouped<'a>(
    covers: &[Cover<'a>],
    times: impl Fn(&Cover<'a>) -> Openings,
    view: &EntityView,
    open: &Table<'_>,
) -> Vec<(Vec<Whence<'a>>, Vec<Range>)> {
    let mut groups: Vec<(Openings, Vec<Whence<'a>>)> = Vec::new();
    for cover in covers {
        let times = times(cover);
        match groups.iter_mut().find(|(known, _)| *known == times) {
            Some((_, sources)) => sources.push(cover.source),
            None if times.is_empty() => {}
            None => groups.push((times, vec![cover.source])),
        }
    }
    let folded = |(times, sources): (Openings, Vec<Whence<'a>>)| {
        (sources, fold(&times, view.entity.zone, open))
    };
    groups.into_iter().map(folded).collect()
}

fn hours(code: Code, sources: &[Whence<'_>], ranges: &[Range], view: &EntityView) -> Finding {
    let only_without = sources == [None];
    let severity = match code {
        Code::UncoveredHours if !only_without => missed(view),
        _ => Severity::Note,
    };
    let minutes: usize = ranges.iter().map(Range::minutes).sum();
    let listed: Vec<Value> = ranges.iter().map(Range::facts).collect();
    let facts = json!({ "zone": view.entity.zone, "hours": listed, "minutes": minutes });
    let message = words::hours(code, sources, ranges, view);
    let mut finding = Finding::new(severity, code, message, facts);
    finding.sources = sources.iter().map(|source| source.cloned()).collect();
    finding
}

fn source_nowhere(source: Whence<'_>, view: &EntityView) -> Finding {
    let paused =
        view.routes.iter().filter(|route| !route.active && route.criteria.serves(source, view));
    let paused: Vec<&Route> = paused.map(Arc::as_ref).collect();
    let ids: Vec<_> = paused.iter().map(|route| &route.id).collect();
    let severity = if source.is_some() { missed(view) } else { Severity::Note };
    let message = words::source_nowhere(source, &paused, view);
    let facts = json!({ "paused": ids });
    let mut finding = Finding::new(severity, Code::SourceNowhere, message, facts);
    finding.sources = vec![source.cloned()];
    finding
}

/// What no route takes rests in the pool, or goes by the default route (D-6).
fn missed(view: &EntityView) -> Severity {
    match view.entity.no_match {
        NoMatch::Pool => Severity::Warning,
        NoMatch::DefaultRoute => Severity::Note,
    }
}
