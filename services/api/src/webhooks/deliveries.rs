//! What becomes of what an endpoint has to be told.

use async_nats::jetstream::consumer::{Consumer, pull};
use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tipoff_runtime::dead;
use tipoff_wire::{Dead, Stream, Telling, subject};
use tracing::error;

use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In};
use crate::names::{WebhookPath, WhichEntity};
use crate::problem::Problem;
use crate::schema;

/// Failures shown, at most; the list of dead letters has them all.
const MOST: usize = 100;

/// List what a webhook was not told yet, and what it never was
///
/// What is under way is told, or tried again for three days; what failed for good is listed and can be replayed.
#[utoipa::path(get, path = "/v1/webhooks/{webhook}/deliveries", tag = "webhooks", params(WebhookPath, WhichEntity),
    responses((status = 200, body = schema::Deliveries)))]
pub(crate) async fn list_deliveries(
    State(api): State<Api>,
    caller: Caller,
    In(WebhookPath { webhook: id }): In<WebhookPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
) -> Result<Json<Value>, Problem> {
    let (entity, hook, _) = api.own_webhook(&caller, entity, &id)?;
    let subject = subject::webhook(&entity, &id);
    let failed = dead::list_those(&api.nats, MOST, 0, |dead: &Dead| dead.subject == subject).await;
    let failed = failed.map_err(|failed| {
        error!(error = &failed as &dyn std::error::Error, "dead messages cannot be reached");
        away()
    })?;
    let (waiting, under_way) = api.on_their_way(&format!("webhook-{id}")).await;
    Ok(Json(json!({
        "waiting": waiting, "under_way": under_way,
        "failing_since": hook.failing_since, "failing_why": hook.failing_why,
        "failed": failed.iter().map(|(number, dead)| shown(*number, dead)).collect::<Vec<_>>(),
    })))
}

fn shown(number: u64, dead: &Dead) -> Value {
    let telling = STANDARD.decode(&dead.body).ok();
    let telling: Option<Telling> = telling.and_then(|body| serde_json::from_slice(&body).ok());
    json!({
        "number": number, "at": dead.at, "error": dead.error,
        "event": telling.as_ref().map(|telling| &telling.event),
        "lead": telling.as_ref().map(|telling| &telling.lead),
    })
}

fn away() -> Problem {
    Problem::unavailable("log_unavailable", "They cannot be reached", "try again in a moment")
}

impl Api {
    /// How many an endpoint's consumer has not given out, and how many it waits for. Nothing
    /// where no notifier has made it yet.
    async fn on_their_way(&self, durable: &str) -> (u64, usize) {
        let Ok(stream) = self.nats.jetstream.get_stream_no_info(Stream::Webhooks.name()).await
        else {
            return (0, 0);
        };
        let Ok(mut consumer) = stream.get_consumer(durable).await else { return (0, 0) };
        let consumer: &mut Consumer<pull::Config> = &mut consumer;
        let info = consumer.info().await;
        info.map_or((0, 0), |info| (info.num_pending, info.num_ack_pending))
    }
}
