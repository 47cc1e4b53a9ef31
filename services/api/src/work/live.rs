//! What happens, as it happens: server-sent events straight from the log.
//!
//! Each connection has one ordered consumer and pulls a small batch at a time,
//! so a reader who does not keep up costs a few kilobytes and nothing more.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tipoff_domain::{AgentId, EntityId, EntityView};
use tipoff_roster::{Access, Role, Roster};
use tipoff_wire::{Changed, Event, Log, Stream as LogStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tracing::warn;

use crate::Api;
use crate::access::Caller;
use crate::body::Asked;
use crate::names::WhichEntity;
use crate::problem::Problem;
use crate::schema;
use crate::shown::{heard, is_in_reach};

/// Events in hand per connection.
const BATCH: i64 = 32;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a connection looks whether its key still counts.
const KEY_CHECK: Duration = Duration::from_secs(30);

/// Follow what happens, live
///
/// Server-sent events: `event` is the type, `id` the place in the log, `data` the event. An `id` alone comes first, the
/// place where it begins. Send the last `id` as `Last-Event-ID` to go on after it: also after a reader who took nothing
/// for half a minute was cut off. Agents get what concerns them, and what comes into the pool and into ponds that they
/// are in, also of entities above theirs; of a lead that they do not have as in its timeline. Operators get everything
/// unless they name an entity. Besides what happens to leads: `route.changed`, `agent.paused` and `agent.resumed`.
#[utoipa::path(get, path = "/v1/events/stream", tag = "events", params(WhichEntity,
    ("Last-Event-ID" = Option<String>, Header, description = "go on after this event")),
    responses((status = 200, content_type = "text/event-stream", body = schema::Event)))]
pub(crate) async fn stream_events(
    State(api): State<Api>,
    caller: Caller,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entities = match (caller.0.role, entity) {
        (Role::Operator, None) => None,
        (Role::Agent, None) => Some(api.scopes(&caller)?.0),
        (_, entity) => {
            let entity = caller.entity(entity)?;
            api.entity_view(&entity)?;
            Some(vec![entity])
        }
    };
    let seat = seat(&api)?;
    let (mut place, log) = follow(&api, entities.as_deref(), after(&headers)?).await?;
    let (sight, roster) = (Hearing::of(&caller.0), api.roster.clone());
    // A reader that is cut off before it heard anything comes back with this.
    let begins = stream::once(std::future::ready(place.alone()));
    let shown = log.filter_map(move |read| {
        place.pass(&read);
        std::future::ready(sight.show(place, &read, &roster))
    });
    let ends = ended(api.clone(), caller.0);
    let shown = begins.chain(shown).take_until(ends).map(move |event| {
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

/// The last message of each log that a reader has seen, as in `41-7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    events: u64,
    changes: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.events, self.changes)
    }
}

impl Place {
    /// Behind that message.
    fn pass(&mut self, read: &Read) {
        match read.log {
            Log::Events => self.events = read.sequence,
            Log::Changes => self.changes = read.sequence,
        }
    }

    /// As readers keep it, with nothing that they would take for an event.
    fn alone(self) -> Sent {
        Sent::default().id(self.to_string())
    }
}

/// A message of one of the logs.
struct Read {
    log: Log,
    sequence: u64,
    body: Bytes,
}

/// The places that `Last-Event-ID` names; `None`: that log from now on.
fn after(headers: &HeaderMap) -> Result<[Option<u64>; 2], Problem> {
    let Some(last) = headers.get("last-event-id").filter(|last| !last.is_empty()) else {
        return Ok([None; 2]);
    };
    let read = |text: &str| match text.split_once('-') {
        Some((events, changes)) => Some([Some(events.parse().ok()?), Some(changes.parse().ok()?)]),
        None => Some([Some(text.parse().ok()?), None]),
    };
    let problem = || Problem::bad_request("`Last-Event-ID` takes the `id` of an event");
    last.to_str().ok().and_then(read).ok_or_else(problem)
}

/// Both logs behind those places, or from now on (`None`); and which place that is.
async fn follow(
    api: &Api,
    entities: Option<&[EntityId]>,
    [events, changes]: [Option<u64>; 2],
) -> Result<(Place, impl Stream<Item = Read> + Send + use<>), Problem> {
    let following = async {
        let (events, first) = follow_one(api, Log::Events, entities, events).await?;
        let (changes, second) = follow_one(api, Log::Changes, entities, changes).await?;
        let place = Place { events: first, changes: second };
        Ok((place, stream::select(events, changes)))
    };
    let (place, both) = following.await.map_err(|error: Box<dyn Error + Send + Sync>| {
        warn!(error = error.as_ref() as &dyn Error, "the log cannot be followed");
        Problem::unavailable(
            "log_unavailable",
            "The log cannot be reached",
            "connect again in a moment",
        )
    })?;
    // Whoever loses one of them comes back for both.
    let until_one_ends = both.take_while(|read| std::future::ready(read.is_some()));
    Ok((place, until_one_ends.filter_map(std::future::ready)))
}

/// One log, with `None` at its end, and the number of the message behind which it begins.
async fn follow_one(
    api: &Api,
    log: Log,
    entities: Option<&[EntityId]>,
    after: Option<u64>,
) -> Result<(impl Stream<Item = Option<Read>> + Send + use<>, u64), Box<dyn Error + Send + Sync>> {
    let filters = match entities {
        None => vec![log.stream().filter().to_owned()],
        Some(entities) => entities.iter().map(|entity| log.subjects_of(entity)).collect(),
    };
    let jetstream = &api.nats.jetstream;
    let after = match after {
        Some(after) => after,
        None => jetstream.get_stream(log.stream().name()).await?.cached_info().state.last_sequence,
    };
    let from = DeliverPolicy::ByStartSequence { start_sequence: after.saturating_add(1) };
    let (messages, _) = open(jetstream, log.stream(), filters, from).await?;
    let read = messages.map(move |message| match message {
        Ok(message) => {
            let sequence = message.info().ok()?.stream_sequence;
            Some(Read { log, sequence, body: message.message.payload })
        }
        Err(error) => {
            let error = &error as &dyn Error;
            warn!(error, "a live connection lost the log; its reader will come back");
            None
        }
    });
    Ok((read.chain(stream::once(std::future::ready(None))), after))
}

