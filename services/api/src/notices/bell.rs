//! The bell: what an agent was told in the console, and how it stands by now.

use std::convert::Infallible;
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, future};
use serde_json::{Value, json};
use tipoff_wire::bell::BellItem;
use tipoff_wire::{Stream, subject};
use tracing::warn;

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::problem::Problem;
use crate::work::live;

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// More than anybody scrolls through.
const MOST: usize = 200;

/// Show the bell
///
/// The newest first. What is offered is grey once `until` is past `now`.
#[utoipa::path(get, path = "/v1/me/bell", tag = "me", responses((status = 200, body = schema::Bell)))]
pub(crate) async fn get_bell(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let (entity, _) = caller.agent()?;
    let now = api.board.time(entity).await?;
    let (messages, waiting) = open(&api, &caller).await?;
    let waiting = usize::try_from(waiting).unwrap_or(usize::MAX);
    let mut items: Vec<BellItem> = messages
        .take(waiting)
        .filter_map(|message| future::ready(message.ok()))
        .filter_map(|message| future::ready(serde_json::from_slice(&message.payload).ok()))
        .collect()
        .await;
    items.reverse();
    items.truncate(MOST);
    Ok(Json(json!({ "now": now, "items": items })))
}

/// Follow the bell, live
///
/// Server-sent events: everything that stands there now, the oldest first, and then whatever changes. `data` is an
/// item; a later one about the same lead replaces it.
#[utoipa::path(get, path = "/v1/me/bell/stream", tag = "me",
    responses((status = 200, content_type = "text/event-stream", body = schema::BellItem)))]
pub(crate) async fn follow_bell(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Response, Problem> {
    let seat = live::seat(&api)?;
    let (messages, _) = open(&api, &caller).await?;
    let ends = live::ended(api.clone(), caller.0);
    let shown = messages
        .take_while(|message| future::ready(message.is_ok()))
        .filter_map(|message| {
            let item = message.ok().and_then(|message| {
                let item: BellItem = serde_json::from_slice(&message.payload).ok()?;
                let place = message.info().ok()?.stream_sequence.to_string();
                Sent::default().id(place).event("bell").json_data(&item).ok()
            });
            future::ready(item)
        })
        .take_until(ends)
        .map(move |event| {
            let _held_until_the_end = &seat;
            Ok::<_, Infallible>(event)
        });
    let mut response =
        Sse::new(shown).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The last item of every lead, and what comes; with how many there are now.
async fn open(api: &Api, caller: &Caller) -> Result<(pull::Ordered, u64), Problem> {
    let (_, agent) = caller.agent()?;
    let filters =
        api.scopes(caller)?.0.iter().map(|entity| subject::bell_of(entity, agent)).collect();
    let opened =
        live::open(&api.nats.jetstream, Stream::Bell, filters, DeliverPolicy::LastPerSubject);
    opened.await.map_err(|error| {
        warn!(error = error.as_ref() as &dyn std::error::Error, "the bell cannot be read");
        Problem::unavailable(
            "bell_unavailable",
            "The bell cannot be reached",
            "try again in a moment",
        )
    })
}
