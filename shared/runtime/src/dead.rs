//! Messages that were set aside because nobody could handle them: reading them
//! and sending them round again.

use async_nats::HeaderMap;
use async_nats::jetstream;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::RawMessageErrorKind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tipoff_domain::EntityId;
use tipoff_wire::{Dead, Stream};

use crate::{Nats, PublishError, Published, Publisher, past};

/// Messages read in one go.
const PAGE: usize = 512;

/// Why a dead message could not be read or sent again.
#[derive(Debug, thiserror::Error)]
pub enum DeadError {
    #[error("the stream of dead messages could not be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("dead message {sequence} cannot be read by this build")]
    Unreadable { sequence: u64, source: serde_json::Error },
    #[error("the body of dead message {sequence} is not Base64")]
    Garbled { sequence: u64, source: base64::DecodeError },
    #[error("there is no dead message {sequence}; list them, it may have been sent again already")]
    NotFound { sequence: u64 },
    /// Written twice, the permanent log would tell of things that happened once.
    #[error(
        "dead message {sequence} comes from the permanent log, which is never written twice; it stands there as {original}"
    )]
    PermanentLog { sequence: u64, original: u64 },
    #[error("dead message {sequence} could not be sent again; it is still set aside")]
    Publish { sequence: u64, source: PublishError },
    #[error(
        "dead message {sequence} was sent again, but is still on the list; sending it once more within two minutes does no harm"
    )]
    NotCleared { sequence: u64, source: Box<dyn std::error::Error + Send + Sync> },
}

/// Which dead messages; all of them where nothing is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    pub entity: Option<EntityId>,
    /// Where they stood, as in `NOTIFY`.
    pub stream: Option<String>,
    /// Who gave up, as in `notify-email`.
    pub consumer: Option<String>,
    /// Set aside then or later.
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub until: Option<DateTime<Utc>>,
}

impl Which {
    /// Whether it is one of them.
    pub fn fits(&self, dead: &Dead) -> bool {
        self.entity.as_ref().is_none_or(|entity| dead.entity().as_ref() == Some(entity))
            && self.stream.as_ref().is_none_or(|stream| dead.stream == *stream)
            && self.consumer.as_ref().is_none_or(|consumer| dead.consumer == *consumer)
            && self.from.is_none_or(|from| from <= dead.at)
            && self.until.is_none_or(|until| dead.at < until)
    }
}

/// What became of many dead messages.
#[derive(Debug)]
pub struct Redriven {
    /// How many were sent again.
    pub sent: usize,
    /// Those that could not be, by their place in the list.
    pub refused: Vec<(u64, DeadError)>,
    /// Go on after this place: there are more.
    pub next: Option<u64>,
}

/// Sends those again that stand behind `after`, `limit` of them at most, and takes
/// them off the list. One that cannot be sent holds up no other.
pub async fn redrive_those(
    nats: &Nats,
    which: &Which,
    limit: usize,
    after: u64,
) -> Result<Redriven, DeadError> {
    let found = list_those(nats, limit, after, |dead| which.fits(dead)).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|(number, _)| *number);
    let mut done = Redriven { sent: 0, refused: Vec::new(), next };
    let (stream, publisher) = (open(nats).await?, Publisher::new(nats.clone()));
    for (number, _) in found {
        match send_again(&stream, &publisher, number).await {
            Ok(_) => done.sent += 1,
            // Somebody else was faster.
            Err(DeadError::NotFound { .. }) => {}
            Err(refused) => done.refused.push((number, refused)),
        }
    }
    Ok(done)
}

/// At most `limit` dead messages, oldest first, each with its place in the
/// list. `after`: only later ones than this place; 0: from the beginning.
pub async fn list(nats: &Nats, limit: usize, after: u64) -> Result<Vec<(u64, Dead)>, DeadError> {
    list_those(nats, limit, after, |_| true).await
}

/// The same of those that are `wanted`.
pub async fn list_those(
    nats: &Nats,
    limit: usize,
    after: u64,
    wanted: impl Fn(&Dead) -> bool,
) -> Result<Vec<(u64, Dead)>, DeadError> {
    let mut found = Vec::new();
    let mut from = after.saturating_add(1);
    loop {
        let asked = past::page(nats, Stream::Dead.name(), Stream::Dead.filter(), from, PAGE).await;
        let (page, more) = asked.map_err(|error| DeadError::Unavailable(error.into()))?;
        let Some(last) = page.last() else { return Ok(found) };
        from = last.sequence.saturating_add(1);
        for stored in &page {
            let dead = read(stored.sequence, &stored.body)?;
            if wanted(&dead) {
                found.push((stored.sequence, dead));
            }
            if found.len() >= limit {
                return Ok(found);
            }
        }
        if !more {
            return Ok(found);
        }
    }
}

/// The dead message at that place of the list.
pub async fn show(nats: &Nats, sequence: u64) -> Result<Dead, DeadError> {
    let message = fetch(&open(nats).await?, sequence).await?;
    read(message.sequence, &message.payload)
}

/// Sends a dead message to where it was first sent, and takes it off the list.
pub async fn redrive(nats: &Nats, sequence: u64) -> Result<Published, DeadError> {
    send_again(&open(nats).await?, &Publisher::new(nats.clone()), sequence).await
}

async fn send_again(
    stream: &jetstream::stream::Stream<()>,
    publisher: &Publisher,
    sequence: u64,
) -> Result<Published, DeadError> {
    let message = fetch(stream, sequence).await?;
    let dead = read(sequence, &message.payload)?;
    if [Stream::Events, Stream::Roster].iter().any(|kept| dead.stream == kept.name()) {
        return Err(DeadError::PermanentLog { sequence, original: dead.sequence });
    }
    let body =
        STANDARD.decode(&dead.body).map_err(|source| DeadError::Garbled { sequence, source })?;
    let published = publisher
        .publish(
            dead.subject,
            &format!("redrive:{sequence}"),
            None,
            kept(&message.headers),
            Bytes::from(body),
        )
        .await
        .map_err(|source| DeadError::Publish { sequence, source })?;
    let cleared = stream.delete_message(sequence).await;
    cleared.map_err(|source| DeadError::NotCleared { sequence, source: source.into() })?;
    Ok(published)
}

async fn open(nats: &Nats) -> Result<jetstream::stream::Stream<()>, DeadError> {
    let stream = nats.jetstream.get_stream_no_info(Stream::Dead.name()).await;
    stream.map_err(|source| DeadError::Unavailable(source.into()))
}

async fn fetch(
    stream: &jetstream::stream::Stream<()>,
    sequence: u64,
) -> Result<StreamMessage, DeadError> {
    // Streams count from one, and JetStream takes nought for a question that it cannot read.
    if sequence == 0 {
        return Err(DeadError::NotFound { sequence });
    }
    stream.get_raw_message(sequence).await.map_err(|error| match error.kind() {
        RawMessageErrorKind::NoMessageFound => DeadError::NotFound { sequence },
        _ => DeadError::Unavailable(error.into()),
    })
}

fn read(sequence: u64, body: &[u8]) -> Result<Dead, DeadError> {
    serde_json::from_slice(body).map_err(|source| DeadError::Unreadable { sequence, source })
}

/// What the message said about itself; not what NATS was told about the first
/// delivery, such as its id.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for (name, values) in headers.iter() {
        let told_to_nats = name.to_string().to_ascii_lowercase().starts_with("nats-");
        for value in values.iter().filter(|_| !told_to_nats) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}
