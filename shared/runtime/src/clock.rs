//! The one way to ask for the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// The time of this process: the machine's, or one that a test moves.
///
/// It says which routes are open and what time people are shown. Who may still
/// claim is decided by the board's own clock, never by this one.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Milliseconds since the epoch, where a test holds the clock.
    held: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { held: None }
    }

    /// A clock that stands still until it is moved.
    pub fn held_at(instant: DateTime<Utc>) -> Self {
        Self { held: Some(Arc::new(AtomicI64::new(instant.timestamp_millis()))) }
    }

    /// What time it is, to the millisecond.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.held {
            Some(held) => {
                DateTime::from_timestamp_millis(held.load(Ordering::SeqCst)).unwrap_or_default()
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that asks the machine"
            )]
            None => Utc::now(),
        }
    }

    /// Moves a held clock forward; the machine's is left alone.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(held) = &self.held {
            held.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        }
    }
}
