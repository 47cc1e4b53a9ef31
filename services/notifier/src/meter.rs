//! How many notices went out, what became of them, and how long they took.

use std::time::Duration;

use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::{KeyValue, global};
use tipoff_domain::Channel;
use tipoff_domain::notified::Became;

/// What became of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Result {
    Sent,
    /// No longer worth telling.
    Obsolete,
    /// The same, as another notice stands in its place.
    Replaced,
    Retried,
    Failed,
    /// The entity has so much under way that others go first.
    PutOff,
}

impl Result {
    /// What is noted of the notice; nothing where nothing was tried, or where what became
    /// of the notice in its place is.
    pub(crate) const fn noted(self) -> Option<Became> {
        match self {
            Self::Sent => Some(Became::Sent),
            Self::Obsolete => Some(Became::Obsolete),
            Self::Retried => Some(Became::Retried),
            Self::Failed => Some(Became::Failed),
            Self::Replaced | Self::PutOff => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Obsolete | Self::Replaced => "obsolete",
            Self::Retried => "retried",
            Self::Failed => "failed",
            Self::PutOff => "put_off",
        }
    }
}

/// The instruments of one channel: `tipoff_notifications_total{channel,result}`
/// and `tipoff_notification_seconds{channel}`.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    channel: Channel,
    count: Counter<u64>,
    seconds: Histogram<f64>,
}

impl Meter {
    pub(crate) fn new(channel: Channel) -> Self {
        let meter = global::meter("tipoff-notifier");
        let count = meter
            .u64_counter("tipoff_notifications")
            .with_description("Notices handled, by what became of them");
        let seconds = meter.f64_histogram("tipoff_notification").with_unit("s");
        Self {
            channel,
            count: count.build(),
            seconds: seconds.with_description("How long sending took").build(),
        }
    }

    pub(crate) fn count(&self, result: Result, took: Duration) {
        let channel = KeyValue::new("channel", self.channel.as_str());
        self.count.add(1, &[channel.clone(), KeyValue::new("result", result.as_str())]);
        if result == Result::Sent {
            self.seconds.record(took.as_secs_f64(), &[channel]);
        }
    }
}
