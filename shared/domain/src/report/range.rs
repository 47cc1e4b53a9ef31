//! The time of which a report tells, by the entity's calendar.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::limit::first_instant;

/// Which leads are counted, by when they were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Since the first of the month.
    Month,
    /// Since the first of January.
    Year,
    All,
    /// Both days included; either end may be open.
    Custom {
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    },
}

/// From (inclusive) until (exclusive); `None`: open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

/// Dates that make no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the range ends on {to}, before it begins on {from}")]
pub struct RangeError {
    from: NaiveDate,
    to: NaiveDate,
}

impl Range {
    /// The range as instants. Days are those of `zone`.
    pub fn bounds(self, now: DateTime<Utc>, zone: Tz) -> Result<Bounds, RangeError> {
        let began = |day: NaiveDate| first_instant(day.and_time(NaiveTime::MIN), zone);
        let today = now.with_timezone(&zone).date_naive();
        let month = today.with_day(1).unwrap_or(today);
        let since = |day: NaiveDate| Bounds { from: Some(began(day)), until: None };
        match self {
            Self::Month => Ok(since(month)),
            Self::Year => Ok(since(month.with_month(1).unwrap_or(month))),
            Self::All => Ok(Bounds::default()),
            Self::Custom { from: Some(from), to: Some(to) } if to < from => {
                Err(RangeError { from, to })
            }
            Self::Custom { from, to } => {
                let after = |day: NaiveDate| day.checked_add_days(Days::new(1)).unwrap_or(day);
                Ok(Bounds { from: from.map(began), until: to.map(after).map(began) })
            }
        }
    }
}
