//! How many messages, with what outcome, and how long they took.

use std::time::Duration;

use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::{KeyValue, global};

use super::Outcome;

pub(super) struct Measures {
    handled: Counter<u64>,
    took: Histogram<f64>,
    of: [KeyValue; 2],
}

impl Measures {
    pub(super) fn new(stream: &'static str, consumer: &str) -> Self {
        let meter = global::meter("tipoff");
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
            of: [KeyValue::new("stream", stream), KeyValue::new("consumer", consumer.to_owned())],
        }
    }

    /// `None`: the handler panicked.
    pub(super) fn handled(&self, outcome: Option<&Outcome>, took: Duration) {
        let outcome = match outcome {
            Some(Outcome::Done) => "done",
            Some(Outcome::RetryIn(_)) => "retry",
            Some(Outcome::NotNow(_)) => "not_now",
            Some(Outcome::GiveUp(_)) => "gave_up",
            None => "panicked",
        };
        let [stream, consumer] = self.of.clone();
        self.handled.add(1, &[stream, consumer, KeyValue::new("outcome", outcome)]);
        self.took.record(took.as_secs_f64(), &self.of);
    }
}
