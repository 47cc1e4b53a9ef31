//! Spans of time as people write them: `90s`, `15m`, `2h`, `1d12h`.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::invalid::shown;

/// A span of whole seconds, written as in `1d12h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    seconds: u32,
}

/// A span that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a time span: write days, hours, minutes and seconds as in `90s`, `15m`, `2h` or `1d12h`"
)]
pub struct BadSpan(String);

const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Span {
    /// A span of that many seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Self { seconds }
    }

    /// A span of that many minutes; saturates after 136 years.
    pub const fn minutes(minutes: u32) -> Self {
        Self { seconds: minutes.saturating_mul(60) }
    }

    /// Whole seconds.
    pub const fn as_seconds(self) -> u32 {
        self.seconds
    }

    /// Milliseconds, the unit of the board.
    pub const fn as_millis(self) -> i64 {
        self.seconds as i64 * 1_000
    }

    /// For arithmetic with instants.
    pub const fn delta(self) -> TimeDelta {
        TimeDelta::seconds(self.seconds as i64)
    }
}

impl FromStr for Span {
    type Err = BadSpan;

    /// Units must come in the order d, h, m, s, each at most once.
    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let bad = || BadSpan(shown(text, 40));
        let mut units = UNITS.iter();
        let mut total: u32 = 0;
        let mut digits = String::new();
        for c in text.trim().chars() {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            let (_, size) = units.find(|(unit, _)| *unit == c).ok_or_else(bad)?;
            let count: u32 = digits.parse().map_err(|_| bad())?;
            total = count.checked_mul(*size).and_then(|s| total.checked_add(s)).ok_or_else(bad)?;
            digits.clear();
        }
        let complete = digits.is_empty() && !text.trim().is_empty();
        if complete { Ok(Self { seconds: total }) } else { Err(bad()) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.seconds;
        for (unit, size) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Span {
    type Error = BadSpan;

    fn try_from(text: String) -> Result<Self, BadSpan> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}
