//! How many messages, with what outcome, how long they took, and how many at once.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram};
use opentelemetry::{KeyValue, global};

use super::Outcome;

pub(super) struct Measures {
    handled: Counter<u64>,
    took: Histogram<f64>,
    at_once: Gauge<u64>,
    /// What it is counted under, by outcome.
    by: [[KeyValue; 3]; OUTCOMES.len()],
}

const OUTCOMES: [&str; 5] = ["done", "retry", "not_now", "gave_up", "panicked"];

impl Measures {
    pub(super) fn new(stream: &'static str, consumer: &str) -> Self {
        let meter = global::meter("tipoff");
        let consumer: Arc<str> = consumer.into();
        let by = |outcome: &'static str| {
            [
                KeyValue::new("stream", stream),
                KeyValue::new("consumer", consumer.clone()),
                KeyValue::new("outcome", outcome),
            ]
        };
        Self {
            handled: meter
                .u64_counter("tipoff_messages")
                .with_description("Messages handled, by outcome")
                .build(),
            took: meter
                .f64_histogram("tipoff_message_duration")
                .with_description("How long handling a message took")
                .with_unit("s")
                .build(),
            at_once: meter
                .u64_gauge("tipoff_messages_at_once")
                .with_description("How many messages may be in hand at the moment")
                .build(),
            by: OUTCOMES.map(by),
        }
    }

    /// `None`: the handler panicked.
    pub(super) fn handled(&self, outcome: Option<&Outcome>, took: Duration) {
        let by = &self.by[match outcome {
            Some(Outcome::Done) => 0,
            Some(Outcome::RetryIn(_)) => 1,
            Some(Outcome::NotNow(_)) => 2,
            Some(Outcome::GiveUp(_)) => 3,
            None => 4,
        }];
        self.handled.add(1, by);
        self.took.record(took.as_secs_f64(), &by[..2]);
    }

    pub(super) fn at_once(&self, seats: usize) {
        self.at_once.record(u64::try_from(seats).unwrap_or(u64::MAX), &self.by[0][..2]);
    }
}
