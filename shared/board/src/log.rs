//! The log: EVENTS in JetStream, one subject per lead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use async_nats::{HeaderMap, HeaderName};
use serde::de::DeserializeOwned;
use tipoff_domain::{EntityId, LeadId};
use tipoff_runtime::publish::{Message, PATIENCE};
use tipoff_runtime::{Nats, PublishError, Publisher, past};
use tipoff_wire::{Event, Line, Partition, Stream, event, partition::fnv1a, subject};
use tokio::time::Instant;

use crate::BoardError;
use crate::read::place_in_json;

/// How long the log may take to confirm an event before the caller is told
/// that it is recorded and will be confirmed.
const CONFIRM: Duration = Duration::from_millis(1_500);

/// An event and where it stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logged<E> {
    pub(crate) sequence: u64,
    pub(crate) event: E,
}

/// What became of events offered to the log.
pub(crate) enum Appended {
    /// They are there, as of now or since an earlier try; where the last of them stands.
    At(u64),
    /// The log has something else in their place; this is the last it has.
    Conflict(Box<Logged<Event>>),
}

/// Why the log could not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("it did not confirm an event in time")]
    Slow,
    #[error("an event could not be written down")]
    Publish(#[from] PublishError),
    #[error("the log of lead {lead} could not be read: {what}")]
    Read { lead: LeadId, what: String },
    #[error("it could not be read: {0}")]
    ReadOn(String),
    #[error("it was read up to {read} and ends at {end}: the server that was asked is behind")]
    Behind { read: u64, end: u64 },
    #[error("an event could not be put into words")]
    Encode(#[from] serde_json::Error),
}

impl From<LogError> for BoardError {
    fn from(error: LogError) -> Self {
        Self::Log(Box::new(error))
    }
}

#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) nats: Nats,
    publisher: Publisher,
    confirm: Duration,
    /// How long events take lately until they are confirmed, in milliseconds.
    lately: Arc<AtomicU64>,
}

impl Log {
    pub(crate) fn new(nats: Nats) -> Self {
        let publisher = Publisher::new(nats.clone());
        Self { nats, publisher, confirm: CONFIRM, lately: Arc::default() }
    }

    /// The same log for those for whom nobody waits: under load, asking again
    /// would only make more of it.
    pub(crate) fn patient(self) -> Self {
        Self { confirm: PATIENCE, ..self }
    }

    /// The same log for what is in that line.
    pub(crate) fn of(self, line: Line) -> Self {
        Self { publisher: self.publisher.of(line), ..self }
    }

    /// How long events take lately until they are confirmed.
    pub(crate) fn lately(&self) -> Duration {
        Duration::from_millis(self.lately.load(Relaxed))
    }

    /// Each counts for an eighth; that two at once may lose one does no harm.
    fn learn(&self, took: Duration) {
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let before = self.lately.load(Relaxed);
        self.lately.store((before * 7).saturating_add(took) / 8, Relaxed);
    }

    /// Writes the events of one lead down, in order, if its last event is the
    /// one at `expect`.
    pub(crate) async fn append(
        &self,
        partition: Partition,
        events: &[Event],
        expect: u64,
    ) -> Result<Appended, LogError> {
        let messages =
            events.iter().map(|event| message(partition, event)).collect::<Result<_, _>>()?;
        let (begun, publish) = (Instant::now(), self.publisher.publish_all(messages, Some(expect)));
        let published = tokio::time::timeout(self.confirm, publish).await;
        self.learn(begun.elapsed());
        match published.map_err(|_| LogError::Slow)? {
            Ok(published) => {
                Ok(Appended::At(published.last().map_or(expect, |last| last.sequence)))
            }
            Err(PublishError::WrongSequence { .. }) => {
                self.look_for(partition, events, expect).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The log has moved on from `expect`: did it move on with our own events?
    /// Those that it lacks follow on what it has.
    async fn look_for(
        &self,
        partition: Partition,
        events: &[Event],
        expect: u64,
    ) -> Result<Appended, LogError> {
        let Some(first) = events.first() else { return Ok(Appended::At(0)) };
        let mut history: Vec<Logged<Event>> =
            self.history(partition, &first.entity, &first.lead).await?;
        let place = |event: &Event| history.iter().find(|logged| logged.event == *event);
        let known: Vec<u64> =
            events.iter().map_while(place).map(|logged| logged.sequence).collect();
        let Some(last) = history.pop() else {
            return Err(LogError::Read {
                lead: first.lead.clone(),
                what: "it refused an event and has none".into(),
            });
        };
        // In a cluster a server may answer that does not have yet why we were refused.
        if last.sequence == expect {
            return Err(LogError::Slow);
        }
        match known.last() {
            // Where ours stand, not where the log ends: what follows them there
            // may be something that the board does not know.
            Some(&ours) if known.len() == events.len() => Ok(Appended::At(ours)),
            Some(&ours) if ours == last.sequence => {
                Box::pin(self.append(partition, &events[known.len()..], ours)).await
            }
            Some(_) | None => Ok(Appended::Conflict(Box::new(last))),
        }
    }

    /// Whether it has anything of a lead: where it has not, it knows that without looking
    /// through what it has.
    pub(crate) async fn knows(
        &self,
        partition: Partition,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<bool, LogError> {
        let filter = subject::events(partition, entity, lead);
        let last = past::last(&self.nats, Stream::Events.name(), &filter).await;
        Ok(last.map_err(|error| unreadable(lead, &error))?.is_some())
    }

    /// Everything the log has of a lead, oldest first: one request, whatever the stream's size.
    pub(crate) async fn history<E: DeserializeOwned>(
        &self,
        partition: Partition,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Vec<Logged<E>>, LogError> {
        let filter = subject::events(partition, entity, lead);
        let past = past::read(&self.nats, Stream::Events.name(), &filter).await;
        let past = past.map_err(|error| unreadable(lead, &error))?;
        let logged = |stored: past::Stored| {
            let event = serde_json::from_slice(&stored.body)
                .map_err(|error| unreadable(lead, &place_in_json(&error)))?;
            Ok(Logged { sequence: stored.sequence, event })
        };
        past.into_iter().map(logged).collect()
    }
}

fn unreadable(lead: &LeadId, what: &dyn std::fmt::Display) -> LogError {
    LogError::Read { lead: lead.clone(), what: what.to_string() }
}

fn message(partition: Partition, event: &Event) -> Result<Message, LogError> {
    let body = serde_json::to_vec(event)?;
    // What is said is part of the id: another event of the same version is not a repeat.
    let id = format!("{}:{}:{:016x}", event.lead, event.version, fnv1a(&body));
    let subject = subject::events(partition, &event.entity, &event.lead);
    Ok(Message { subject, id, headers: cloud_event(event), body: body.into() })
}

/// CloudEvents 1.0, binary mode, so that outsiders can read the log too: what it
/// requires and no more. The rest stands in the subject and the body, and every
/// header is written, read and stored with every event.
fn cloud_event(event: &Event) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("ce-specversion"), "1.0");
    headers.insert(HeaderName::from_static(event::TYPE), event.kind.as_header());
    headers.insert(HeaderName::from_static("ce-source"), format!("/entities/{}", event.entity));
    headers.insert(HeaderName::from_static("ce-id"), event.id.as_str());
    headers
}
