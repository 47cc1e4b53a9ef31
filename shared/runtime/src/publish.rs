//! Publishing that is only believed once JetStream has it.

use async_nats::HeaderMap;
use bytes::Bytes;

use crate::Nats;

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
    Refused { subject: String, source: async_nats::jetstream::context::PublishError },
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
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Published, PublishError> {
        let _ = (&self.nats, subject, id, expect, headers, body);
        todo!()
    }
}
