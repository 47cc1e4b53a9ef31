//! What a bucket held before.

use async_nats::HeaderMap;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tipoff_runtime::past;

use super::{Bucket, in_time};
use crate::follow::Table;
use crate::{Author, EditError};

/// An entry as it was written at some time.
#[derive(Debug, Clone)]
pub(crate) struct Edition {
    pub(crate) key: String,
    pub(crate) version: u64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: Option<Author>,
    /// `None`: it was deleted.
    pub(crate) value: Option<Bytes>,
}

impl<T: Table> Bucket<T> {
    /// The last versions of every key that `keys` fits, oldest first.
    pub(crate) async fn past(&self, keys: &str) -> Result<Vec<Edition>, EditError> {
        let filter = self.subject(keys);
        let stored = in_time(past::read(&self.nats, &self.store.stream_name, &filter)).await?;
        Ok(stored.into_iter().filter_map(|stored| self.edition(stored)).collect())
    }

    /// The key of an entry that stands there in the bucket's stream.
    pub(crate) fn key<'a>(&self, subject: &'a str) -> Option<&'a str> {
        subject.strip_prefix(&*self.store.prefix)
    }

    fn edition(&self, stored: past::Stored) -> Option<Edition> {
        Some(Edition {
            key: self.key(&stored.subject)?.to_owned(),
            version: stored.sequence,
            at: stored.at,
            by: Author::of(&stored.headers),
            value: (!is_mark(&stored.headers)).then_some(stored.body),
        })
    }
}

fn is_mark(headers: &HeaderMap) -> bool {
    headers.get("KV-Operation").is_some_and(|done| matches!(done.as_str(), "DEL" | "PURGE"))
}
