//! At most so many messages per second.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// After a quiet time so many seconds' worth of messages may go at once.
const BURST: Duration = Duration::from_secs(1);

/// Spreads messages evenly, as the leaky bucket of ATM does (GCRA).
#[derive(Debug)]
pub(super) struct Rate {
    /// Between two messages; zero: no limit.
    interval: Duration,
    next: Mutex<Instant>,
}

impl Rate {
    pub(super) fn new(per_second: Option<NonZeroU32>) -> Self {
        let between = |many: NonZeroU32| Duration::from_secs(1) / many.get();
        let interval = per_second.map_or(Duration::ZERO, between);
        Self { interval, next: Mutex::new(Instant::now()) }
    }

    /// Waits until another message may go. `false`: not before `end`; nothing was
    /// waited for, and others can have the time.
    pub(super) async fn ready(&self, end: Option<Instant>) -> bool {
        let now = Instant::now();
        let Some(slot) = self.reserve(now, end) else { return false };
        if slot.may_go > now {
            sleep_until(slot.may_go).await;
        }
        slot.use_up();
        true
    }

    /// The time of the next message; `None`: it lies after `end`.
    fn reserve(&self, now: Instant, end: Option<Instant>) -> Option<Slot<'_>> {
        let mut next = self.lock();
        let at = (*next).max(now);
        // A message that is early by less than the burst need not wait.
        let may_go = at.checked_sub(BURST.saturating_sub(self.interval)).unwrap_or(now);
        if may_go > now && end.is_some_and(|end| may_go > end) {
            return None;
        }
        *next = at + self.interval;
        Some(Slot { rate: self, at, may_go })
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of one message. Dropped before it was used, it goes to the next who
/// asks, unless somebody has the one after it already.
#[derive(Debug)]
struct Slot<'a> {
    rate: &'a Rate,
    at: Instant,
    may_go: Instant,
}

impl Slot<'_> {
    fn use_up(self) {
        std::mem::forget(self);
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut next = self.rate.lock();
        if *next == self.at + self.rate.interval {
            *next = self.at;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn rate(per_second: u32) -> Rate {
        Rate::new(NonZeroU32::new(per_second))
    }

    /// How long another message has to wait.
    fn wait(rate: &Rate, now: Instant) -> Duration {
        let slot = rate.reserve(now, None).unwrap();
        let wait = slot.may_go - now;
        slot.use_up();
        wait
    }

    #[tokio::test]
    async fn a_seconds_worth_goes_at_once_and_then_one_after_the_other() {
        let (rate, now) = (rate(10), Instant::now());
        let waits: Vec<Duration> = (0..14).map(|_| wait(&rate, now)).collect();
        assert!(waits[..10].iter().all(Duration::is_zero), "{waits:?}");
        let rest: Vec<_> = waits[10..].iter().map(Duration::as_millis).collect();
        assert!(rest.windows(2).all(|pair| pair[1] - pair[0] == 100), "{rest:?}");
    }

    #[tokio::test]
    async fn a_quiet_time_gives_no_more_than_one_second() {
        let (rate, now) = (rate(10), Instant::now() + Duration::from_hours(1));
        assert_eq!((0..50).filter(|_| wait(&rate, now).is_zero()).count(), 10);
    }

    #[tokio::test]
    async fn without_a_limit_nobody_waits() {
        let rate = Rate::new(None);
        let now = Instant::now();
        assert!((0..10_000).all(|_| wait(&rate, now).is_zero()));
    }

    #[tokio::test]
    async fn what_comes_too_late_for_one_is_left_to_another() {
        let (rate, now) = (rate(1), Instant::now());
        assert!(wait(&rate, now).is_zero());
        let end = Some(now + Duration::from_millis(500));
        assert!((0..50).all(|_| rate.reserve(now, end).is_none()));
        assert_eq!(wait(&rate, now), Duration::from_secs(1));
    }

    #[tokio::test]
    async fn one_who_is_gone_before_their_time_leaves_it_to_the_next() {
        let (rate, now) = (rate(1), Instant::now());
        assert!(wait(&rate, now).is_zero());
        assert_eq!(rate.ready(None).now_or_never(), None);
        assert_eq!(wait(&rate, now), Duration::from_secs(1));
    }

    #[tokio::test]
    async fn nobody_goes_together_with_another_because_one_before_them_is_gone() {
        let (rate, now) = (rate(1), Instant::now());
        let gone = rate.reserve(now, None).unwrap();
        let stays = rate.reserve(now, None).unwrap();
        drop(gone);
        assert_eq!(wait(&rate, now), Duration::from_secs(2));
        assert_eq!(stays.may_go, now + Duration::from_secs(1));
    }
}
