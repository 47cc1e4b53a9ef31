//! Instants that somebody else names.

use chrono::{DateTime, Datelike, Utc};

/// An instant with which calendars and clocks do not reckon well. JSON may name
/// years that no calendar of ours reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must lie between the years 1970 and 2999")]
pub struct OutOfReach;

/// The instant, if days before and after it can be reckoned with as well.
pub fn in_reach(at: DateTime<Utc>) -> Result<DateTime<Utc>, OutOfReach> {
    if (1970..3000).contains(&at.year()) { Ok(at) } else { Err(OutOfReach) }
}
