//! At most so many messages per second.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// After a quiet time so many seconds' worth of messages may go at once.
const BURST: Duration = Duration::from_secs(1);

/// Spreads messages evenly, as the leaky bucket of ATM does (GCRA).
#[derive(Debug)]
pub(super) struct Rate {
    /// Between two messages; `None`: no limit.
    interval: Option<Duration>,
    next: Mutex<Instant>,
}

impl Rate {
    pub(super) fn new(per_second: Option<NonZeroU32>) -> Self {
        let interval = per_second.map(|many| Duration::from_secs(1) / many.get());
        Self { interval, next: Mutex::new(Instant::now()) }
    }

    /// Waits until another message may go.
    pub(super) async fn ready(&self) {
        if let Some(at) = self.reserve(Instant::now()) {
            sleep_until(at).await;
        }
    }

    /// When the next message may go; `None`: now.
    fn reserve(&self, now: Instant) -> Option<Instant> {
        let interval = self.interval?;
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (*next).max(now);
        *next = at + interval;
        // A message that is early by less than the burst need not wait.
        let may_go = at.checked_sub(BURST.saturating_sub(interval))?;
        (may_go > now).then_some(may_go)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32) -> Rate {
        Rate::new(NonZeroU32::new(per_second))
    }

    #[tokio::test]
    async fn a_seconds_worth_goes_at_once_and_then_one_after_the_other() {
        let (rate, now) = (rate(10), Instant::now());
        let waits: Vec<Duration> =
            (0..14).map(|_| rate.reserve(now).map_or(Duration::ZERO, |at| at - now)).collect();
        assert!(waits[..10].iter().all(Duration::is_zero), "{waits:?}");
        let rest: Vec<_> = waits[10..].iter().map(Duration::as_millis).collect();
        assert!(rest.windows(2).all(|pair| pair[1] - pair[0] == 100), "{rest:?}");
    }

    #[tokio::test]
    async fn a_quiet_time_gives_no_more_than_one_second() {
        let (rate, now) = (rate(10), Instant::now() + Duration::from_hours(1));
        assert_eq!((0..50).filter(|_| rate.reserve(now).is_none()).count(), 10);
    }

    #[tokio::test]
    async fn without_a_limit_nobody_waits() {
        let rate = Rate::new(None);
        let now = Instant::now();
        assert!((0..10_000).all(|_| rate.reserve(now).is_none()));
    }
}
