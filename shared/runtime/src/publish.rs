//! Publishing that is only believed once JetStream has it.

use std::time::Duration;

use async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_ID};
use async_nats::jetstream::context::{PublishError as ClientError, PublishErrorKind};
use async_nats::{HeaderMap, HeaderValue};
use bytes::Bytes;

use crate::{Nats, telemetry};

/// How long JetStream may take to answer: a little more than it takes a
/// cluster to elect a new leader.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// What JetStream said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    pub sequence: u64,
    /// The message was there already under the same id; `sequence` is the first one's.
    pub duplicate: bool,
}

/// Why a message may not be in JetStream. Except for [`PublishError::Refused`]
/// and [`PublishError::WrongSequence`] it may also be there: publish again with the same id.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("JetStream did not answer in time for `{subject}`")]
    Timeout { subject: String },
    /// `Nats-Expected-Last-Subject-Sequence` did not hold.
    #[error("somebody else wrote to `{subject}` first")]
    WrongSequence { subject: String },
    #[error("JetStream refused a message to `{subject}`")]
    Refused { subject: String, source: ClientError },
}

/// Publishes to JetStream with a message id, a deadline and the trace of the
/// caller in the headers.
#[derive(Debug, Clone)]
pub struct Publisher {
    nats: Nats,
}

impl Publisher {
    /// A publisher over `nats`.
    pub fn new(nats: Nats) -> Self {
        Self { nats }
    }

    /// Publishes and waits for the PubAck. `expect` is the sequence of the last
    /// message on the subject, 0 for none; `headers` may add more.
    pub async fn publish(
        &self,
        subject: String,
        id: &str,
        expect: Option<u64>,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Published, PublishError> {
        headers.insert(NATS_MESSAGE_ID, id);
        if let Some(sequence) = expect {
            headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(sequence));
        }
        telemetry::inject(&mut headers);
        let jetstream = &self.nats.jetstream;
        let to = subject.clone();
        let attempt = async { jetstream.publish_with_headers(to, headers, body).await?.await };
        // Without a connection the client would wait for ever once its buffer is full.
        match tokio::time::timeout(PATIENCE, attempt).await {
            Ok(Ok(ack)) => Ok(Published { sequence: ack.sequence, duplicate: ack.duplicate }),
            Ok(Err(error)) => Err(because(subject, error)),
            Err(_) => Err(PublishError::Timeout { subject }),
        }
    }
}

fn because(subject: String, source: ClientError) -> PublishError {
    match source.kind() {
        PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => {
            PublishError::Timeout { subject }
        }
        PublishErrorKind::WrongLastSequence => PublishError::WrongSequence { subject },
        PublishErrorKind::StreamNotFound
        | PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::Other => PublishError::Refused { subject, source },
    }
}