/// The messages, and how many of them are there already.
pub(crate) async fn open(
    jetstream: &jetstream::Context,
    stream: LogStream,
    filters: Vec<String>,
    from: DeliverPolicy,
) -> Result<(pull::Ordered, u64), Box<dyn Error + Send + Sync>> {
    let wanted = pull::OrderedConfig {
        filter_subjects: filters,
        deliver_policy: from,
        max_batch: BATCH,
        ..Default::default()
    };
    let consumer = jetstream.create_consumer_on_stream(wanted, stream.name()).await?;
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

    /// Agents hear of their own pauses, and not of who edits which route.
    fn hears_of(&self, changed: &Changed) -> bool {
        self.agent.is_none() || self.agent == changed.agent
    }

    /// What concerns an agent, and what comes where they may claim it.
    fn hears(&self, event: &Event, view: Option<&EntityView>) -> bool {
        let Some(agent) = &self.agent else { return true };
        let after = &event.after;
        let concerns = event.offers.iter().any(|offer| offer.agent == *agent)
            || event.agents.contains(agent)
            || after.pending.contains(agent)
            || after.agent.as_ref() == Some(agent);
        concerns || is_in_reach(agent, after, view)
    }

    /// `None`: it is not theirs to hear, or a later release wrote it.
    fn show(&self, place: Place, read: &Read, roster: &Roster) -> Option<Sent> {
        let sent = place.alone();
        match read.log {
            Log::Events => {
                let event: Event = serde_json::from_slice(&read.body).ok()?;
                let view = roster.view(&event.entity);
                let event = self.told(event, view.as_deref())?;
                sent.event(event.kind.as_str()).json_data(&event).ok()
            }
            Log::Changes => {
                let changed: Changed = serde_json::from_slice(&read.body).ok()?;
                let changed = Some(changed).filter(|changed| self.hears_of(changed))?;
                sent.event(changed.kind.as_str()).json_data(&changed).ok()
            }
        }
    }

    fn told(&self, event: Event, view: Option<&EntityView>) -> Option<Event> {
        let event = Some(event).filter(|event| self.hears(event, view))?;
        let agent = self.agent.as_ref();
        let without = agent.filter(|agent| event.after.agent.as_ref() != Some(*agent));
        let route = event.route.clone();
        Some(heard(event, without, route.as_ref(), view))
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
            .hears(event, Some(&view()))
    }

    /// Ana is in the pond `north` and not in `south`.
    fn view() -> EntityView {
        let entity = json!({"name": "Acme Realty", "kind": "team", "zone": "America/New_York"});
        let entity = serde_json::from_value(entity).unwrap();
        let mut view = EntityView::new("acme".parse().unwrap(), entity);
        for (pond, member) in [("north", "ana"), ("south", "ben")] {
            let it = json!({"name": pond, "members": [member]});
            view.ponds.insert(pond.parse().unwrap(), serde_json::from_value(it).unwrap());
        }
        view
    }

    /// A lead comes into that pond.
    fn rests_in(pond: &str) -> Event {
        let mut event = event(&json!({"type": "lead.pooled"}), "pooled");
        event.after.pond = Some(pond.parse().unwrap());
        event
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
    fn agents_hear_of_the_ponds_that_they_are_in_and_of_no_others() {
        assert!(hears(Role::Agent, &rests_in("north")));
        assert!(!hears(Role::Agent, &rests_in("south")));
        assert!(hears(Role::Admin, &rests_in("south")));
    }

    #[test]
    fn a_lead_given_back_is_heard_of_as_by_somebody_who_does_not_have_it() {
        let told = |agent: &str| {
            let more = json!({"agents": ["ana"], "by": "ana", "reason": "Dana, 512-555-0101"});
            let hearing = Hearing { agent: Some(agent.parse().unwrap()) };
            let mut event = event(&more, "pooled");
            event.after.memory = Some("next=ben".to_owned());
            hearing.told(event, Some(&view())).unwrap()
        };
        let (ana, ben) = (told("ana"), told("ben"));
        assert_eq!((ana.reason.as_deref(), ben.reason), (Some("Dana, 512-555-0101"), None));
        assert_eq!((ana.after.memory, ben.after.memory), (None, None));
    }

    #[test]
    fn an_event_goes_out_without_the_person() {
        let received = event(&json!({"payload": {"emails": ["dana@example.com"]}}), "offered");
        let told = Hearing { agent: None }.told(received, None).unwrap();
        assert!(!json!(told).to_string().contains("dana@example.com"));
    }

    #[test]
    fn a_reader_goes_on_after_the_last_event_it_saw() {
        let mut headers = HeaderMap::new();
        assert_eq!(after(&headers).unwrap(), [None, None]);
        for (id, places) in [("41-7", [Some(41), Some(7)]), ("41", [Some(41), None])] {
            headers.insert("last-event-id", id.parse().unwrap());
            assert_eq!(after(&headers).unwrap(), places);
        }
        headers.insert("last-event-id", "yesterday".parse().unwrap());
        assert!(after(&headers).is_err());
    }
}
