//! When routes are open: stretches of time as the world's clock runs.
//!
//! Local windows become exact stretches, one piece of constant distance from
//! UTC at a time, so that skipped and repeated hours come out as D-13 has them.

use chrono::{DateTime, Days, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use crate::schedule::{DateRanges, Dates, Day, Window};
use crate::{EntityView, Route, Schedule};

pub(crate) const DAY: i64 = 86_400;
/// What is looked at: whole weeks, so that every minute of the week counts alike.
pub(crate) const WEEKS: i64 = 52;

/// The time that is looked at, in seconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizon {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Horizon {
    pub(crate) fn from(now: DateTime<Utc>) -> Self {
        Self::of_days(now, WEEKS * 7)
    }

    pub(crate) fn of_days(now: DateTime<Utc>, days: i64) -> Self {
        let from = now.timestamp().div_euclid(60) * 60;
        Self { from, to: from + days * DAY }
    }
}

/// From (inclusive) to (exclusive) in seconds; in order, never touching.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Openings(Vec<(i64, i64)>);

impl Openings {
    pub(crate) fn all(horizon: Horizon) -> Self {
        Self(vec![(horizon.from, horizon.to)])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Pieces must come in order of their beginnings.
    fn push(&mut self, (from, to): (i64, i64)) {
        if from >= to {
            return;
        }
        match self.0.last_mut() {
            Some((_, end)) if *end >= from => *end = to.max(*end),
            _ => self.0.push((from, to)),
        }
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut pieces: Vec<_> = self.0.iter().chain(&other.0).copied().collect();
        pieces.sort_unstable();
        let mut both = Self::default();
        for piece in pieces {
            both.push(piece);
        }
        both
    }

    pub(crate) fn without(&self, other: &Self) -> Self {
        let mut left = Self::default();
        let mut cuts = other.0.iter().peekable();
        for &(mut from, to) in &self.0 {
            while cuts.next_if(|(_, end)| *end <= from).is_some() {}
            while let Some(&&(cut, end)) = cuts.peek().filter(|(cut, _)| *cut < to) {
                left.push((from, cut.min(to)));
                from = end;
                if end >= to {
                    break;
                }
                cuts.next();
            }
            left.push((from, to));
        }
        left
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.without(other) != *self
    }
}

/// A stretch in which a zone's clocks keep their distance from UTC.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// What to add to UTC, in seconds.
    pub(crate) offset: i64,
}

fn offset(zone: Tz, at: i64) -> i64 {
    let instant = DateTime::from_timestamp(at, 0).unwrap_or_default().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&instant).fix().local_minus_utc())
}

pub(crate) fn stretches(zone: Tz, horizon: Horizon) -> Vec<Stretch> {
    let mut found = Vec::new();
    let mut from = horizon.from;
    let mut at = from;
    while at < horizon.to {
        let next = (at + DAY).min(horizon.to);
        let before = offset(zone, at);
        if offset(zone, next) != before {
            let change = first_other(zone, at, next, before);
            found.push(Stretch { from, to: change, offset: before });
            from = change;
        }
        at = next;
    }
    if from < horizon.to {
        found.push(Stretch { from, to: horizon.to, offset: offset(zone, from) });
    }
    found
}

/// The first second after `low` whose offset is not `before`; `high` is one.
fn first_other(zone: Tz, mut low: i64, mut high: i64, before: i64) -> i64 {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if offset(zone, middle) == before { low = middle } else { high = middle }
    }
    high
}

/// The local date of that many days since the epoch.
pub(crate) fn date(day: i64) -> NaiveDate {
    let since = Days::new(u64::try_from(day).unwrap_or(0));
    NaiveDate::default().checked_add_days(since).unwrap_or_default()
}

pub(crate) fn within(dates: &[Dates], date: NaiveDate) -> bool {
    dates.is_empty() || dates.iter().any(|range| (range.from..=range.to).contains(&date))
}

impl Schedule {
    /// The ranges it is bound to; empty: none.
    pub(crate) fn ranges(&self) -> &[Dates] {
        self.dates.as_ref().map(DateRanges::ranges).unwrap_or_default()
    }

    pub(crate) fn openings(&self, stretches: &[Stretch]) -> Openings {
        let all_day = [(0, DAY)];
        let second = |window: &Window| {
            let (from, to) = window.minutes();
            (i64::from(from) * 60, i64::from(to) * 60)
        };
        let mut windows: Vec<_> = self.hours.windows().iter().map(second).collect();
        windows.sort_unstable();
        let windows = if windows.is_empty() { all_day.as_slice() } else { &windows };
        let mut open = Openings::default();
        for stretch in stretches {
            let (first, last) = (stretch.from + stretch.offset, stretch.to + stretch.offset);
            for day in first.div_euclid(DAY)..=(last - 1).div_euclid(DAY) {
                let today = date(day);
                if !self.days.contains(&Day::of(chrono::Datelike::weekday(&today)))
                    || !within(self.ranges(), today)
                {
                    continue;
                }
                for (from, to) in windows {
                    let from = (day * DAY + from).max(first) - stretch.offset;
                    open.push((from, (day * DAY + to).min(last) - stretch.offset));
                }
            }
        }
        open
    }
}

/// When every route is open, in list order; never while it is paused.
pub(crate) struct Table<'a> {
    pub(crate) horizon: Horizon,
    zones: Vec<(Tz, Vec<Stretch>)>,
    schedules: Vec<(Option<&'a Schedule>, Openings)>,
}

impl<'a> Table<'a> {
    pub(crate) fn of(view: &'a EntityView, horizon: Horizon) -> Self {
        let mut table =
            Self { horizon, zones: Vec::new(), schedules: vec![(None, Openings::all(horizon))] };
        table.know(view.entity.zone);
        for schedule in view.routes.iter().filter_map(|route| route.schedule.as_ref()) {
            table.know(schedule.zone);
            if !table.schedules.iter().any(|(known, _)| *known == Some(schedule)) {
                let open = schedule.openings(table.stretches(schedule.zone));
                table.schedules.push((Some(schedule), open));
            }
        }
        table
    }

    fn know(&mut self, zone: Tz) {
        if !self.zones.iter().any(|(known, _)| *known == zone) {
            self.zones.push((zone, stretches(zone, self.horizon)));
        }
    }

    pub(crate) fn stretches(&self, zone: Tz) -> &[Stretch] {
        let found = self.zones.iter().find(|(known, _)| *known == zone);
        found.map(|(_, stretches)| stretches.as_slice()).unwrap_or_default()
    }

    /// The openings that its schedule gives a route, whether it is paused or not.
    pub(crate) fn of_route(&self, route: &Route) -> &Openings {
        let schedule = route.schedule.as_ref();
        let found = self.schedules.iter().find(|(known, _)| *known == schedule);
        found.map_or(&self.schedules[0].1, |(_, open)| open)
    }
}
