//! The streams as JetStream keeps them: created where missing, checked where
//! they exist.

use std::error::Error as _;
use std::fmt::Debug;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{
    CreateStreamErrorKind, GetStreamError, GetStreamErrorKind, RequestError, RequestErrorKind,
    UpdateStreamErrorKind,
};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use futures::future::BoxFuture;
use tipoff_wire::Stream;

use crate::Nats;

/// A stream that is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error("stream {stream} could not be created or read")]
    Unavailable {
        stream: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nobody refused, nobody answered: so it is when the user of a service
    /// may not make streams.
    #[error(
        "stream {stream} is not there, and could not be made or changed; `tipoff init` does that"
    )]
    NotReady { stream: &'static str },
    /// So it is while the servers of a cluster have not found each other.
    #[error("JetStream does not say how stream {stream} is")]
    Silent { stream: &'static str },
    #[error(
        "stream {stream} has {setting} = {found}, but must have {wanted}; change it or remove the stream"
    )]
    Different { stream: &'static str, setting: &'static str, found: String, wanted: String },
}

/// What [`ensure`] did to one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    Created,
    Updated,
    AsWanted,
}

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// Creates or updates every stream; safe to repeat and to run from several
/// processes at once. Says what it did, stream by stream.
///
/// Limits on size that somebody set by hand are left as they are.
pub fn ensure(
    nats: &Nats,
    replicas: usize,
) -> BoxFuture<'_, Result<Vec<(Stream, Ensured)>, StreamError>> {
    Box::pin(async move {
        let mut done = Vec::with_capacity(Stream::ALL.len());
        for stream in Stream::ALL {
            done.push((stream, ensure_one(nats, stream, replicas).await?));
        }
        Ok(done)
    })
}

async fn ensure_one(nats: &Nats, stream: Stream, replicas: usize) -> Result<Ensured, StreamError> {
    let jetstream = &nats.jetstream;
    let existing = match jetstream.get_stream(stream.name()).await {
        Ok(existing) => existing.cached_info().config.clone(),
        Err(error) if is_missing(&error) => {
            let wanted = wanted(stream, replicas, Config::default());
            let created = match jetstream.create_stream(&wanted).await {
                Err(error) if error.kind() == CreateStreamErrorKind::TimedOut => {
                    return Err(StreamError::NotReady { stream: stream.name() });
                }
                created => created.map_err(|error| unavailable(stream, error))?,
            };
            compare(stream, &created.cached_info().config, &wanted)?;
            return Ok(Ensured::Created);
        }
        Err(error) if is_silence(&error) => {
            return Err(StreamError::Silent { stream: stream.name() });
        }
        Err(error) => return Err(unavailable(stream, error)),
    };
    let wanted = wanted(stream, replicas, existing.clone());
    // JetStream would refuse to change these two; say so in our words.
    must_be(stream, "retention", &existing.retention, &wanted.retention)?;
    must_be(stream, "storage", &existing.storage, &wanted.storage)?;
    if compare(stream, &existing, &wanted).is_ok() {
        return Ok(Ensured::AsWanted);
    }
    let updated = match jetstream.update_stream(&wanted).await {
        Err(error) if error.kind() == UpdateStreamErrorKind::TimedOut => {
            return Err(StreamError::NotReady { stream: stream.name() });
        }
        updated => updated.map_err(|error| unavailable(stream, error))?,
    };
    compare(stream, &updated.config, &wanted)?;
    Ok(Ensured::Updated)
}

/// `base` with everything that we depend on.
fn wanted(stream: Stream, replicas: usize, base: Config) -> Config {
    Config {
        name: stream.name().to_owned(),
        subjects: vec![stream.filter().to_owned()],
        // Never work-queue: its memory of message ids does not survive a restart.
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas: replicas,
        max_age: kept_for(stream),
        // As the server says "any number".
        max_messages_per_subject: stream.most_of_each().map_or(-1, i64::from),
        duplicate_window: ids_known_for(stream),
        allow_direct: true,
        allow_atomic_publish: stream.takes_batches(),
        ..base
    }
}

