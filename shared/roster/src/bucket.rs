//! One KV bucket: opening it, and keeping a table of what it holds.

mod commit;
mod past;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{self, Entry, Operation, Store};
use async_nats::jetstream::stream::StorageType;
use tipoff_runtime::Nats;
use tipoff_runtime::publish::PATIENCE;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::EditError;
use crate::follow::{Table, follow};
pub(crate) use commit::Write;
pub(crate) use past::Edition;

/// How long an edit waits until the process that made it can see it.
const SEEN_WITHIN: Duration = Duration::from_secs(2);

/// A bucket and a table that follows it.
pub(crate) struct Bucket<T> {
    nats: Nats,
    store: Store,
    table: Arc<RwLock<T>>,
    /// Revision up to which the table is complete; `None`: not loaded yet.
    seen: watch::Receiver<Option<u64>>,
}

/// Opens the bucket, or makes it; it keeps the last `history` versions of each key.
pub(crate) async fn open(
    jetstream: &Context,
    name: &str,
    history: i64,
    replicas: usize,
) -> Result<Store, EditError> {
    let store = match timeout(PATIENCE, jetstream.get_key_value(name)).await {
        Ok(Ok(store)) => store,
        Ok(Err(_)) | Err(_) => make(jetstream, name, history, replicas).await?,
    };
    let mut config = store.stream.cached_info().config.clone();
    if config.allow_atomic_publish && config.max_messages_per_subject >= history {
        return Ok(store);
    }
    // As an earlier release made it, or as the client makes all buckets.
    config.allow_atomic_publish = true;
    config.max_messages_per_subject = config.max_messages_per_subject.max(history);
    in_time(jetstream.update_stream(config)).await?;
    info!(bucket = name, history, "the bucket keeps more versions now and takes batches");
    in_time(jetstream.get_key_value(name)).await
}

async fn make(
    jetstream: &Context,
    name: &str,
    history: i64,
    replicas: usize,
) -> Result<Store, EditError> {
    let config = kv::Config {
        bucket: name.to_owned(),
        history,
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
    pub(crate) async fn follow(
        nats: Nats,
        store: Store,
        stop: CancellationToken,
    ) -> Result<Self, EditError> {
        let table = Arc::new(RwLock::new(T::default()));
        let (seeing, mut seen) = watch::channel(None);
        tokio::spawn(follow(store.clone(), table.clone(), seeing, stop));
        in_time(seen.wait_for(Option::is_some)).await?;
        Ok(Self { nats, store, table, seen })
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

    /// Whether there was an entry and is none any more.
    pub(crate) async fn is_deleted(&self, key: &str) -> Result<bool, EditError> {
        let entry = in_time(self.store.entry(key)).await?;
        Ok(entry.is_some_and(|entry| entry.operation != Operation::Put))
    }

    /// Waits until the table has `version`. `false`: it took too long.
    pub(crate) async fn is_seen(&self, version: u64) -> bool {
        let mut seen = self.seen.clone();
        let has_it = |seen: &Option<u64>| seen.is_some_and(|seen| seen >= version);
        timeout(SEEN_WITHIN, seen.wait_for(has_it)).await.is_ok()
    }
}
