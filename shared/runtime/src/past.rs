//! What a stream has, whatever the stream's size: of one subject in one go
//! (direct get, ADR-31), or of many in the order of the stream.
//!
//! Neither asks how far any consumer has come.

use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use async_nats::jetstream::{ErrorCode, Message};
use async_nats::{HeaderMap, HeaderValue};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::Nats;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Messages asked for in one go.
const BATCH: usize = 512;
/// What JetStream calls a message that is not there (any more).
const NO_MESSAGE: [ErrorCode; 3] = [
    ErrorCode::NO_MESSAGE_FOUND,
    ErrorCode::SEQUENCE_NOT_FOUND,
    ErrorCode::STREAM_MESSAGE_DELETE_FAILED,
];

/// A message as it stands in a stream.
#[derive(Debug, Clone)]
pub struct Stored {
    pub sequence: u64,
    pub subject: String,
    pub at: DateTime<Utc>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why the past cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    #[error("stream `{0}` did not answer in time")]
    Timeout(String),
    #[error("stream `{stream}` could not be read: {what}")]
    Refused { stream: String, what: String },
}

/// Which messages of a stream are wanted, in its order.
#[derive(Debug, Clone)]
pub struct Range {
    /// Subjects, which may have wildcards.
    pub filters: Vec<String>,
    /// Only from there on,
    pub from: Begin,
    /// and not what stands behind this sequence.
    pub until: u64,
    /// Whether the bodies come along.
    pub bodies: bool,
}

/// Where to begin.
#[derive(Debug, Clone, Copy)]
pub enum Begin {
    /// Behind this sequence; 0 is the beginning.
    Behind(u64),
    /// With what was written then.
    Time(DateTime<Utc>),
}

impl Begin {
    fn policy(self) -> DeliverPolicy {
        match self {
            Self::Behind(sequence) => {
                DeliverPolicy::ByStartSequence { start_sequence: sequence + 1 }
            }
            Self::Time(start_time) => DeliverPolicy::ByStartTime { start_time },
        }
    }

    fn lies_behind(self, until: u64) -> bool {
        matches!(self, Self::Behind(sequence) if sequence >= until)
    }
}

/// The messages of `stream` in a range as they come, and how many to expect at most.
pub async fn range(
    nats: &Nats,
    stream: &str,
    range: Range,
) -> Result<(u64, impl Stream<Item = Result<Stored, PastError>> + Send + use<>), PastError> {
    let Range { filters, from, until, bodies } = range;
    let (name, config) = (
        stream.to_owned(),
        pull::OrderedConfig {
            filter_subjects: filters,
            deliver_policy: from.policy(),
            headers_only: !bodies,
            ..Default::default()
        },
    );
    let refused = |what: &dyn std::fmt::Display| refused(stream, what);
    let making = nats.jetstream.create_consumer_on_stream(config, stream);
    let consumer = making.await.map_err(|error| refused(&error))?;
    let expected = consumer.cached_info().num_pending;
    let messages = consumer.messages().await.map_err(|error| refused(&error))?;
    let left = if from.lies_behind(until) { 0 } else { expected };
    let found = stream::try_unfold((messages, left), move |(mut messages, left)| {
        let name = name.clone();
        async move {
            if left == 0 {
                return Ok(None);
            }
            let next = timeout(PATIENCE, messages.next()).await;
            let message = match next.map_err(|_| PastError::Timeout(name.clone()))? {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Err(self::refused(&name, &error)),
                None => return Err(self::refused(&name, &"the answer broke off")),
            };
            let stored = of_message(message).map_err(|error| self::refused(&name, &error))?;
            let next = match stored.sequence {
                last if last > until => return Ok(None),
                last if last == until => 0,
                _ => left - 1,
            };
            Ok(Some((stored, (messages, next))))
        }
    });
    Ok((expected, found))
}

fn of_message(message: Message) -> Result<Stored, async_nats::Error> {
    let info = message.info()?;
    let (sequence, at) = (info.stream_sequence, info.published.to_utc());
    let (message, _) = message.split();
    Ok(Stored {
        sequence,
        subject: message.subject.to_string(),
        at,
        headers: message.headers.unwrap_or_default(),
        body: message.payload,
    })
}

fn refused(stream: &str, what: &dyn std::fmt::Display) -> PastError {
    PastError::Refused { stream: stream.to_owned(), what: what.to_string() }
}

/// Everything that `stream` has on the subjects that `filter` fits, oldest first.
pub async fn read(nats: &Nats, stream: &str, filter: &str) -> Result<Vec<Stored>, PastError> {
    let mut past: Vec<Stored> = Vec::new();
    visit(nats, stream, filter, |stored| past.push(stored)).await?;
    Ok(past)
}

/// The same, one after the other, however many there are.
pub async fn visit(
    nats: &Nats,
    stream: &str,
    filter: &str,
    mut each: impl FnMut(Stored),
) -> Result<(), PastError> {
    let mut from = 1;
    loop {
        let (page, more) = page(nats, stream, filter, from, BATCH).await?;
        let last = page.last().map(|last| last.sequence);
        page.into_iter().for_each(&mut each);
        match last.filter(|_| more) {
            Some(last) => from = last + 1,
            None => return Ok(()),
        }
    }
}

