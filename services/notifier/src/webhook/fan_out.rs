//! An event → one message per endpoint that wants to know.

use async_nats::HeaderMap;
use bytes::Bytes;
use chrono::TimeDelta;
use tipoff_roster::Roster;
use tipoff_runtime::{
    Clock, Delivery, Handler, Nats, Outcome, Publisher, WorkerError, WorkerLimits, worker,
};
use tipoff_wire::{Glance, Log, Telling, subject};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::retry;

/// The consumer of a log that all notifiers share.
const DURABLE: &str = "webhooks";
/// Clocks differ; what came before an endpoint is sorted out by its own date.
const MARGIN: TimeDelta = TimeDelta::minutes(1);

/// Writes down which endpoints have to be told.
#[derive(Clone)]
struct FanOut {
    log: Log,
    publisher: Publisher,
    roster: Roster,
}

/// Reads a log until stopped, while there is an endpoint; without one, events
/// cost nothing here. `limits`: how hard to work for it.
pub(crate) async fn fan_out(
    log: Log,
    nats: Nats,
    roster: Roster,
    clock: Clock,
    limits: WorkerLimits,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let handler = FanOut { log, publisher: Publisher::new(nats.clone()), roster: roster.clone() };
    let mut changes = roster.changes();
    while !stop.is_cancelled() {
        changes.borrow_and_update();
        let Some(first) = roster.webhooks_since() else {
            forget(&nats, log).await;
            tokio::select! {
                () = stop.cancelled() => break,
                changed = changes.changed() => if changed.is_err() { break },
            }
            continue;
        };
        let limits = WorkerLimits {
            durable: DURABLE.to_owned(),
            since: Some(first - MARGIN),
            ..limits.clone()
        };
        let ending = stop.child_token();
        let handler = handler.clone();
        let working = worker::work(nats.clone(), clock.clone(), limits, handler, ending.clone());
        let mut working = std::pin::pin!(working);
        let worked = tokio::select! {
            worked = &mut working => worked,
            () = none_left(&roster, &mut changes) => {
                ending.cancel();
                working.await
            }
        };
        worked?;
    }
    Ok(())
}

/// Returns when there is no endpoint any more.
async fn none_left(roster: &Roster, changes: &mut watch::Receiver<Option<u64>>) {
    while roster.webhooks_since().is_some() && changes.changed().await.is_ok() {}
}

/// Whoever has an endpoint later hears of what happens from then on, and nobody
/// reads what came in between.
async fn forget(nats: &Nats, log: Log) {
    let stream = log.stream().name();
    // Most often it is not there.
    if let Err(error) = nats.jetstream.delete_consumer_from_stream(DURABLE, stream).await {
        debug!(error = &error as &dyn std::error::Error, "no consumer was removed");
    }
}

impl Handler for FanOut {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let event: Glance<'_> = match serde_json::from_slice(&delivery.body) {
            Ok(event) => event,
            Err(error) => {
                return Outcome::GiveUp(format!("the event cannot be read by this build: {error}"));
            }
        };
        for telling in self.tellings(&event, delivery.sequence) {
            if let Err(error) = self.write(&telling).await {
                error!(error = &error as &dyn std::error::Error, webhook.id = %telling.webhook, "an endpoint is told later");
                return Outcome::RetryIn(retry::soon(&event.id, delivery.deliveries));
            }
        }
        Outcome::Done
    }
}

impl FanOut {
    /// An endpoint hears of what happened since it is there.
    fn tellings(&self, event: &Glance<'_>, sequence: u64) -> Vec<Telling> {
        let hooks = self.roster.webhooks(&event.entity).into_iter();
        let told = hooks.filter(|(_, hook, _)| {
            hook.is_on() && hook.wanted.wants(&event.kind) && hook.created_at <= event.at
        });
        told.map(|(webhook, _, _)| event.telling(webhook, self.log, sequence)).collect()
    }

    async fn write(&self, telling: &Telling) -> Result<(), tipoff_runtime::PublishError> {
        let body = Bytes::from(serde_json::to_vec(telling).expect("a telling is plain data"));
        let subject = subject::webhook(&telling.entity, &telling.webhook);
        let key = telling.key();
        self.publisher.publish(subject, &key, None, HeaderMap::new(), body).await.map(drop)
    }
}
