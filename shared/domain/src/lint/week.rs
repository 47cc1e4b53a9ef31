//! Stretches of the coming year, folded into one week of the entity's zone.

use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::openings::{Openings, Table};

pub(super) const WEEK: usize = 7 * 24 * 60;
const MINUTES: i64 = 7 * 24 * 60;
/// The epoch was a Thursday; weeks begin on Monday.
const MONDAY: i64 = 3 * 24 * 60;

/// Minutes of the week, from (inclusive) to (exclusive). One that begins on
/// Sunday may end after it began anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: usize,
    pub(super) to: usize,
    /// In how many weeks of the year; `None`: in all.
    pub(super) weeks: Option<u32>,
}

impl Range {
    pub(super) fn minutes(&self) -> usize {
        if self.to > self.from { self.to - self.from } else { self.to + WEEK - self.from }
    }

    pub(super) fn facts(&self) -> Value {
        let time = |minute: usize| {
            let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][minute / 1_440 % 7];
            format!("{day} {:02}:{:02}", minute % 1_440 / 60, minute % 60)
        };
        let weeks = self.weeks.map_or(json!("all"), |weeks| json!(weeks));
        json!({ "from": time(self.from), "to": time(self.to), "weeks": weeks })
    }
}

/// How often every minute of the week lies in `open`.
fn counts(open: &Openings, zone: Tz, table: &Table<'_>) -> Vec<u32> {
    let mut counts = vec![0; WEEK];
    for stretch in table.stretches(zone) {
        for (from, to) in open.iter() {
            let minute = |at: i64| (at + stretch.offset).div_euclid(60) + MONDAY;
            let (from, to) = (from.max(stretch.from), to.min(stretch.to));
            for at in minute(from)..minute(to) {
                counts[usize::try_from(at.rem_euclid(MINUTES)).unwrap_or(0)] += 1;
            }
        }
    }
    counts
}

/// The minutes of the week that lie in `open` in at least one week.
pub(super) fn fold(open: &Openings, zone: Tz, table: &Table<'_>) -> Vec<Range> {
    let found = counts(open, zone, table);
    let most = counts(&Openings::all(table.horizon), zone, table);
    let weeks = |minute: usize| (found[minute] < most[minute]).then_some(found[minute]);
    let mut ranges: Vec<Range> = Vec::new();
    for minute in (0..WEEK).filter(|minute| found[*minute] > 0) {
        let weeks = weeks(minute);
        match ranges.last_mut() {
            Some(last) if last.to == minute && last.weeks == weeks => last.to = minute + 1,
            _ => ranges.push(Range { from: minute, to: minute + 1, weeks }),
        }
    }
    join_ends(&mut ranges);
    ranges
}

/// Sunday night and Monday morning are one.
fn join_ends(ranges: &mut Vec<Range>) {
    if ranges.len() < 2 {
        return;
    }
    let (first, last) = (ranges[0].clone(), ranges[ranges.len() - 1].clone());
    if first.from == 0 && last.to == WEEK && first.weeks == last.weeks {
        ranges.remove(0);
        if let Some(last) = ranges.last_mut() {
            last.to = first.to;
        }
    }
}