/// Zero: for ever.
fn kept_for(stream: Stream) -> Duration {
    match stream {
        Stream::LeadsIn | Stream::Webhooks | Stream::Attempts => 7 * DAY,
        Stream::Leads | Stream::Rejected => 30 * DAY,
        Stream::Events => Duration::ZERO,
        // Whoever was called is known as long as whoever could not be told.
        Stream::Notify | Stream::Undelivered | Stream::Calls => 2 * DAY,
        Stream::Bell => 14 * DAY,
        Stream::Dead => 90 * DAY,
        Stream::Audit | Stream::Changes => 400 * DAY,
        // Its bucket says so.
        Stream::Roster => Duration::ZERO,
    }
}

fn ids_known_for(stream: Stream) -> Duration {
    match stream {
        // Strangers choose these, and a stream knows an id whatever the subject: one source's must
        // not keep another's lead out. Ingest knows a resend by source and id, for as long as leads
        // are kept. Shorter than this JetStream does not take.
        Stream::LeadsIn => Duration::from_millis(100),
        Stream::Leads | Stream::Rejected | Stream::Dead => 10 * MINUTE,
        Stream::Events
        | Stream::Notify
        | Stream::Undelivered
        | Stream::Bell
        | Stream::Webhooks
        | Stream::Attempts
        | Stream::Calls
        | Stream::Audit
        | Stream::Changes
        | Stream::Roster => 2 * MINUTE,
    }
}

fn compare(stream: Stream, found: &Config, wanted: &Config) -> Result<(), StreamError> {
    must_be(stream, "subjects", &found.subjects, &wanted.subjects)?;
    must_be(stream, "retention", &found.retention, &wanted.retention)?;
    must_be(stream, "discard", &found.discard, &wanted.discard)?;
    must_be(stream, "storage", &found.storage, &wanted.storage)?;
    must_be(stream, "num_replicas", &found.num_replicas, &wanted.num_replicas)?;
    must_be(stream, "max_age", &found.max_age, &wanted.max_age)?;
    let (kept, wanted_kept) = (found.max_messages_per_subject, wanted.max_messages_per_subject);
    must_be(stream, "max_msgs_per_subject", &kept, &wanted_kept)?;
    must_be(stream, "duplicate_window", &found.duplicate_window, &wanted.duplicate_window)?;
    must_be(stream, "allow_direct", &found.allow_direct, &wanted.allow_direct)?;
    must_be(stream, "allow_atomic", &found.allow_atomic_publish, &wanted.allow_atomic_publish)
}

fn must_be<T: PartialEq + Debug>(
    stream: Stream,
    setting: &'static str,
    found: &T,
    wanted: &T,
) -> Result<(), StreamError> {
    if found == wanted {
        return Ok(());
    }
    let (found, wanted) = (format!("{found:?}"), format!("{wanted:?}"));
    Err(StreamError::Different { stream: stream.name(), setting, found, wanted })
}

fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(cause) if cause.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

/// Nobody answered in time, or somebody who has nobody to ask.
fn is_silence(error: &GetStreamError) -> bool {
    let request = error.source().and_then(|source| source.downcast_ref::<RequestError>());
    let codes = [
        ErrorCode::CLUSTER_NOT_AVAILABLE,
        ErrorCode::CLUSTER_NOT_LEADER,
        ErrorCode::CLUSTER_NOT_ACTIVE,
    ];
    match error.kind() {
        GetStreamErrorKind::Request => {
            request.is_some_and(|request| request.kind() == RequestErrorKind::TimedOut)
        }
        GetStreamErrorKind::JetStream(cause) => codes.contains(&cause.error_code()),
        GetStreamErrorKind::EmptyName | GetStreamErrorKind::InvalidStreamName => false,
    }
}

fn unavailable(
    stream: Stream,
    error: impl std::error::Error + Send + Sync + 'static,
) -> StreamError {
    StreamError::Unavailable { stream: stream.name(), source: Box::new(error) }
}