/// The last that `stream` has on the subjects that `filter` fits.
pub async fn last(nats: &Nats, stream: &str, filter: &str) -> Result<Option<Stored>, PastError> {
    let refused = |what: &dyn std::fmt::Display| refused(stream, what);
    let wanted = format!(r#"{{"last_by_subj":"{filter}"}}"#);
    let ask = || nats.client.request(format!("$JS.API.DIRECT.GET.{stream}"), wanted.clone().into());
    let answer = timeout(PATIENCE, nats.insist(ask))
        .await
        .map_err(|_| PastError::Timeout(stream.to_owned()))?
        .map_err(|error| refused(&error))?;
    match answer.status.map(|status| status.as_u16()) {
        None | Some(200) => {}
        Some(404) => return Ok(None),
        Some(other) => return Err(refused(&format!("status {other}"))),
    }
    let found = stored(answer.headers.unwrap_or_default(), answer.payload);
    found.map(Some).ok_or_else(|| refused(&"a message without a place"))
}

/// The same, as the stream's leader has it: another server may answer whoever asks directly,
/// and may be behind.
pub async fn last_at_leader(
    nats: &Nats,
    stream: &str,
    filter: &str,
) -> Result<Option<Stored>, PastError> {
    let refused = |what: &dyn std::fmt::Display| refused(stream, what);
    let kept = nats.jetstream.get_stream_no_info(stream).await.map_err(|error| refused(&error))?;
    let answer = timeout(PATIENCE, nats.insist(|| kept.get_last_raw_message_by_subject(filter)));
    match answer.await.map_err(|_| PastError::Timeout(stream.to_owned()))? {
        Ok(message) => Ok(Some(Stored {
            sequence: message.sequence,
            subject: message.subject.to_string(),
            at: message.time.to_utc(),
            headers: message.headers,
            body: message.payload,
        })),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(refused(&error)),
    }
}

/// Takes the message at that place away; its bytes are overwritten. Whoever
/// finds it gone already is content.
pub async fn delete(nats: &Nats, stream: &str, sequence: u64) -> Result<(), PastError> {
    let refused = |what: String| PastError::Refused { stream: stream.to_owned(), what };
    let wanted = Delete { seq: sequence };
    let ask = || nats.jetstream.request(format!("STREAM.MSG.DELETE.{stream}"), &wanted);
    let answer: Response<Deleted> = timeout(PATIENCE, nats.insist(ask))
        .await
        .map_err(|_| PastError::Timeout(stream.to_owned()))?
        .map_err(|error| refused(error.to_string()))?;
    match answer {
        Response::Ok(Deleted { success: true }) => Ok(()),
        Response::Ok(Deleted { success: false }) => Err(refused("nothing was deleted".to_owned())),
        Response::Err { error } if NO_MESSAGE.contains(&error.error_code()) => Ok(()),
        Response::Err { error } => Err(refused(error.to_string())),
    }
}

#[derive(Serialize)]
struct Delete {
    seq: u64,
}

#[derive(Deserialize)]
struct Deleted {
    success: bool,
}

/// At most `most` from that place on, or as many as the stream gives in one go;
/// and whether there are more.
pub async fn page(
    nats: &Nats,
    stream: &str,
    filter: &str,
    from: u64,
    most: usize,
) -> Result<(Vec<Stored>, bool), PastError> {
    timeout(PATIENCE, nats.insist(|| ask(nats, stream, filter, from, most)))
        .await
        .map_err(|_| PastError::Timeout(stream.to_owned()))?
}

async fn ask(
    nats: &Nats,
    stream: &str,
    filter: &str,
    from: u64,
    most: usize,
) -> Result<(Vec<Stored>, bool), PastError> {
    let refused = |what: &dyn std::fmt::Display| refused(stream, what);
    let inbox = nats.client.new_inbox();
    let mut answers =
        nats.client.subscribe(inbox.clone()).await.map_err(|error| refused(&error))?;
    let wanted = format!(r#"{{"seq":{from},"batch":{most},"next_by_subj":"{filter}"}}"#);
    let ask = format!("$JS.API.DIRECT.GET.{stream}");
    let sent = nats.client.publish_with_reply(ask, inbox, wanted.into()).await;
    sent.map_err(|error| refused(&error))?;
    let mut page = Vec::new();
    while let Some(message) = answers.next().await {
        let headers = message.headers.unwrap_or_default();
        let more = || headers.get("Nats-Num-Pending").is_some_and(|left| left.as_str() != "0");
        // 204: that was all for now, by count or by bytes. 404: there is nothing.
        match message.status.map(|status| status.as_u16()) {
            None | Some(200) => {}
            Some(204 | 404) => return Ok((page, more())),
            Some(other) => return Err(refused(&format!("status {other}"))),
        }
        page.push(
            stored(headers, message.payload)
                .ok_or_else(|| refused(&"a message without a place"))?,
        );
    }
    Err(refused(&"the answer broke off"))
}

fn stored(headers: HeaderMap, body: Bytes) -> Option<Stored> {
    let text = |name: &str| headers.get(name).map(HeaderValue::as_str);
    let (sequence, subject) =
        (text("Nats-Sequence")?.parse().ok()?, text("Nats-Subject")?.to_owned());
    let at = DateTime::parse_from_rfc3339(text("Nats-Time-Stamp")?).ok()?.to_utc();
    Some(Stored { sequence, subject, at, headers, body })
}
