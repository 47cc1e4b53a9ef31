//! How many leads an agent takes: per hour, day, week or month, or at once.

use chrono::{
    DateTime, Datelike, MappedLocalTime, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike,
    Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::schedule::Day;

/// The span that a limit counts over. Spans follow the calendar of the entity's
/// zone; weeks begin on the entity's day (D-20).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Hour,
    #[default]
    Day,
    Week,
    Month,
    /// What the agent has now, whenever it came.
    Open,
}

/// At most `count` leads in every `period`; 0 means none at all (D-20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    pub count: u32,
    #[serde(default)]
    pub period: Period,
}

/// A limit at one moment, as the board counts: fewer than `count` since then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// `None`: what the agent has now.
    pub since: Option<DateTime<Utc>>,
    pub count: u32,
}

impl Limit {
    /// The limit as it counts at `now` in `zone`, where weeks begin on `week_starts`.
    pub fn at(self, now: DateTime<Utc>, zone: Tz, week_starts: Day) -> Cap {
        Cap { since: self.period.began(now, zone, week_starts), count: self.count }
    }
}

impl Period {
    /// When the span that `now` lies in began.
    fn began(self, now: DateTime<Utc>, zone: Tz, week_starts: Day) -> Option<DateTime<Utc>> {
        let local = now.with_timezone(&zone);
        let today = local.date_naive();
        let day = match self {
            Self::Open => return None,
            Self::Hour => {
                let into_it = i64::from(local.minute() * 60 + local.second());
                let hour = now - TimeDelta::seconds(into_it);
                return Some(hour.with_nanosecond(0).unwrap_or(hour));
            }
            Self::Day => today,
            Self::Week => {
                let into_it = today.weekday().days_since(week_starts.weekday());
                today - TimeDelta::days(i64::from(into_it))
            }
            Self::Month => today.with_day(1).unwrap_or(today),
        };
        Some(first_instant(day.and_time(NaiveTime::MIN), zone))
    }
}

/// The first instant at or after a local time, where clocks may skip or repeat it.
pub(crate) fn first_instant(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let quarters = (0..=12).map(|quarters| local + TimeDelta::minutes(15 * quarters));
    let found =
        quarters.map(|time| zone.from_local_datetime(&time)).find_map(|found| match found {
            MappedLocalTime::Single(one) | MappedLocalTime::Ambiguous(one, _) => Some(one.to_utc()),
            MappedLocalTime::None => None,
        });
    found.unwrap_or_else(|| local.and_utc())
}
