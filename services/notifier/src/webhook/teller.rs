//! Tells one endpoint of what it has to be told.

use std::time::Duration;

use async_nats::jetstream::stream::DirectGetErrorKind;
use chrono::TimeDelta;
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use reqwest::StatusCode;
use tipoff_board::Board;
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Delivery, Handler, Nats, Outcome, Publisher};
use tipoff_wire::{Attempt, Called, Log, Telling};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::attempts;
use super::body::Told;
use super::call::{Caller, Message, NotTold};
use super::schedule;
use super::standing::Standing;

/// When the log itself could not be read, or the board that has the lead.
const LOG_AWAY: Duration = Duration::from_secs(2);

/// Until an endpoint is called that has changed while it was called.
const CHANGED: Duration = Duration::from_secs(1);

/// Handles the messages of one endpoint.
#[derive(Clone)]
pub(super) struct Teller {
    pub(super) nats: Nats,
    pub(super) publisher: Publisher,
    pub(super) board: Board,
    pub(super) roster: Roster,
    pub(super) clock: Clock,
    pub(super) caller: Caller,
    pub(super) meter: Meter,
}

/// `tipoff_webhooks_total{result}`.
#[derive(Debug, Clone)]
pub(super) struct Meter(Counter<u64>);

impl Default for Meter {
    fn default() -> Self {
        let meter = global::meter("tipoff-notifier");
        let counter = meter.u64_counter("tipoff_webhooks_total");
        Self(counter.with_description("calls to endpoints and what became of them").build())
    }
}

impl Meter {
    fn count(&self, result: Called) {
        self.0.add(1, &[KeyValue::new("result", result.as_str())]);
    }
}

impl Handler for Teller {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        let telling: Telling = match serde_json::from_slice(&delivery.body) {
            Ok(telling) => telling,
            Err(error) => {
                return Outcome::GiveUp(format!("it cannot be read by this build: {error}"));
            }
        };
        // What is left over for an endpoint that was removed or disabled is
        // dropped; what happened meanwhile can be replayed.
        let Some((hook, version)) = self.roster.webhook(&telling.entity, &telling.webhook) else {
            return Outcome::Done;
        };
        if !hook.is_on() {
            return Outcome::Done;
        }
        let told = match self.read(telling.log, telling.sequence).await {
            Ok(Some(told)) if told.id() == telling.event => told,
            Ok(_) => return Outcome::GiveUp("the event is not in the log any more".to_owned()),
            Err(wait) => return Outcome::NotNow(wait),
        };
        let (id, kind) = (format!("msg_{}", told.id()), told.kind().to_owned());
        let body = match told.body(&self.board, hook.wanted.contact).await {
            Ok(body) => body,
            Err(error) => {
                debug!(error = &error as &dyn std::error::Error, webhook.id = %telling.webhook, "an endpoint is told later, with the lead");
                return Outcome::NotNow(LOG_AWAY);
            }
        };
        let (at, started) = (self.clock.now(), Instant::now());
        let told = self.caller.call(&hook, Message { id: &id, at, body }).await;
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (status, error) = match &told {
            Ok(status) => (Some(status.as_u16()), None),
            Err(why) => (why.status().map(|status| status.as_u16()), Some(why.to_string())),
        };
        let standing = Standing { telling: &telling, hook: &hook, version };
        let (result, outcome) = self.settle(standing, told, &delivery).await;
        self.meter.count(result);
        let attempt = Attempt {
            at,
            event: telling.event.clone(),
            kind,
            lead: telling.lead.clone(),
            attempt: delivery.deliveries,
            replay: telling.replay.is_some(),
            took_ms,
            result,
            status,
            error,
            again_at: match &outcome {
                Outcome::RetryIn(wait) => TimeDelta::from_std(*wait).ok().map(|wait| at + wait),
                _ => None,
            },
        };
        attempts::note(&self.publisher, &telling, &attempt).await;
        outcome
    }
}

impl Teller {
    /// What stands in that log at that place.
    async fn read(&self, log: Log, sequence: u64) -> Result<Option<Told>, Duration> {
        let stream = self.nats.jetstream.get_stream_no_info(log.stream().name()).await;
        let stream = stream.map_err(|_| LOG_AWAY)?;
        match tokio::time::timeout(Duration::from_secs(5), stream.direct_get(sequence)).await {
            Ok(Ok(message)) => Ok(Told::read(log, &message.payload)),
            Ok(Err(error)) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Ok(Err(_)) | Err(_) => Err(LOG_AWAY),
        }
    }

    async fn settle(
        &self,
        standing: Standing<'_>,
        told: Result<StatusCode, NotTold>,
        delivery: &Delivery,
    ) -> (Called, Outcome) {
        let webhook = &standing.telling.webhook;
        let (why, after) = match told {
            Ok(_) => {
                standing.works(&self.roster).await;
                return (Called::Told, Outcome::Done);
            }
            Err(_) if standing.has_moved(&self.roster) => {
                debug!(webhook.id = %webhook, "an endpoint has another address by now and is told there");
                return (Called::Retried, Outcome::RetryIn(CHANGED));
            }
            Err(NotTold::Gone) => return self.disable(standing).await,
            Err(NotTold::Failed { why, after, .. }) => (why, after),
        };
        let since = (self.clock.now() - delivery.published).to_std().unwrap_or_default();
        standing.fails(&self.roster, self.clock.now(), since, &why).await;
        if let Some(wait) = schedule::next(&standing.telling.key(), since) {
            warn!(webhook.id = %webhook, why, ?wait, "an endpoint could not be told and is tried again");
            (Called::Retried, Outcome::RetryIn(after.map_or(wait, |after| after.max(wait))))
        } else {
            if standing.failed_since(delivery.published) {
                let why = format!("nothing got through for three days; at last {why}");
                warn!(webhook.id = %webhook, why, "an endpoint is disabled");
                if !standing.disable(&self.roster, self.clock.now(), &why).await {
                    return (Called::Retried, Outcome::RetryIn(CHANGED));
                }
            }
            let why = format!("webhook {webhook} was not told for three days: {why}");
            (Called::Failed, Outcome::GiveUp(why))
        }
    }

    /// It wants nothing more.
    async fn disable(&self, standing: Standing<'_>) -> (Called, Outcome) {
        let why = NotTold::Gone.to_string();
        if !standing.disable(&self.roster, self.clock.now(), &why).await {
            return (Called::Retried, Outcome::RetryIn(CHANGED));
        }
        info!(webhook.id = %standing.telling.webhook, "the endpoint is gone and is not told any more");
        (Called::Gone, Outcome::Done)
    }
}
