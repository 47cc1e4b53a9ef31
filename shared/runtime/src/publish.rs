//! Publishing that is only believed once JetStream has it.
//!
//! With full durability JetStream syncs the disk for every message or for every
//! atomic batch. So while messages are on their way, those that come in the
//! meantime wait for each other and go as one batch ([`lane`]); while few come,
//! each goes at once.

mod lane;
mod plain;

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishError as ClientError;
use bytes::Bytes;
use futures::future::BoxFuture;
use tipoff_wire::{Line, Stream};

use crate::{Nats, telemetry};
use lane::Lane;

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

/// One message on its way.
#[derive(Debug, Clone)]
pub struct Message {
    pub subject: String,
    /// JetStream keeps one message of each id.
    pub id: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Publishes to JetStream with a message id, a deadline and the trace of the
/// caller in the headers. Cheap to clone; clones share their batches.
#[derive(Debug, Clone)]
pub struct Publisher {
    nats: Nats,
    lanes: Arc<[Lane]>,
    line: Line,
}

impl Publisher {
    /// A publisher over `nats`. Must be called within the async runtime.
    pub fn new(nats: Nats) -> Self {
        let batched = Stream::ALL.into_iter().filter(|stream| stream.takes_batches());
        let lanes = batched
            .flat_map(|stream| Line::EVERY.map(|line| Lane::start(stream, line, nats.clone())));
        Self { lanes: lanes.collect(), nats, line: Line::Prompt }
    }

    /// The same publisher for what is in that line: what a flood brings goes together with
    /// itself alone, and nobody else waits for its batches.
    #[must_use]
    pub fn of(self, line: Line) -> Self {
        Self { line, ..self }
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
        let message = Message { subject: subject.clone(), id: id.to_owned(), headers, body };
        let published = self.publish_all(vec![message], expect).await?;
        published.last().copied().ok_or(PublishError::Timeout { subject })
    }

    /// Publishes messages of one subject in this order, the first if the last
    /// message there is the one at `expect`. When it fails, the first few may
    /// be there all the same. Boxed, so that it is compiled here and not
    /// wherever somebody publishes.
    pub fn publish_all(
        &self,
        messages: Vec<Message>,
        expect: Option<u64>,
    ) -> BoxFuture<'_, Result<Vec<Published>, PublishError>> {
        Box::pin(self.publish_together(messages, expect))
    }

    async fn publish_together(
        &self,
        mut messages: Vec<Message>,
        expect: Option<u64>,
    ) -> Result<Vec<Published>, PublishError> {
        let Some(first) = messages.first() else { return Ok(Vec::new()) };
        let subject = first.subject.clone();
        for message in &mut messages {
            telemetry::inject(&mut message.headers);
        }
        let stream = Stream::of(&subject);
        let is_ours = |lane: &&Lane| Some(lane.stream) == stream && lane.line == self.line;
        let lane = self.lanes.iter().find(is_ours);
        let publishing = async {
            match lane {
                Some(lane) => lane.publish(messages, expect).await,
                None => plain::publish(&self.nats, messages, expect).await,
            }
        };
        // Without a connection the client would wait for ever once its buffer is full.
        match tokio::time::timeout(PATIENCE, publishing).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PublishError::Timeout { subject }),
        }
    }
}
