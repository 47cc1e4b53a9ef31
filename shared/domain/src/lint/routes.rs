//! What is odd about one route, whatever the others are like.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde_json::json;

use super::{Code, Finding, Severity, words};
use crate::openings::{DAY, Stretch, Table, date, within};
use crate::schedule::{Day, Window};
use crate::{Agent, AgentId, EntityView, Route, Schedule, Span, Strategy};

pub(super) fn check(view: &EntityView, open: &Table<'_>, now: DateTime<Utc>) -> Vec<Finding> {
    let mut found = Vec::new();
    for route in view.routes.iter().filter(|route| !route.is_default()) {
        let about = |finding: Finding| finding.about(route);
        if !route.active {
            found.extend(paused_with_dates(route, now).map(about));
            continue;
        }
        found.extend(dates(route, open, now).map(about));
        found.extend(skipped_windows(route, open).map(about));
        found.extend(nobody(route, view, now).map(about));
        found.extend(unreachable(route, view).map(about));
        found.extend(timeout(route, view).map(about));
    }
    found
}

/// The last day on which the route could work, if it ends at all.
fn last_day(route: &Route) -> Option<NaiveDate> {
    route.schedule.as_ref()?.ranges().iter().map(|range| range.to).max()
}

fn today(route: &Route, now: DateTime<Utc>) -> Option<NaiveDate> {
    route.schedule.as_ref().map(|schedule| now.with_timezone(&schedule.zone).date_naive())
}

fn paused_with_dates(route: &Route, now: DateTime<Utc>) -> Option<Finding> {
    let (last, today) = last_day(route).zip(today(route, now))?;
    let ranges = route.schedule.as_ref().map(Schedule::ranges).unwrap_or_default();
    let to_come: Vec<_> = ranges.iter().filter(|range| range.to >= today).collect();
    let first = to_come.iter().map(|range| range.from).min()?;
    let facts = json!({ "dates": to_come });
    let message = words::paused_with_dates(route, first, last);
    Some(Finding::new(Severity::Warning, Code::PausedWithDates, message, facts))
}

fn dates(route: &Route, open: &Table<'_>, now: DateTime<Utc>) -> Option<Finding> {
    if let (Some(last), Some(today)) = (last_day(route), today(route, now))
        && last < today
    {
        let message = words::dates_over(route, last);
        let facts = json!({ "last": last });
        return Some(Finding::new(Severity::Note, Code::DatesOver, message, facts));
    }
    let ranges = route.schedule.as_ref().map(Schedule::ranges).unwrap_or_default();
    let horizon = DateTime::from_timestamp(open.horizon.to, 0).unwrap_or(now).date_naive();
    let later = ranges.iter().any(|range| range.to >= horizon);
    (open.of_route(route).is_empty() && !later).then(|| {
        let message = words::never_active(route);
        Finding::new(Severity::Warning, Code::NeverActive, message, json!({}))
    })
}

/// Windows that lie in an hour which clocks skip: closed on that day (D-13).
fn skipped_windows(route: &Route, open: &Table<'_>) -> Option<Finding> {
    let schedule = route.schedule.as_ref()?;
    let stretches = open.stretches(schedule.zone);
    let mut skipped = Vec::new();
    for (before, after) in stretches.iter().zip(stretches.iter().skip(1)) {
        skipped.extend(skipped_by(schedule, before, after));
    }
    let facts = json!({ "zone": schedule.zone, "skipped": skipped.iter().map(|(day, from, to)| {
        json!({ "date": day, "from": words::clock(*from), "to": words::clock(*to) })
    }).collect::<Vec<_>>() });
    let first = *skipped.first()?;
    let message = words::window_skipped(route, schedule.zone, first);
    Some(Finding::new(Severity::Warning, Code::WindowSkipped, message, facts))
}

/// The windows (in minutes) of the day on which clocks go forward from `before` to `after`.
fn skipped_by<'a>(
    schedule: &'a Schedule,
    before: &Stretch,
    after: &Stretch,
) -> impl Iterator<Item = (NaiveDate, u32, u32)> + use<'a> {
    let (gap, end) = (before.to + before.offset, after.from + after.offset);
    let day = gap.div_euclid(DAY);
    let today = date(day);
    let works = gap < end
        && schedule.days.contains(&Day::of(today.weekday()))
        && within(schedule.ranges(), today);
    let windows = schedule.hours.windows().iter().filter(move |_| works);
    windows.map(Window::minutes).filter_map(move |(from, to)| {
        let at = |minute: u32| day * DAY + i64::from(minute) * 60;
        (at(from) >= gap && at(to) <= end).then_some((today, from, to))
    })
}

fn members<'a>(route: &'a Route, view: &'a EntityView) -> Vec<&'a AgentId> {
    route.strategy.members(view.agents.keys())
}

fn is_off(route: &Route, agent: &Agent, now: DateTime<Utc>) -> bool {
    let insists = route.even_if_paused && route.strategy.is_assign_to_agent();
    !insists && (agent.is_paused(now) || agent.paused_on.contains(&route.id))
}

fn nobody(route: &Route, view: &EntityView, now: DateTime<Utc>) -> Option<Finding> {
    if route.strategy.pond().is_some() {
        return None;
    }
    let members = members(route, view);
    let (known, unknown): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|agent| view.agents.contains_key(*agent));
    let is_off =
        |agent: &&AgentId| view.agents.get(*agent).is_some_and(|it| is_off(route, it, now));
    let (off, on): (Vec<&AgentId>, Vec<&AgentId>) = known.into_iter().partition(is_off);
    if on.iter().any(|agent| route.strategy.weight(agent) > 0) {
        return None;
    }
    let facts = json!({ "paused": off, "unknown": unknown });
    let message = words::nobody_can_take(route, &off, &unknown);
    Some(Finding::new(Severity::Error, Code::NobodyCanTake, message, facts))
}

fn unreachable(route: &Route, view: &EntityView) -> Option<Finding> {
    let missed: Vec<&AgentId> = members(route, view)
        .into_iter()
        .filter(|agent| view.agents.contains_key(*agent))
        .filter(|agent| view.is_out_of_reach(agent, &route.channels))
        .collect();
    let facts = json!({ "agents": missed, "channels": route.channels });
    let message = words::unreachable_on_route(route, &missed);
    (!missed.is_empty())
        .then(|| Finding::new(Severity::Warning, Code::UnreachableOnRoute, message, facts))
}

/// The timeout should leave everybody their time: 5 agents of 3 minutes need 15.
fn timeout(route: &Route, view: &EntityView) -> Option<Finding> {
    let timeout = route.timeout.as_ref().filter(|_| route.asks())?;
    let can = |agent: &&&AgentId| {
        view.agents.get(**agent).is_some_and(|agent| !agent.paused)
            && route.strategy.weight(agent) > 0
    };
    let asked = members(route, view).iter().filter(can).count();
    let rounds = if matches!(route.strategy, Strategy::JumpBall { .. }) { 1 } else { asked };
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
    let needs = Span::seconds(route.claim_within.as_seconds().saturating_mul(rounds));
    let facts = json!({
        "after": timeout.after, "needs": needs, "claim_within": route.claim_within, "agents": asked,
    });
    let message = words::timeout_too_short(route, timeout.after, needs, rounds);
    (timeout.after < needs)
        .then(|| Finding::new(Severity::Warning, Code::TimeoutTooShort, message, facts))
}
