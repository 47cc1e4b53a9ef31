//! Instants that somebody else names.

use chrono::{DateTime, Datelike, Utc};

/// Whether calendars and clocks reckon well with it, days before and after
/// included. JSON may name years that no calendar of ours reaches beyond.
pub fn is_in_reach(at: DateTime<Utc>) -> bool {
    (1970..3000).contains(&at.year())
}
