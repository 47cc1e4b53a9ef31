//! When the board lost what the log did not have yet.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// The moments, as the faults note them down. The servers die long after a fault on a
/// large board begins, and more than once.
#[derive(Debug, Default)]
pub struct Forgotten(Mutex<Vec<DateTime<Utc>>>);

impl Forgotten {
    /// Whatever was decided until then and is not in the log by then may be gone.
    pub fn at(&self, moment: DateTime<Utc>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(moment);
    }

    /// All of them, from the first.
    pub fn all(&self) -> Vec<DateTime<Utc>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
