//! Which channels failed to tell an agent of an offer. Channels are delivered by
//! different processes, so it is kept in JetStream, one subject per offer; who
//! writes says what it has read, so that of two who fail together the later one
//! knows of both.

use async_nats::HeaderMap;
use async_nats::jetstream::stream::{LastRawMessageError, LastRawMessageErrorKind};
use bytes::Bytes;
use tipoff_domain::Channel;
use tipoff_runtime::{Nats, PublishError, Publisher};
use tipoff_wire::{Notice, Stream, subject};

/// Nobody is interrupted more often than there are others.
const ATTEMPTS: usize = Channel::ALL.len() + 1;

/// Why a failure was not written down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error("the stream of failures could not be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a list of failures cannot be read by this build")]
    Unreadable(#[source] serde_json::Error),
    #[error("the failure could not be published")]
    Publish(#[from] PublishError),
}

/// Keeps the lists.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    nats: Nats,
    publisher: Publisher,
}

impl Ledger {
    pub(super) fn new(nats: Nats) -> Self {
        Self { publisher: Publisher::new(nats.clone()), nats }
    }

    /// Notes that `notice`, of an offer, failed for good. Answers with whether
    /// now every channel has that counts.
    pub(super) async fn note(&self, notice: &Notice, round: u32) -> Result<bool, LedgerError> {
        let counted = counted(notice);
        if counted.iter().all(|channel| *channel == notice.channel) {
            return Ok(true);
        }
        let subject = subject::undelivered(&notice.entity, &notice.lead, round, &notice.agent);
        for _ in 0..ATTEMPTS {
            let (mut failed, sequence) = self.read(&subject).await?;
            if !failed.contains(&notice.channel) {
                failed.push(notice.channel);
                match self.write(&subject, &failed, sequence).await {
                    Err(PublishError::WrongSequence { .. }) => continue,
                    written => written?,
                }
            }
            return Ok(counted.iter().all(|channel| failed.contains(channel)));
        }
        Err(PublishError::WrongSequence { subject }.into())
    }

    async fn read(&self, subject: &str) -> Result<(Vec<Channel>, u64), LedgerError> {
        let stream = self.nats.jetstream.get_stream_no_info(Stream::Undelivered.name()).await;
        let stream = stream.map_err(|error| LedgerError::Unavailable(error.into()))?;
        match stream.get_last_raw_message_by_subject(subject).await {
            Ok(message) => {
                let failed = serde_json::from_slice(&message.payload);
                Ok((failed.map_err(LedgerError::Unreadable)?, message.sequence))
            }
            Err(error) if is_nothing(&error) => Ok((Vec::new(), 0)),
            Err(error) => Err(LedgerError::Unavailable(error.into())),
        }
    }

    async fn write(
        &self,
        subject: &str,
        failed: &[Channel],
        after: u64,
    ) -> Result<(), PublishError> {
        let names: Vec<&str> = failed.iter().map(|channel| channel.as_str()).collect();
        let id = format!("{subject}:{}", names.join(","));
        let body = serde_json::to_vec(failed).expect("words are always JSON");
        let (subject, headers) = (subject.to_owned(), HeaderMap::new());
        self.publisher
            .publish(subject, &id, Some(after), headers, Bytes::from(body))
            .await
            .map(drop)
    }
}

fn is_nothing(error: &LastRawMessageError) -> bool {
    error.kind() == LastRawMessageErrorKind::NoMessageFound
}

/// The bell waits for somebody to look and a room is not the agent, so neither
/// says that the agent was told; unless nothing else was to tell them.
fn counted(notice: &Notice) -> Vec<Channel> {
    let tells = |channel: &Channel| *channel != Channel::InApp && !channel.is_a_room();
    let telling: Vec<Channel> = notice.over.iter().copied().filter(tells).collect();
    if telling.is_empty() { notice.over.clone() } else { telling }
}
