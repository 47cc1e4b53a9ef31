//! Hours in which an agent does not want to be woken.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::schedule::{Day, every_day, hhmm};

/// From (inclusive) to (exclusive) on the days named; what ends before it began
/// ends on the day after (D-17).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// Left out, the agent's, else the entity's.
    #[serde(default)]
    pub zone: Option<Tz>,
    /// On which they begin.
    #[serde(default = "every_day")]
    pub days: Vec<Day>,
    #[serde(with = "hhmm")]
    pub from: NaiveTime,
    #[serde(with = "hhmm")]
    pub to: NaiveTime,
}

impl QuietHours {
    /// Whether the agent is not to be woken at `now`.
    pub fn cover(&self, now: DateTime<Utc>, usual: Tz) -> bool {
        let local = now.with_timezone(&self.zone.unwrap_or(usual));
        let on = |date: chrono::NaiveDate| self.days.contains(&Day::of(date.weekday()));
        let (today, time) = (local.date_naive(), local.time());
        let time = time.with_nanosecond(0).unwrap_or(time);
        if self.from < self.to {
            return on(today) && (self.from..self.to).contains(&time);
        }
        on(today) && time >= self.from || on(today - TimeDelta::days(1)) && time < self.to
    }

    /// Refuses hours of no length and those of no day.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        if self.from == self.to {
            invalid.add("/to", "must differ from `from`; pause instead to be left alone all day");
        }
        if self.days.is_empty() {
            invalid.add("/days", "name at least one day");
        }
        invalid.into_result()
    }
}
