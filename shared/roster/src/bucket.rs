//! One KV bucket: opening it, writing to it, and keeping a table of what it holds.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{self, CreateErrorKind, Entry, Operation, Store, UpdateErrorKind};
use async_nats::jetstream::stream::StorageType;
use bytes::Bytes;
use tipoff_runtime::publish::PATIENCE;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::follow::{Table, follow};
use crate::{EditError, Expect};

/// How long an edit waits until the process that made it can see it.
const SEEN_WITHIN: Duration = Duration::from_secs(2);

/// A bucket and a table that follows it.
pub(crate) struct Bucket<T> {
    store: Store,
    table: Arc<RwLock<T>>,
    /// Revision up to which the table is complete; `None`: not loaded yet.
    seen: watch::Receiver<Option<u64>>,
}

/// Opens the bucket, or makes it.
pub(crate) async fn open(
    jetstream: &Context,
    name: &str,
    replicas: usize,
) -> Result<Store, EditError> {
    if let Ok(Ok(store)) = timeout(PATIENCE, jetstream.get_key_value(name)).await {
        return Ok(store);
    }
    let config = kv::Config {
        bucket: name.to_owned(),
        history: 5,
        storage: StorageType::File,
        num_replicas: replicas,
        ..kv::Config::default()
    };
    if let Ok(Ok(store)) = timeout(PATIENCE, jetstream.create_key_value(config)).await {
        return Ok(store);
    }
    // Somebody with other settings made it in between, or nothing works at all.
    in_time(jetstream.get_key_value(name)).await
}

/// Runs one request under a deadline.
async fn in_time<V, E>(request: impl Future<Output = Result<V, E>>) -> Result<V, EditError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    match timeout(PATIENCE, request).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(EditError::Unavailable(Box::new(error))),
        Err(elapsed) => Err(EditError::Unavailable(Box::new(elapsed))),
    }
}

impl<T: Table> Bucket<T> {
    /// Loads everything, then follows until `stop` is cancelled.
    pub(crate) async fn follow(store: Store, stop: CancellationToken) -> Result<Self, EditError> {
        let table = Arc::new(RwLock::new(T::default()));
        let (seeing, mut seen) = watch::channel(None);
        tokio::spawn(follow(store.clone(), table.clone(), seeing, stop));
        in_time(seen.wait_for(Option::is_some)).await?;
        Ok(Self { store, table, seen })
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of every change of the table.
    pub(crate) fn changes(&self) -> watch::Receiver<Option<u64>> {
        self.seen.clone()
    }

    /// Asks the bucket itself. `None`: there is no such entry.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Entry>, EditError> {
        let entry = in_time(self.store.entry(key)).await?;
        Ok(entry.filter(|entry| entry.operation == Operation::Put))
    }

    /// Writes, and waits until the table has it. Answers the new version.
    pub(crate) async fn put(
        &self,
        key: &str,
        what: &str,
        value: Bytes,
        expect: Expect,
    ) -> Result<u64, EditError> {
        let version = match expect {
            Expect::Anything => in_time(self.store.put(key, value)).await?,
            Expect::Absent => self.create(key, what, value).await?,
            Expect::Version(version) => self.update(key, what, value, version).await?,
        };
        if !self.is_seen(version).await {
            warn!(key, version, "the edit is made, but this process has not seen it yet");
        }
        Ok(version)
    }

    async fn create(&self, key: &str, what: &str, value: Bytes) -> Result<u64, EditError> {
        match timeout(PATIENCE, self.store.create(key, value)).await {
            Ok(Ok(version)) => Ok(version),
            Ok(Err(error)) if error.kind() == CreateErrorKind::AlreadyExists => {
                Err(self.conflict(key, what).await)
            }
            Ok(Err(error)) => Err(EditError::Unavailable(Box::new(error))),
            Err(elapsed) => Err(EditError::Unavailable(Box::new(elapsed))),
        }
    }

    async fn update(
        &self,
        key: &str,
        what: &str,
        value: Bytes,
        version: u64,
    ) -> Result<u64, EditError> {
        match timeout(PATIENCE, self.store.update(key, value, version)).await {
            Ok(Ok(version)) => Ok(version),
            Ok(Err(error)) if error.kind() == UpdateErrorKind::WrongLastRevision => {
                Err(self.conflict(key, what).await)
            }
            Ok(Err(error)) => Err(EditError::Unavailable(Box::new(error))),
            Err(elapsed) => Err(EditError::Unavailable(Box::new(elapsed))),
        }
    }

    /// Deletes, and waits until the table has it.
    pub(crate) async fn delete(
        &self,
        key: &str,
        what: &str,
        expect: Expect,
    ) -> Result<(), EditError> {
        let version = match expect {
            Expect::Anything => None,
            Expect::Absent => return Err(self.conflict(key, what).await),
            Expect::Version(version) => Some(version),
        };
        match timeout(PATIENCE, self.store.delete_expect_revision(key, version)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) if error.kind() == UpdateErrorKind::WrongLastRevision => {
                return Err(self.conflict(key, what).await);
            }
            Ok(Err(error)) => return Err(EditError::Unavailable(Box::new(error))),
            Err(elapsed) => return Err(EditError::Unavailable(Box::new(elapsed))),
        }
        // The mark that was left in its place tells how far the table must be.
        let mark = in_time(self.store.entry(key)).await?;
        if !self.is_seen(mark.map_or(0, |mark| mark.revision)).await {
            // What was revoked must not count any longer, watch or no watch.
            self.table.write().unwrap_or_else(PoisonError::into_inner).apply(key, 0, None);
        }
        Ok(())
    }

    /// What stands there instead of what was expected.
    async fn conflict(&self, key: &str, what: &str) -> EditError {
        match self.get(key).await {
            Ok(Some(entry)) => {
                EditError::Conflict { what: what.to_owned(), version: entry.revision }
            }
            Ok(None) => EditError::NotFound { what: what.to_owned() },
            Err(error) => error,
        }
    }

    /// Waits until the table has `version`. `false`: it took too long.
    async fn is_seen(&self, version: u64) -> bool {
        let mut seen = self.seen.clone();
        let has_it = |seen: &Option<u64>| seen.is_some_and(|seen| seen >= version);
        timeout(SEEN_WITHIN, seen.wait_for(has_it)).await.is_ok()
    }
}
