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

/// Dates that make no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the range ends on {to}, before it begins on {from}")]
pub struct RangeError {
    from: NaiveDate,
    to: NaiveDate,
}

impl Range {
    /// From (inclusive) to (exclusive); `None`: open. Days are those of `zone`.
    pub fn bounds(
        self,
        now: DateTime<Utc>,
        zone: Tz,
    ) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>), RangeError> {
        let began = |day: NaiveDate| first_instant(day.and_time(NaiveTime::MIN), zone);
        let today = now.with_timezone(&zone).date_naive();
        let month = today.with_day(1).unwrap_or(today);
        match self {
            Self::Month => Ok((Some(began(month)), None)),
            Self::Year => Ok((Some(began(month.with_month(1).unwrap_or(month))), None)),
            Self::All => Ok((None, None)),
            Self::Custom { from: Some(from), to: Some(to) } if to < from => {
                Err(RangeError { from, to })
            }
            Self::Custom { from, to } => {
                let after = |day: NaiveDate| day.checked_add_days(Days::new(1)).unwrap_or(day);
                Ok((from.map(began), to.map(after).map(began)))
            }
        }
    }
}
