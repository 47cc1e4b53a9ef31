//! Writing to a bucket: one entry, or several as one, with their author.

use std::sync::PoisonError;

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::kv::Operation;
use async_nats::{HeaderValue, Request};
use bytes::Bytes;
use serde::Deserialize;
use tipoff_runtime::publish::PATIENCE;
use tokio::time::timeout;
use tracing::warn;

use super::{Bucket, in_time};
use crate::follow::Table;
use crate::{Author, EditError, Expect};

/// An entry to be written.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) key: String,
    /// What it is, for whoever reads a refusal.
    pub(crate) what: String,
    /// `None`: it is deleted.
    pub(crate) value: Option<Bytes>,
    pub(crate) expect: Expect,
}

/// What JetStream said.
enum Said {
    /// All of it is there; the last entry's version.
    Written(u64),
    /// None of it is there: something else stands there than was expected.
    Otherwise,
}

#[derive(Deserialize)]
struct Ack {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    error: Option<Refused>,
}

#[derive(Debug, thiserror::Error, Deserialize)]
#[error("JetStream refused it: {description} ({err_code})")]
struct Refused {
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// `JSStreamWrongLastSequenceErrF` and its form without the sequence.
const WRONG_LAST: [u64; 2] = [10_071, 10_164];

impl<T: Table> Bucket<T> {
    /// Writes all entries or none, and waits until the table has them. Answers
    /// the version of the last; those before have the versions just below it.
    pub(crate) async fn commit(&self, writes: &[Write], by: &Author) -> Result<u64, EditError> {
        let mut expected: Vec<_> = writes.iter().map(|write| first_guess(write.expect)).collect();
        let version = match self.publish(writes, &expected, by).await? {
            Said::Written(version) => version,
            Said::Otherwise => {
                self.look_again(writes, &mut expected).await?;
                match self.publish(writes, &expected, by).await? {
                    Said::Written(version) => version,
                    Said::Otherwise => return Err(self.conflict(writes, &expected).await),
                }
            }
        };
        if !self.is_seen(version).await {
            warn!(version, "the edit is made, but this process has not seen it yet");
            self.forget_deleted(writes);
        }
        Ok(version)
    }

    /// What was deleted left a mark, which counts as nothing being there.
    async fn look_again(
        &self,
        writes: &[Write],
        expected: &mut [Option<u64>],
    ) -> Result<(), EditError> {
        for (write, expected) in writes.iter().zip(expected) {
            let Some(wanted) = expected else { continue };
            let entry = in_time(self.store.entry(&write.key)).await?;
            let there = entry.as_ref().filter(|entry| entry.operation == Operation::Put);
            let version = entry.as_ref().map_or(0, |entry| entry.revision);
            let what = write.what.clone();
            match (write.expect, there) {
                _ if version == *wanted => {}
                (Expect::Absent, None) => *wanted = version,
                (_, Some(there)) => {
                    return Err(EditError::Conflict { what, version: there.revision });
                }
                (_, None) => return Err(EditError::NotFound { what }),
            }
        }
        Ok(())
    }

    /// Somebody was faster twice: says what stands there now.
    async fn conflict(&self, writes: &[Write], expected: &[Option<u64>]) -> EditError {
        for (write, wanted) in writes.iter().zip(expected) {
            let what = write.what.clone();
            match self.get(&write.key).await {
                Ok(Some(entry)) if wanted.is_some_and(|wanted| wanted != entry.revision) => {
                    return EditError::Conflict { what, version: entry.revision };
                }
                Ok(None) if !matches!(write.expect, Expect::Absent | Expect::Anything) => {
                    return EditError::NotFound { what };
                }
                Ok(_) => {}
                Err(error) => return error,
            }
        }
        let what = writes.first().map(|write| write.what.clone()).unwrap_or_default();
        EditError::Conflict { what, version: 0 }
    }

    async fn publish(
        &self,
        writes: &[Write],
        expected: &[Option<u64>],
        by: &Author,
    ) -> Result<Said, EditError> {
        let headers = writes.iter().zip(expected).map(|(write, expected)| {
            let mut headers = HeaderMap::new();
            by.sign(&mut headers);
            if write.value.is_none() {
                headers.insert("KV-Operation", "DEL");
            }
            if let Some(version) = expected {
                headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(*version));
            }
            headers
        });
        let headers: Vec<HeaderMap> = headers.collect();
        match writes {
            [write] => self.publish_one(write, headers.into_iter().next()).await,
            several => self.publish_batch(several, headers).await,
        }
    }

    async fn publish_one(
        &self,
        write: &Write,
        headers: Option<HeaderMap>,
    ) -> Result<Said, EditError> {
        let (subject, body) = (self.subject(&write.key), write.value.clone().unwrap_or_default());
        let headers = headers.unwrap_or_default();
        let publishing =
            async { self.nats.jetstream.publish_with_headers(subject, headers, body).await?.await };
        match timeout(PATIENCE, publishing).await {
            Ok(Ok(ack)) => Ok(Said::Written(ack.sequence)),
            Ok(Err(error)) if error.kind() == PublishErrorKind::WrongLastSequence => {
                Ok(Said::Otherwise)
            }
            Ok(Err(error)) => Err(EditError::Unavailable(Box::new(error))),
            Err(elapsed) => Err(EditError::Unavailable(Box::new(elapsed))),
        }
    }

    /// As one atomic batch (ADR-50).
    async fn publish_batch(
        &self,
        writes: &[Write],
        headers: Vec<HeaderMap>,
    ) -> Result<Said, EditError> {
        let client = &self.nats.client;
        let batch = client.new_inbox();
        let mut answer = None;
        for (index, (write, mut headers)) in writes.iter().zip(headers).enumerate() {
            let number = index + 1;
            headers.insert("Nats-Batch-Id", batch.as_str());
            headers.insert("Nats-Batch-Sequence", number.to_string().as_str());
            let subject = self.subject(&write.key);
            let body = write.value.clone().unwrap_or_default();
            if number < writes.len() {
                in_time(client.publish_with_headers(subject, headers, body)).await?;
                continue;
            }
            headers.insert("Nats-Batch-Commit", "1");
            let request = Request::new().headers(headers).payload(body).timeout(Some(PATIENCE));
            answer = Some(in_time(client.send_request(subject, request)).await?);
        }
        let answer = answer.map(|answer| answer.payload).unwrap_or_default();
        let ack: Ack = serde_json::from_slice(&answer)
            .map_err(|error| EditError::Unavailable(Box::new(error)))?;
        match ack.error {
            None => Ok(Said::Written(ack.seq)),
            Some(refused) if WRONG_LAST.contains(&refused.err_code) => Ok(Said::Otherwise),
            Some(refused) => Err(EditError::Unavailable(Box::new(refused))),
        }
    }

    pub(super) fn subject(&self, key: &str) -> String {
        format!("{}{key}", self.store.prefix)
    }

    /// What was revoked must not count any longer, watch or no watch.
    fn forget_deleted(&self, writes: &[Write]) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        for write in writes.iter().filter(|write| write.value.is_none()) {
            table.apply(&write.key, 0, None);
        }
    }
}

fn first_guess(expect: Expect) -> Option<u64> {
    match expect {
        Expect::Anything => None,
        Expect::Absent => Some(0),
        Expect::Version(version) => Some(version),
    }
}
