//! Taking a lead in, whichever way it came.

use async_nats::HeaderMap;
use async_nats::jetstream::stream::RawMessageError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tipoff_domain::{EntityView, Invalid, Lead, LeadId, Source, SourceId};
use tipoff_roster::{EditError, Expect, Roster};
use tipoff_runtime::publish::PATIENCE;
use tipoff_runtime::{Clock, Nats, PublishError, Published, Publisher, rejected};
use tipoff_wire::intake::OWN_KEY;
use tipoff_wire::{Accepted, Line, Rejected, Stream, subject};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::warn;

use crate::identity::{self, Key};
use crate::pace::Paces;
use crate::read::{self, Unreadable};

/// Sources of an entity until new ones do not appear by themselves any more:
/// somebody who makes names up fills the roster of everybody.
const MOST_SOURCES: usize = 1_000;

/// Hash of the body that a lead was read from.
const BODY_HEADER: &str = "Tipoff-Body";

pub(crate) struct Intake {
    nats: Nats,
    publisher: Publisher,
    /// For what is in line behind a flood.
    bulk: Publisher,
    pub(crate) roster: Roster,
    clock: Clock,
    pub(crate) paces: Paces,
    /// Whose turn it is to make a source.
    making_known: Mutex<()>,
}

/// What came, and from whom.
pub(crate) struct Sent<'a> {
    pub(crate) entity: &'a EntityView,
    /// `None`: the body must say.
    pub(crate) source: Option<&'a SourceId>,
    /// What counts where the lead has no `external_id`.
    pub(crate) key: Option<Key>,
    /// The same however often it is tried.
    pub(crate) at: DateTime<Utc>,
    pub(crate) body: &'a Bytes,
}

/// A lead that is in JetStream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) id: LeadId,
    pub(crate) duplicate: bool,
}

