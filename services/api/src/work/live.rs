//! What happens, as it happens: server-sent events straight from the log.
//!
//! Each connection has one ordered consumer and pulls a small batch at a time,
//! so a reader who does not keep up costs a few kilobytes and nothing more.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use tipoff_domain::{AgentId, EntityView};
use tipoff_roster::{Access, Role};
use tipoff_wire::event::State as LeadState;
use tipoff_wire::{Event, Stream as LogStream, subject};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tracing::warn;

use crate::Api;
use crate::access::Caller;
use crate::body::Asked;
use crate::names::WhichEntity;
use crate::problem::Problem;
use crate::schema;
use crate::shown::heard;

/// Events in hand per connection.
const BATCH: i64 = 32;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a connection looks whether its key still counts.
const KEY_CHECK: Duration = Duration::from_secs(30);

/// Follow what happens, live
///
/// Server-sent events: `event` is the type, `id` the place in the log, `data` the event. Send the last `id` as
/// `Last-Event-ID` to go on after it: also after a reader who took nothing for half a minute was cut off. Agents get what concerns them, and the pool, also of entities above theirs. Operators get everything unless
/// they name an entity.
#[utoipa::path(get, path = "/v1/events/stream", tag = "events", params(WhichEntity,
    ("Last-Event-ID" = Option<u64>, Header, description = "go on after this event")),
    responses((status = 200, content_type = "text/event-stream", body = schema::Event)))]
