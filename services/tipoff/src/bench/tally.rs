//! Times, and what stands at the end of them.

use std::time::Duration;

use chrono::TimeDelta;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Durations of up to an hour, to the microsecond and three digits.
pub(super) struct Times(Histogram<u64>);

const HOUR_IN_US: u64 = 3_600_000_000;

impl Times {
    pub(super) fn none() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_max(HOUR_IN_US, 3)?))
    }

    pub(super) fn of(all: impl IntoIterator<Item = Duration>) -> anyhow::Result<Self> {
        let mut times = Self::none()?;
        for took in all {
            times.note(took);
        }
        Ok(times)
    }

    pub(super) fn note(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    /// What is negative counts as nothing.
    pub(super) fn note_delta(&mut self, took: TimeDelta) {
        self.note(took.to_std().unwrap_or_default());
    }

    /// Percentiles in milliseconds, and how many times they are made of.
    pub(super) fn summary(&self) -> Value {
        let at = |quantile| ms(self.0.value_at_quantile(quantile));
        json!({
            "count": self.0.len(), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999),
            "max": ms(self.0.max()),
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an hour has fewer microseconds than a float digits"
)]
fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

/// So many in that time, per second.
#[expect(clippy::cast_precision_loss, reason = "counts of leads are far below 2^52")]
pub(super) fn rate(count: u64, took: Duration) -> f64 {
    rounded(count as f64 / took.as_secs_f64().max(0.001), 1)
}

/// To that many digits behind the point.
pub(super) fn rounded(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (value * unit).round() / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_in_milliseconds() {
        let times = Times::of((1..=1_000).map(Duration::from_micros)).expect("a histogram");
        let summary = times.summary();
        assert_eq!((&summary["count"], &summary["max"]), (&json!(1_000), &json!(1.0)));
        assert!((summary["p50"].as_f64().unwrap_or_default() - 0.5).abs() < 0.001, "{summary}");
    }

    #[test]
    fn a_rate_is_per_second() {
        assert!((rate(500, Duration::from_millis(250)) - 2_000.0).abs() < f64::EPSILON);
    }
}
