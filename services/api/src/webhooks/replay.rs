//! Telling an endpoint again: of one event, or of everything in a time.

use std::time::Duration;

use async_nats::HeaderMap;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::json;
use tipoff_domain::instant::in_reach;
use tipoff_domain::{EntityId, WebhookId};
use tipoff_roster::Webhook;
use tipoff_runtime::Publisher;
use tipoff_runtime::past::{self, Begin};
use tipoff_wire::{Changed, Glance, Log, Telling, subject};
use tracing::error;
use utoipa::ToSchema;

use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In, Sent};
use crate::names::{WebhookPath, WhichEntity};
use crate::problem::Problem;
use crate::schema;

/// Events that one replay tells of, at most.
const MOST: usize = 10_000;
/// An event can be written to the log so much before or after it says: clocks differ, and what a
/// crash left behind is shipped later.
const BEFORE: TimeDelta = TimeDelta::minutes(1);
const AFTER: TimeDelta = TimeDelta::minutes(10);
const PATIENCE: Duration = Duration::from_secs(20);
/// Written down at once.
const AT_ONCE: usize = 64;

/// One event, or a time.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "2026-11-22T09:00:00Z", "until": "2026-11-22T10:00:00Z"}))]
pub(crate) struct ReplayWanted {
    /// The `id` of one event.
    #[serde(default)]
    event: Option<String>,
    #[serde(default, deserialize_with = "crate::instant::in_reach")]
    from: Option<DateTime<Utc>>,
    /// Exclusive.
    #[serde(default, deserialize_with = "crate::instant::in_reach")]
    until: Option<DateTime<Utc>>,
}

/// What is to be told again.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Range {
    /// `at`: about when it was written, where its id tells.
    One {
        id: String,
        at: Option<DateTime<Utc>>,
    },
    Time {
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    },
}

impl ReplayWanted {
    fn range(&self) -> Result<Range, Problem> {
        match (&self.event, self.from, self.until) {
            (Some(id), None, None) => {
                let at = written_at(id);
                if at.is_none() && !id.starts_with(Changed::ID) {
                    return Err(Problem::invalid_field("/event", "is not the id of an event"));
                }
                Ok(Range::One { id: id.clone(), at })
            }
            (None, Some(from), Some(until)) if from < until => Ok(Range::Time { from, until }),
            (None, Some(_), Some(_)) => {
                Err(Problem::invalid_field("/until", "must lie after `from`"))
            }
            _ => Err(Problem::invalid_field("", "give `event`, or `from` and `until`")),
        }
    }
}

/// An event's id is its partition and its place in the outbox, which begins with a time.
fn written_at(id: &str) -> Option<DateTime<Utc>> {
    let [_, ms, _] = id.split('-').collect::<Vec<_>>()[..] else { return None };
    in_reach(DateTime::from_timestamp_millis(ms.parse().ok()?)?).ok()
}

impl Range {
    fn holds(&self, event: &Glance<'_>) -> bool {
        match self {
            Self::One { id, .. } => event.id == *id,
            Self::Time { from, until } => (*from..*until).contains(&event.at),
        }
    }

    /// Where in a log to begin, and where no more can come.
    fn window(&self) -> (Begin, DateTime<Utc>) {
        let (from, until) = match self {
            Self::One { at: None, .. } => return (Begin::Behind(0), DateTime::<Utc>::MAX_UTC),
            Self::One { at: Some(at), .. } => (*at, *at),
            Self::Time { from, until } => (*from, *until),
        };
        (Begin::Time(from - BEFORE), until + AFTER)
    }

    /// The logs that may have it.
    fn logs(&self) -> &'static [Log] {
        match self {
            Self::One { at: Some(_), .. } => &[Log::Events],
            Self::One { at: None, .. } => &[Log::Changes],
            Self::Time { .. } => &[Log::Events, Log::Changes],
        }
    }
}

/// Tell a webhook again
///
/// Of one event, or of everything in a time, whether or not it got through before; 10,000 events at most.
/// `webhook-id` is the one of the first time, so that a receiver can tell.
#[utoipa::path(post, path = "/v1/webhooks/{webhook}/replay", tag = "webhooks", params(WebhookPath, WhichEntity),
    request_body = ReplayWanted, responses((status = 202, body = schema::Replayed)))]
pub(crate) async fn replay(
    State(api): State<Api>,
    caller: Caller,
    In(WebhookPath { webhook: id }): In<WebhookPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    Sent(wanted): Sent<ReplayWanted>,
) -> Result<Response, Problem> {
    let (entity, hook, _) = api.own_webhook(&caller, entity, &id)?;
    let range = wanted.range()?;
    if !hook.is_on() {
        let detail = "turn it on first: nothing is sent to it";
        return Err(
            Problem::new(StatusCode::CONFLICT, "webhook_off", "The webhook is off").detail(detail)
        );
    }
    let mut tellings = Vec::new();
    for log in range.logs() {
        let found = api.find(*log, &entity, &id, &hook, &range);
        let found = tokio::time::timeout(PATIENCE, found).await;
        tellings.extend(found.map_err(|_| away())?.map_err(|failed| {
            error!(error = &*failed as &dyn std::error::Error, "the log could not be read");
            away()
        })?);
    }
    tellings.truncate(MOST);
    if tellings.is_empty() && matches!(range, Range::One { .. }) {
        return Err(Problem::not_found("event of this webhook's types"));
    }
    let publisher = Publisher::new(api.nats.clone());
    let events = tellings.len();
    let writing = tellings.into_iter().map(|telling| write_down(&publisher, &entity, &id, telling));
    stream::iter(writing).buffered(AT_ONCE).try_collect::<Vec<()>>().await?;
    let body = json!({ "outcome": "queued", "events": events });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

async fn write_down(
    publisher: &Publisher,
    entity: &EntityId,
    webhook: &WebhookId,
    telling: Telling,
) -> Result<(), Problem> {
    let body = serde_json::to_vec(&telling).map_err(|_| Problem::internal())?;
    let (subject, key) = (subject::webhook(entity, webhook), telling.key());
    let published = publisher.publish(subject, &key, None, HeaderMap::new(), Bytes::from(body));
    published.await.map(drop).map_err(|failed| {
        error!(error = &failed as &dyn std::error::Error, "a replay was not written down");
        away()
    })
}

fn away() -> Problem {
    Problem::unavailable("log_unavailable", "The log cannot be read", "try again in a moment")
}

impl Api {
    /// What a log has of the entity in that range, of the types that the endpoint wants.
    async fn find(
        &self,
        log: Log,
        entity: &EntityId,
        webhook: &WebhookId,
        hook: &Webhook,
        range: &Range,
    ) -> Result<Vec<Telling>, Box<dyn std::error::Error + Send + Sync>> {
        let (from, end) = range.window();
        let wanted = past::Range {
            filters: vec![log.subjects_of(entity)],
            from,
            until: u64::MAX,
            bodies: true,
        };
        let (_, messages) = past::range(&self.nats, log.stream().name(), wanted).await?;
        let (mut messages, mut found) = (std::pin::pin!(messages), Vec::new());
        let name = self.fresh_id();
        while found.len() < MOST
            && let Some(message) = messages.try_next().await?
        {
            let event: Glance<'_> = serde_json::from_slice(&message.body)?;
            if event.at > end {
                break;
            }
            if range.holds(&event) && hook.wanted.wants(&event.kind) {
                let telling = event.telling(webhook.clone(), log, message.sequence);
                found.push(Telling { replay: Some(name.clone()), ..telling });
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