pub(crate) async fn stream_events(
    State(api): State<Api>,
    caller: Caller,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filters = match (caller.0.role, entity) {
        (Role::Operator, None) => vec![LogStream::Events.filter().to_owned()],
        (Role::Agent, None) => api.scopes(&caller)?.0.iter().map(subject::events_of).collect(),
        (_, entity) => {
            let entity = caller.entity(entity)?;
            api.roster
                .view(&entity)
                .ok_or_else(|| Problem::not_found(&format!("entity `{entity}`")))?;
            vec![subject::events_of(&entity)]
        }
    };
    let seat = seat(&api)?;
    let log = follow(&api, filters, after(&headers)?).await?;
    let (sight, roster) = (Hearing::of(&caller.0), api.roster.clone());
    let shown = log.filter_map(move |event| {
        let show = |(id, event): (u64, Event)| {
            let view = roster.view(&event.entity);
            sight.show(id, event, view.as_deref())
        };
        std::future::ready(event.and_then(show))
    });
    let ends = ended(api.clone(), caller.0);
    let shown = shown.take_until(ends).map(move |event| {
        let _held_until_the_end = &seat;
        Ok::<_, Infallible>(event)
    });
    let mut response =
        Sse::new(shown).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather a response before they pass it on would hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn after(headers: &HeaderMap) -> Result<DeliverPolicy, Problem> {
    let Some(last) = headers.get("last-event-id").filter(|last| !last.is_empty()) else {
        return Ok(DeliverPolicy::New);
    };
    let last: Option<u64> = last.to_str().ok().and_then(|text| text.parse().ok());
    match last.and_then(|last| last.checked_add(1)) {
        Some(start_sequence) => Ok(DeliverPolicy::ByStartSequence { start_sequence }),
        None => Err(Problem::bad_request("`Last-Event-ID` takes the `id` of an event, a number")),
    }
}

/// The log from there on; `None` for what this build cannot read.
async fn follow(
    api: &Api,
    filters: Vec<String>,
    from: DeliverPolicy,
) -> Result<impl Stream<Item = Option<(u64, Event)>> + Send + use<>, Problem> {
    let (messages, _) =
        open(&api.nats.jetstream, LogStream::Events, filters, from).await.map_err(|error| {
            warn!(error = error.as_ref() as &dyn Error, "the log cannot be followed");
            Problem::unavailable(
                "log_unavailable",
                "The log cannot be reached",
                "connect again in a moment",
            )
        })?;
    Ok(messages
        .take_while(|message| {
            if let Err(error) = message {
                warn!(
                    error = error as &dyn Error,
                    "a live connection lost the log; its reader will come back"
                );
            }
            std::future::ready(message.is_ok())
        })
        .map(|message| {
            let message = message.ok()?;
            let sequence = message.info().ok()?.stream_sequence;
            Some((sequence, serde_json::from_slice(&message.payload).ok()?))
        }))
}

/// The messages, and how many of them are there already.
pub(crate) async fn open(
    jetstream: &jetstream::Context,
    stream: LogStream,
    filters: Vec<String>,
    from: DeliverPolicy,
) -> Result<(pull::Ordered, u64), Box<dyn Error + Send + Sync>> {
    let log = jetstream.get_stream(stream.name()).await?;
    let wanted = pull::OrderedConfig {
        filter_subjects: filters,
        deliver_policy: from,
        max_batch: BATCH,
        ..Default::default()
    };
    let consumer = log.create_consumer(wanted).await?;
    let waiting = consumer.cached_info().num_pending;
    Ok((consumer.messages().await?, waiting))
}

/// A place for one more live connection.
pub(crate) fn seat(api: &Api) -> Result<OwnedSemaphorePermit, Problem> {
    api.streams.clone().try_acquire_owned().map_err(|_| {
        Problem::unavailable(
            "too_many_streams",
            "Too many live connections",
            "close one you do not need, or wait",
        )
    })
}

/// Resolves when the process stops or the key is revoked.
pub(crate) async fn ended(api: Api, access: Access) {
    let mut check = tokio::time::interval_at(Instant::now() + KEY_CHECK, KEY_CHECK);
    loop {
        tokio::select! {
            () = api.stop.cancelled() => return,
            _ = check.tick() => {
                if api.roster.key(&access.key_id).is_none() {
                    return;
                }
            }
        }
    }
}

/// Which events a caller hears of. The entity is the subject's business.
struct Hearing {
    agent: Option<AgentId>,
}

impl Hearing {
    fn of(access: &Access) -> Self {
        Self { agent: access.agent.clone().filter(|_| access.role == Role::Agent) }
    }

    fn hears(&self, event: &Event) -> bool {
        let Some(agent) = &self.agent else { return true };
        let after = &event.after;
        let concerns = event.offers.iter().any(|offer| offer.agent == *agent)
            || event.agents.contains(agent)
            || after.pending.contains(agent)
            || after.agent.as_ref() == Some(agent);
        concerns || after.state == LeadState::Pooled
    }

    fn show(&self, sequence: u64, event: Event, view: Option<&EntityView>) -> Option<Sent> {
        if !self.hears(&event) {
            return None;
        }
        let route = event.route.clone();
        let event = heard(event, self.agent.as_ref(), route.as_ref(), view);
        Sent::default().id(sequence.to_string()).event(event.kind.as_str()).json_data(&event).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(more: &Value, state: &str) -> Event {
        let mut event = json!({"id": "1-0", "type": "lead.offered", "at": "2026-11-22T09:30:00Z", "entity": "acme",
            "lead": "lead_1", "version": 2, "after": {"state": state, "round": 1, "reroutes": 0, "inquiries": 1,
            "received_at": "2026-11-22T09:30:00Z", "t0": "2026-11-22T09:30:00Z"}});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(event).unwrap()
    }

    fn hears(role: Role, event: &Event) -> bool {
        let (entity, agent) = (Some("acme".parse().unwrap()), Some("ana".parse().unwrap()));
        Hearing::of(&Access { key_id: "k".to_owned(), role, entity, agent, source: None })
            .hears(event)
    }

    #[test]
    fn agents_hear_what_concerns_them_and_the_pool() {
        let offer = json!({"offers": [{"agent": "ana", "until": "2026-11-22T09:45:00Z"}]});
        assert!(hears(Role::Agent, &event(&offer, "offered")));
        assert!(hears(Role::Agent, &event(&json!({"agents": ["ana"]}), "offered")));
        assert!(hears(Role::Agent, &event(&json!({}), "pooled")));
        assert!(!hears(Role::Agent, &event(&json!({"agents": ["ben"]}), "offered")));
        assert!(hears(Role::Admin, &event(&json!({"agents": ["ben"]}), "offered")));
    }

    #[test]
    fn an_event_goes_out_without_the_person() {
        let received = event(&json!({"payload": {"emails": ["dana@example.com"]}}), "offered");
        let sent = Hearing { agent: None }.show(7, received, None).unwrap();
        assert!(!format!("{sent:?}").contains("dana@example.com"));
    }

    #[test]
    fn a_reader_goes_on_after_the_last_event_it_saw() {
        let mut headers = HeaderMap::new();
        assert_eq!(after(&headers).unwrap(), DeliverPolicy::New);
        headers.insert("last-event-id", "41".parse().unwrap());
        assert_eq!(after(&headers).unwrap(), DeliverPolicy::ByStartSequence { start_sequence: 42 });
        headers.insert("last-event-id", "yesterday".parse().unwrap());
        assert!(after(&headers).is_err());
    }
}