/// Why something was not taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it is not a lead")]
    Unreadable(Unreadable),
    #[error("its key was used for something else before")]
    Mismatch,
    #[error("it could not be written down")]
    Publish(#[from] PublishError),
    #[error("its source could not be added to the roster")]
    Roster(#[from] EditError),
    #[error("what was sent with its key before could not be read")]
    Original(#[from] RawMessageError),
    #[error("JetStream did not answer in time")]
    Timeout,
}

impl Refusal {
    fn invalid(field: &str, message: &str) -> Self {
        Self::Unreadable(Unreadable::Invalid(Invalid::one(field, message)))
    }
}

impl Intake {
    pub(crate) fn new(nats: Nats, roster: Roster, clock: Clock, paces: Paces) -> Self {
        let publisher = Publisher::new(nats.clone());
        let bulk = publisher.clone().of(Line::Bulk);
        Self { nats, publisher, bulk, roster, clock, paces, making_known: Mutex::new(()) }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Writes the lead down; it is accepted when this returns, not before.
    pub(crate) async fn accept(&self, sent: Sent<'_>) -> Result<Taken, Refusal> {
        let country = &sent.entity.entity.country;
        let mut lead = read::lead(sent.body, country).map_err(Refusal::Unreadable)?;
        let source = source_of(&lead, sent.source)?;
        if let Some(source) = &source {
            self.make_known(sent.entity, source).await?;
        }
        lead.source.clone_from(&source);

        let hash = identity::hash(sent.body);
        let key = match (&lead.external_id, sent.key) {
            (Some(id), _) => Key::ExternalId(id.clone()),
            (None, Some(key)) => key,
            (None, None) => Key::Content { hash: hash.clone(), day: sent.at.date_naive() },
        };
        let id = key.lead_id(&sent.entity.id, source.as_ref());
        let entity = sent.entity.id.clone();
        let accepted = Accepted { id: id.clone(), entity, source, received_at: self.now(), lead };
        let published = self.write_down(&accepted, &key, &hash).await?;
        self.note_seen(&accepted);
        if published.duplicate && matches!(key, Key::Idempotency(_)) {
            self.compare_with_first(published.sequence, &hash).await?;
        }
        Ok(Taken { id, duplicate: published.duplicate })
    }

    async fn write_down(
        &self,
        accepted: &Accepted,
        key: &Key,
        hash: &str,
    ) -> Result<Published, PublishError> {
        let Accepted { id, entity, lead, received_at, .. } = accepted;
        let line = self.paces.line(entity, *received_at);
        let to = subject::leads_new(self.roster.partition(entity), entity, line);
        let mut headers = HeaderMap::new();
        headers.insert(BODY_HEADER, hash);
        if matches!(key, Key::Idempotency(_)) {
            headers.insert(OWN_KEY, "1");
        }
        let body = serde_json::to_vec(accepted).expect("what was read from JSON is JSON again");
        let message = key.message_id(id, lead.is_reachable());
        let publisher = match line {
            Line::Prompt => &self.publisher,
            Line::Bulk => &self.bulk,
        };
        publisher.publish(to, &message, None, headers, Bytes::from(body)).await
    }

    /// So that the list of sources says which of them send; no lead waits for that.
    fn note_seen(&self, accepted: &Accepted) {
        let Accepted { entity, source: Some(source), received_at, .. } = accepted else { return };
        if !self.roster.is_news(entity, source, *received_at) {
            return;
        }
        let (entity, source, at) = (entity.clone(), source.clone(), *received_at);
        let roster = self.roster.clone();
        tokio::spawn(async move {
            if let Err(error) = roster.note_seen(&entity, &source, at).await {
                warn!(error = &error as &dyn std::error::Error, %entity, "a source was seen, but not noted");
            }
        });
    }

    /// Sources that nobody announced appear by themselves.
    async fn make_known(&self, entity: &EntityView, source: &SourceId) -> Result<(), Refusal> {
        if entity.sources.contains_key(source) {
            return Ok(());
        }
        // One after the other: a batch may name thousands, or one a thousand times.
        let _turn = self.making_known.lock().await;
        let now = self.roster.view(&entity.id);
        let sources = now.as_ref().map_or(&entity.sources, |now| &now.sources);
        if sources.contains_key(source) {
            return Ok(());
        }
        if sources.len() >= MOST_SOURCES {
            let problem = format!(
                "is not known, and this entity has {MOST_SOURCES} sources: add it by hand, or correct the name"
            );
            return Err(Refusal::invalid("/source", &problem));
        }
        let made = Source {
            name: source.to_string(),
            kind: "generic".to_owned(),
            leads_per_second: None,
            same_person: None,
        };
        match self.roster.put_source(&entity.id, source, made, Expect::Absent).await {
            Ok(_) | Err(EditError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The same key must say the same.
    async fn compare_with_first(&self, sequence: u64, hash: &str) -> Result<(), Refusal> {
        let reading = async {
            // Never from a follower: it may not have the message yet.
            match self.nats.jetstream.get_stream_no_info(Stream::Leads.name()).await {
                Ok(stream) => stream.get_raw_message(sequence).await.map_err(Refusal::from),
                Err(_) => Err(Refusal::Timeout),
            }
        };
        let first = timeout(PATIENCE, reading).await.map_err(|_| Refusal::Timeout)??;
        match first.headers.get(BODY_HEADER) {
            Some(before) if before.as_str() != hash => Err(Refusal::Mismatch),
            Some(_) | None => Ok(()),
        }
    }

    /// Keeps what could not be a lead. `id` is the same however often it is tried.
    pub(crate) async fn reject(
        &self,
        entity: &str,
        source: &str,
        id: &str,
        problems: Invalid,
        body: &Bytes,
    ) -> Result<(), PublishError> {
        let (text, body_is_base64) = match std::str::from_utf8(body) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (STANDARD.encode(body), true),
        };
        let rejected = Rejected { at: self.now(), problems, body: text, body_is_base64 };
        rejected::write(&self.publisher, (entity, source), rejected, id).await
    }

    /// As [`Intake::reject`], for callers who are told themselves: that it
    /// could not be kept does not change their answer.
    pub(crate) async fn reject_quietly(
        &self,
        sent_by: (&str, &str),
        unreadable: &Unreadable,
        body: &Bytes,
    ) {
        let (entity, source) = sent_by;
        let id = format!("rejected:{entity}:{source}:{}", identity::hash(body));
        if let Err(error) = self.reject(entity, source, &id, unreadable.problems(), body).await {
            warn!(
                error = &error as &dyn std::error::Error,
                entity, source, "a rejected lead could not be kept"
            );
        }
    }
}

/// The source that the caller stands for, or that the body names; an admin may
/// know none (D-27).
fn source_of(lead: &Lead, implied: Option<&SourceId>) -> Result<Option<SourceId>, Refusal> {
    match (implied, &lead.source) {
        (Some(implied), Some(named)) if implied != named => Err(Refusal::invalid(
            "/source",
            "is not the source that this was sent for; leave it out",
        )),
        (source, named) => Ok(source.or(named.as_ref()).cloned()),
    }
}
