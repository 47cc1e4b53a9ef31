//! Following a bucket by watching it.
//!
//! A watch may skip what happened in between and tell only how things are now,
//! and it may break at any time. So whenever one begins, a new table is filled
//! and put in place of the old one once it is complete.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_nats::jetstream::kv::{Entry, Operation, Store, Watch};
use futures::StreamExt;
use tipoff_runtime::Backoff;
use tipoff_runtime::publish::PATIENCE;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// What the entries of a bucket are kept in.
pub(crate) trait Table: Default + Send + Sync + 'static {
    /// Takes over one entry; `None`: it was deleted.
    fn apply(&mut self, key: &str, version: u64, value: Option<&[u8]>);
}

/// Why a watch broke off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the bucket did not answer in time")]
    Timeout,
    #[error("the watch ended")]
    Ended,
    #[error("the bucket could not be read")]
    Bucket(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Keeps `table` up to date until `stop` is cancelled.
pub(crate) async fn follow<T: Table>(
    store: Store,
    table: Arc<RwLock<T>>,
    seeing: watch::Sender<Option<u64>>,
    stop: CancellationToken,
) {
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
    let following = Following { store, table, seeing };
    loop {
        let broken = tokio::select! {
            () = stop.cancelled() => return,
            broken = following.once(&mut backoff) => broken,
        };
        warn!(
            error = &broken as &dyn std::error::Error,
            bucket = following.store.name,
            "watching anew"
        );
        if !backoff.wait(&stop).await {
            return;
        }
    }
}

struct Following<T> {
    store: Store,
    table: Arc<RwLock<T>>,
    seeing: watch::Sender<Option<u64>>,
}

impl<T: Table> Following<T> {
    async fn once(&self, backoff: &mut Backoff) -> Broken {
        match self.load().await {
            Ok(mut watch) => {
                info!(bucket = self.store.name, "loaded");
                backoff.reset();
                loop {
                    match next(&mut watch).await {
                        Ok(entry) => self.update(&entry),
                        Err(broken) => return broken,
                    }
                }
            }
            Err(broken) => broken,
        }
    }

    /// Fills a new table with everything that is there now.
    async fn load(&self) -> Result<Watch, Broken> {
        let watching = self.store.watch_with_history(">");
        let mut watch =
            timeout(PATIENCE, watching).await.map_err(|_| Broken::Timeout)?.map_err(bucket)?;
        let status = timeout(PATIENCE, self.store.status())
            .await
            .map_err(|_| Broken::Timeout)?
            .map_err(bucket)?;
        let mut fresh = T::default();
        let mut version = 0;
        // Of an empty bucket the watch would not tell that this was all.
        let mut complete = status.values() == 0;
        while !complete {
            let entry =
                timeout(PATIENCE, next(&mut watch)).await.map_err(|_| Broken::Timeout)??;
            apply(&mut fresh, &entry);
            (complete, version) = (entry.seen_current, entry.revision);
        }
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.seeing.send_replace(Some(version));
        Ok(watch)
    }

    fn update(&self, entry: &Entry) {
        apply(&mut *self.table.write().unwrap_or_else(PoisonError::into_inner), entry);
        self.seeing.send_replace(Some(entry.revision));
    }
}

async fn next(watch: &mut Watch) -> Result<Entry, Broken> {
    watch.next().await.ok_or(Broken::Ended)?.map_err(bucket)
}

fn apply<T: Table>(table: &mut T, entry: &Entry) {
    let value = match entry.operation {
        Operation::Put => Some(&*entry.value),
        Operation::Delete | Operation::Purge => None,
    };
    table.apply(&entry.key, entry.revision, value);
}

fn bucket(error: impl std::error::Error + Send + Sync + 'static) -> Broken {
    Broken::Bucket(Box::new(error))
}
