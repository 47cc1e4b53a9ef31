//! Times, and what stands at the end of them.

use chrono::{DateTime, TimeDelta, Utc};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Durations in milliseconds, to three digits, of up to an hour.
pub(super) struct Times(Histogram<u64>);

impl Times {
    pub(super) fn none() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_max(3_600_000, 3)?))
    }

    pub(super) fn note(&mut self, took: TimeDelta) {
        let ms = u64::try_from(took.num_milliseconds()).unwrap_or(0);
        self.0.saturating_record(ms);
    }

    /// Percentiles by name.
    pub(super) fn summary(&self) -> Value {
        let at = |quantile| self.0.value_at_quantile(quantile);
        json!({"p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": self.0.max()})
    }
}

/// So many in that time, per second.
pub(super) fn rate(count: u64, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    let ms = u64::try_from((to - from).num_milliseconds()).unwrap_or(0).max(1);
    count * 1_000 / ms
}
