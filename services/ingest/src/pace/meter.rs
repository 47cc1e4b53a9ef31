//! One bucket of tokens, kept as the time until which they are spent (GCRA).

use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// After a quiet time so many seconds' worth may come at once: a batch of
/// 10,000 fits, even from a source of 200 per second.
pub(crate) const BURST_SECONDS: u32 = 60;
/// In which an empty bucket is full again.
const WHOLE: TimeDelta = TimeDelta::seconds(BURST_SECONDS as i64);
/// Nobody is put off for longer, however many wait before them.
const LONGEST_PUT_OFF: TimeDelta = TimeDelta::seconds(60);

/// So many per second, and a minute's worth of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) per_second: NonZeroU32,
}

impl Allowance {
    pub(crate) fn per_second(per_second: NonZeroU32) -> Self {
        Self { per_second }
    }

    /// The most that may come at once.
    pub(crate) fn burst(self) -> u32 {
        self.per_second.get().saturating_mul(BURST_SECONDS)
    }

    fn each(self) -> TimeDelta {
        TimeDelta::nanoseconds((1_000_000_000 / i64::from(self.per_second.get())).max(1))
    }
}

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) left: u32,
    /// Until nothing is spent any more.
    pub(crate) full_in: Duration,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Meter {
    spent_until: DateTime<Utc>,
    /// The time for which the last of those who were put off is expected back.
    expected: DateTime<Utc>,
}

impl Meter {
    /// Never further ahead than a whole bucket, even if the clock was set back.
    fn spent(&mut self, now: DateTime<Utc>) -> TimeDelta {
        let spent = (self.spent_until - now).clamp(TimeDelta::zero(), WHOLE);
        self.spent_until = now + spent;
        spent
    }

    /// How long until one more may come; `None`: now.
    pub(super) fn wait(&mut self, allowed: Allowance, now: DateTime<Utc>) -> Option<Duration> {
        let over = self.spent(now) + allowed.each() - WHOLE;
        over.to_std().ok().filter(|over| !over.is_zero())
    }

    pub(super) fn take(&mut self, allowed: Allowance, now: DateTime<Utc>) {
        self.spent_until = now + self.spent(now) + allowed.each();
    }

    /// When somebody who may not come now should come again.
    pub(super) fn put_off(&mut self, allowed: Allowance, now: DateTime<Utc>) -> Duration {
        let wait = self.wait(allowed, now).unwrap_or_default();
        let soonest = now + TimeDelta::from_std(wait).unwrap_or(LONGEST_PUT_OFF);
        let latest = now + LONGEST_PUT_OFF;
        self.expected = (self.expected + allowed.each()).clamp(soonest.min(latest), latest);
        (self.expected - now).to_std().unwrap_or_default()
    }

    pub(super) fn standing(&mut self, allowed: Allowance, now: DateTime<Utc>) -> Standing {
        let spent = self.spent(now);
        let left = (WHOLE - spent).num_nanoseconds().unwrap_or(0)
            / allowed.each().num_nanoseconds().unwrap_or(1);
        let left = u32::try_from(left).unwrap_or(u32::MAX).min(allowed.burst());
        Standing { left, full_in: spent.to_std().unwrap_or_default() }
    }

    pub(super) fn is_at_zero(&self, now: DateTime<Utc>) -> bool {
        self.spent_until <= now && self.expected <= now
    }
}
