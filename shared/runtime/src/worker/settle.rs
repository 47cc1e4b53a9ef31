//! Turning what a handler says into one acknowledgement.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{AckKind, Message};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::FutureExt;
use tipoff_wire::{Dead, Stream};
use tokio::time::{Instant, interval_at, timeout};
use tracing::{error, warn};

use super::measure::Measures;
use super::{Delivery, Handler, Outcome, WorkerLimits};
use crate::publish::PATIENCE;
use crate::{Clock, Nats, PublishError, Publisher};

/// How long until a message that could not be set aside comes again.
const BURY_AGAIN_IN: Duration = Duration::from_secs(5);

/// Deliveries after which a message over which a handler panics is set aside,
/// however patient the worker is with what is away.
const MOST_PANICS: i64 = 5;

pub(super) struct Settler {
    publisher: Publisher,
    clock: Clock,
    stream: Stream,
    consumer: String,
    ack_wait: Duration,
    most_deliveries: i64,
    pub(super) measures: Measures,
}

impl Settler {
    pub(super) fn new(nats: Nats, clock: Clock, limits: &WorkerLimits) -> Self {
        let measures = Measures::new(limits.stream.name(), &limits.durable);
        Self {
            publisher: Publisher::new(nats),
            clock,
            stream: limits.stream,
            consumer: limits.durable.clone(),
            ack_wait: limits.ack_wait,
            most_deliveries: limits.most_deliveries,
            measures,
        }
    }

    /// Has one message handled, and says so to JetStream. Answers how long the
    /// handler took, if it is done with it.
    pub(super) async fn see_through<H: Handler>(
        &self,
        handler: &H,
        mut message: Message,
    ) -> Option<Duration> {
        let delivery = match delivery(&mut message) {
            Ok(delivery) => delivery,
            Err(error) => {
                error!(error = &*error as &dyn std::error::Error, "not a message of a consumer");
                return None;
            }
        };
        let message = &message;
        let begun = Instant::now();
        let outcome = self.handle(handler, message, delivery.clone()).await;
        let took = begun.elapsed();
        self.measures.handled(outcome.as_ref(), took);
        let done_in = (outcome == Some(Outcome::Done)).then_some(took);
        match outcome {
            Some(Outcome::Done) => self.acknowledge(message, AckKind::Ack).await,
            Some(Outcome::NotNow(pause)) => {
                self.acknowledge(message, AckKind::Nak(Some(pause))).await;
            }
            Some(Outcome::RetryIn(pause)) if delivery.deliveries < self.most_deliveries => {
                self.acknowledge(message, AckKind::Nak(Some(pause))).await;
            }
            Some(Outcome::RetryIn(_)) => {
                let reason = format!("tried {} times without success", delivery.deliveries);
                self.set_aside(message, &delivery, reason).await;
            }
            Some(Outcome::GiveUp(reason)) => self.set_aside(message, &delivery, reason).await,
            None if delivery.deliveries < self.most_deliveries.min(MOST_PANICS) => {}
            None => {
                let reason = "the handler panicked every time".to_owned();
                self.set_aside(message, &delivery, reason).await;
            }
        }
        done_in
    }

    /// Lets somebody else have it, now.
    pub(super) async fn hand_back(&self, message: &Message) {
        self.acknowledge(message, AckKind::Nak(None)).await;
    }

    /// Keeps the message ours for as long as the handler takes. `None`: it panicked.
    async fn handle<H: Handler>(
        &self,
        handler: &H,
        message: &Message,
        delivery: Delivery,
    ) -> Option<Outcome> {
        let mut work = std::pin::pin!(AssertUnwindSafe(handler.handle(delivery)).catch_unwind());
        let half = (self.ack_wait / 2).max(Duration::from_millis(1));
        let mut progress = interval_at(Instant::now() + half, half);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done.inspect_err(|_| error!("a handler panicked")).ok(),
                _ = progress.tick() => self.acknowledge(message, AckKind::Progress).await,
            }
        }
    }

    async fn acknowledge(&self, message: &Message, kind: AckKind) {
        // Without a connection the client may block; the message then comes again.
        match timeout(PATIENCE, message.ack_with(kind)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(
                error = &*error as &dyn std::error::Error,
                "not acknowledged, it will come again"
            ),
            Err(_) => warn!("not acknowledged in time, it will come again"),
        }
    }

    /// Copies the message to DEAD; only then is it done with.
    async fn set_aside(&self, message: &Message, delivery: &Delivery, reason: String) {
        error!(
            reason,
            sequence = delivery.sequence,
            deliveries = delivery.deliveries,
            "setting a message aside in DEAD"
        );
        match self.bury(delivery, reason).await {
            Ok(()) => self.acknowledge(message, AckKind::Ack).await,
            Err(error) => {
                error!(
                    error = &error as &dyn std::error::Error,
                    "it could not be set aside, trying again"
                );
                self.acknowledge(message, AckKind::Nak(Some(BURY_AGAIN_IN))).await;
            }
        }
    }

    async fn bury(&self, delivery: &Delivery, reason: String) -> Result<(), PublishError> {
        let mut dead = Dead {
            at: self.clock.now(),
            stream: self.stream.name().to_owned(),
            subject: delivery.subject.to_string(),
            sequence: delivery.sequence,
            consumer: self.consumer.clone(),
            error: reason,
            deliveries: delivery.deliveries,
            body: STANDARD.encode(&delivery.body),
        };
        match self.publish(&dead).await {
            // Too large as Base64, most likely. Where it is, it can still be read.
            Err(PublishError::Refused { .. }) if !dead.body.is_empty() => {
                dead.body.clear();
                dead.error.push_str(
                    " (the message itself did not fit; read it from its stream by its sequence)",
                );
                self.publish(&dead).await
            }
            settled => settled,
        }
    }

    async fn publish(&self, dead: &Dead) -> Result<(), PublishError> {
        let id = format!("{}:{}:{}", dead.stream, dead.consumer, dead.sequence);
        let body = serde_json::to_vec(dead).expect("plain text and numbers are always JSON");
        let subject = Dead::subject_for(self.stream);
        self.publisher
            .publish(subject, &id, None, HeaderMap::new(), Bytes::from(body))
            .await
            .map(drop)
    }
}

/// Takes the headers out of the message; what answers it needs none.
fn delivery(message: &mut Message) -> Result<Delivery, async_nats::Error> {
    let info = message.info()?;
    let (sequence, published, deliveries) = (info.stream_sequence, info.published, info.delivered);
    Ok(Delivery {
        subject: message.subject.clone(),
        headers: Arc::new(message.message.headers.take().unwrap_or_default()),
        body: message.payload.clone(),
        sequence,
        published,
        deliveries,
    })
}
