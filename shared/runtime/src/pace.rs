//! How fast somebody may come: a bucket of tokens, kept as the time until which
//! they are spent (GCRA).

use std::fmt::Write;
use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// After a quiet time so many seconds' worth may come at once: a batch of
/// 10,000 fits, even from a source of 200 per second.
pub const BURST_SECONDS: u32 = 60;
/// In which an empty bucket is full again.
const WHOLE: TimeDelta = TimeDelta::seconds(BURST_SECONDS as i64);
/// Nobody is put off for longer, however many wait before them.
const LONGEST_PUT_OFF: TimeDelta = TimeDelta::seconds(60);

/// So many per second, and a minute's worth of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub per_second: NonZeroU32,
}

impl Allowance {
    /// So many per second.
    pub fn per_second(per_second: NonZeroU32) -> Self {
        Self { per_second }
    }

    /// The most that may come at once.
    pub fn burst(self) -> u32 {
        self.per_second.get().saturating_mul(BURST_SECONDS)
    }

    fn each(self) -> TimeDelta {
        TimeDelta::nanoseconds((1_000_000_000 / i64::from(self.per_second.get())).max(1))
    }
}

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub left: u32,
    /// Until nothing is spent any more.
    pub full_in: Duration,
}

/// What somebody has spent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meter {
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
    pub fn wait(&mut self, allowed: Allowance, now: DateTime<Utc>) -> Option<Duration> {
        let over = self.spent(now) + allowed.each() - WHOLE;
        over.to_std().ok().filter(|over| !over.is_zero())
    }

    /// Counts one.
    pub fn take(&mut self, allowed: Allowance, now: DateTime<Utc>) {
        self.spent_until = now + self.spent(now) + allowed.each();
    }

    /// When somebody who may not come now should come again.
    pub fn put_off(&mut self, allowed: Allowance, now: DateTime<Utc>) -> Duration {
        let wait = self.wait(allowed, now).unwrap_or_default();
        let soonest = now + TimeDelta::from_std(wait).unwrap_or(LONGEST_PUT_OFF);
        let latest = now + LONGEST_PUT_OFF;
        self.expected = (self.expected + allowed.each()).clamp(soonest.min(latest), latest);
        (self.expected - now).to_std().unwrap_or_default()
    }

    /// What is left.
    pub fn standing(&mut self, allowed: Allowance, now: DateTime<Utc>) -> Standing {
        let spent = self.spent(now);
        let left = (WHOLE - spent).num_nanoseconds().unwrap_or(0)
            / allowed.each().num_nanoseconds().unwrap_or(1);
        let left = u32::try_from(left).unwrap_or(u32::MAX).min(allowed.burst());
        Standing { left, full_in: spent.to_std().unwrap_or_default() }
    }

    /// Whether it could as well be a new one.
    pub fn is_at_zero(&self, now: DateTime<Utc>) -> bool {
        self.spent_until <= now && self.expected <= now
    }
}

/// What is allowed to whom and what is left of it, as HTTP headers: the draft
/// standard of the HTTPAPI group.
pub fn headers(standings: &[(&str, Allowance, Standing)]) -> [(&'static str, String); 2] {
    let (mut policy, mut left) = (String::new(), String::new());
    for (whose, allowed, standing) in standings {
        let comma = if policy.is_empty() { "" } else { ", " };
        let quota = allowed.burst();
        let seconds = standing.full_in.as_millis().div_ceil(1_000);
        write!(policy, "{comma}\"{whose}\";q={quota};w={BURST_SECONDS}").ok();
        write!(left, "{comma}\"{whose}\";r={};t={seconds}", standing.left).ok();
    }
    [("ratelimit-policy", policy), ("ratelimit", left)]
}

/// For `Retry-After`: whole seconds, never too early.
pub fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
}
