//! When a route is active.
//!
//! The instant is converted to local wall time and compared there; wall time is
//! never converted back (D-13). So a window in the hour that spring skips is
//! never open, and one in the hour that autumn repeats is open twice.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A weekday as in `mon`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    /// All seven.
    pub const ALL: [Self; 7] =
        [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    pub(crate) fn of(weekday: Weekday) -> Self {
        Self::ALL[weekday.num_days_from_monday() as usize]
    }

    pub(crate) fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Mon,
            Self::Tue => Weekday::Tue,
            Self::Wed => Weekday::Wed,
            Self::Thu => Weekday::Thu,
            Self::Fri => Weekday::Fri,
            Self::Sat => Weekday::Sat,
            Self::Sun => Weekday::Sun,
        }
    }
}

/// Minutes since local midnight.
type Minute = u32;

const END_OF_DAY: Minute = 24 * 60;

/// From (inclusive) to (exclusive) within one day. `23:59` as the end means the
/// end of the day (D-14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    #[serde(with = "hhmm")]
    pub from: NaiveTime,
    #[serde(with = "hhmm")]
    pub to: NaiveTime,
}

impl Window {
    pub(crate) fn minutes(&self) -> (Minute, Minute) {
        let minute = |time: NaiveTime| time.hour() * 60 + time.minute();
        let to = match minute(self.to) {
            last if last == END_OF_DAY - 1 => END_OF_DAY,
            other => other,
        };
        (minute(self.from), to)
    }
}

/// The hours of a day: all of them, one window or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Hours {
    All(All),
    One(Window),
    Several(Vec<Window>),
}

/// The word `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum All {
    All,
}

impl Default for Hours {
    fn default() -> Self {
        Self::All(All::All)
    }
}

impl Hours {
    pub(crate) fn windows(&self) -> &[Window] {
        match self {
            Self::All(_) => &[],
            Self::One(window) => std::slice::from_ref(window),
            Self::Several(windows) => windows,
        }
    }
}

/// First and last day, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dates {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// One range of dates or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DateRanges {
    One(Dates),
    Several(Vec<Dates>),
}

impl DateRanges {
    pub(crate) fn ranges(&self) -> &[Dates] {
        match self {
            Self::One(range) => std::slice::from_ref(range),
            Self::Several(ranges) => ranges,
        }
    }
}

/// When a route is active, in its own zone (D-12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    pub zone: Tz,
    #[serde(default = "every_day")]
    pub days: Vec<Day>,
    #[serde(default)]
    pub hours: Hours,
    #[serde(default)]
    pub dates: Option<DateRanges>,
}

pub(crate) fn every_day() -> Vec<Day> {
    Day::ALL.to_vec()
}

/// Why a schedule does not contain an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    Dates,
    Hours,
}

impl Schedule {
    /// Whether `now` lies inside, and if not, what excludes it.
    pub fn admits(&self, now: DateTime<Utc>) -> Result<(), Closed> {
        let local = now.with_timezone(&self.zone);
        if let Some(dates) = &self.dates {
            let today = local.date_naive();
            if !dates.ranges().iter().any(|range| (range.from..=range.to).contains(&today)) {
                return Err(Closed::Dates);
            }
        }
        if !self.days.contains(&Day::of(local.weekday())) {
            return Err(Closed::Hours);
        }
        let minute = local.hour() * 60 + local.minute();
        let open = |window: &Window| {
            let (from, to) = window.minutes();
            (from..to).contains(&minute)
        };
        let windows = self.hours.windows();
        let all_day = matches!(self.hours, Hours::All(_));
        if all_day || windows.iter().any(open) { Ok(()) } else { Err(Closed::Hours) }
    }

    /// Refuses windows that cross midnight or overlap (D-15), and empty ones.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        if self.days.is_empty() {
            invalid.add("/days", "name at least one day");
        }
        if matches!(&self.hours, Hours::Several(windows) if windows.is_empty()) {
            invalid.add("/hours", "give `all`, one window or several");
        }
        let windows = self.hours.windows();
        for (index, window) in windows.iter().enumerate() {
            let (from, to) = window.minutes();
            if from >= to {
                invalid.add(
                    format!("/hours/{index}"),
                    "must end after it begins on the same day; split a window that crosses midnight in two",
                );
            }
            for (earlier, other) in windows.iter().enumerate().take(index) {
                let (other_from, other_to) = other.minutes();
                if from < other_to && other_from < to {
                    invalid.add(
                        format!("/hours/{index}"),
                        format!("overlaps window {earlier} of the same route"),
                    );
                }
            }
        }
        let ranges = self.dates.as_ref().map(DateRanges::ranges).unwrap_or_default();
        for (index, range) in ranges.iter().enumerate() {
            if range.from > range.to {
                invalid.add(format!("/dates/{index}"), "must not end before it begins");
            }
        }
        invalid.into_result()
    }
}

/// Times of day as `09:00`; `24:00` is read as the end of the day.
pub(crate) mod hhmm {
    use chrono::{NaiveTime, Timelike};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
    pub(crate) fn serialize<S: Serializer>(time: &NaiveTime, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:02}:{:02}", time.hour(), time.minute()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(from)?;
        let text = if text == "24:00" { "23:59" } else { text.as_str() };
        NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| {
            D::Error::custom(format!("`{text}` is not a time of day: write it as 09:00 or 17:30"))
        })
    }
}
