//! The single calls to an endpoint, and what came of each.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_runtime::past;
use tipoff_wire::{Attempt, Stream, subject};
use tracing::error;

use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In};
use crate::names::{PageOf, WebhookPath, WhichEntity};
use crate::problem::Problem;
use crate::schema;

const USUAL_PAGE: usize = 50;
const LONGEST_PAGE: usize = 200;

/// List the calls to a webhook
///
/// The newest first: when, of which event, the how manieth, what it answered, how long it took, and when it is
/// tried again. The last thousand of seven days are kept.
#[utoipa::path(get, path = "/v1/webhooks/{webhook}/attempts", tag = "webhooks",
    params(WebhookPath, WhichEntity, PageOf), responses((status = 200, body = schema::Attempts)))]
pub(crate) async fn list_attempts(
    State(api): State<Api>,
    caller: Caller,
    In(WebhookPath { webhook: id }): In<WebhookPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    Asked(PageOf { limit, cursor }): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    let (entity, ..) = api.own_webhook(&caller, entity, &id)?;
    let limit = limit.unwrap_or(USUAL_PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        let message = format!("must lie between 1 and {LONGEST_PAGE}");
        return Err(Problem::invalid_field("/limit", message));
    }
    let before: u64 = match cursor.as_deref() {
        None => u64::MAX,
        Some(cursor) => cursor
            .parse()
            .map_err(|_| Problem::bad_request("`cursor` is not one that a list gave"))?,
    };
    let subject = subject::attempts(&entity, &id);
    let stored =
        past::read(&api.nats, Stream::Attempts.name(), &subject).await.map_err(|failed| {
            error!(
                error = &failed as &dyn std::error::Error,
                "calls to an endpoint cannot be read"
            );
            Problem::unavailable(
                "log_unavailable",
                "They cannot be reached",
                "try again in a moment",
            )
        })?;
    let mut earlier = stored.iter().rev().filter(|one| one.sequence < before);
    let page: Vec<_> = earlier.by_ref().take(limit).collect();
    let next = earlier.next().and(page.last()).map(|last| last.sequence.to_string());
    let shown = page.iter().filter_map(|one| serde_json::from_slice(&one.body).ok());
    let shown: Vec<Attempt> = shown.collect();
    Ok(Json(json!({ "attempts": shown, "next_cursor": next })))
}
