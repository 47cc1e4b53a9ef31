//! Messages that were heard already: a provider that got no answer in time
//! sends again, and "1" must not claim twice. And how often somebody tried what
//! may be tried a few times only.

use std::fmt::Write;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{Config, CreateErrorKind, Store};
use async_nats::jetstream::stream::StorageType;
use bytes::Bytes;
use ring::digest::{SHA256, digest};
use tipoff_runtime::publish::PATIENCE;
use tokio::sync::OnceCell;
use tokio::time::timeout;

const BUCKET: &str = "heard";
/// No provider repeats itself for longer.
const REMEMBERED: Duration = Duration::from_hours(24);

/// The memory of it, shared by all processes.
#[derive(Debug)]
pub(super) struct Heard {
    jetstream: Context,
    store: OnceCell<Store>,
}

/// It cannot be said whether a message is new.
#[derive(Debug, thiserror::Error)]
#[error("the memory of messages cannot be reached")]
pub struct Forgetful(#[source] Box<dyn std::error::Error + Send + Sync>);

fn forgetful(error: impl std::error::Error + Send + Sync + 'static) -> Forgetful {
    Forgetful(Box::new(error))
}

impl Heard {
    pub(super) fn new(jetstream: Context) -> Self {
        Self { jetstream, store: OnceCell::new() }
    }

    /// Whether a message of that name comes for the first time.
    pub(super) async fn first(&self, name: &str) -> Result<bool, Forgetful> {
        let store = self.store.get_or_try_init(|| open(&self.jetstream)).await?;
        let key = key(name);
        match timeout(PATIENCE, store.create(&key, Bytes::new())).await.map_err(forgetful)? {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(forgetful(error)),
        }
    }

    /// Whether what has that name may be tried once more, of `most` times in all.
    /// Of any number who try at once, in whatever process, no more than so many may.
    pub(super) async fn may_try(&self, name: &str, most: u8) -> Result<bool, Forgetful> {
        for place in 1..=most {
            if self.first(&format!("{name}:{place}")).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Opens the memory, or makes it.
pub(super) async fn open(jetstream: &Context) -> Result<Store, Forgetful> {
    let opened = timeout(PATIENCE, jetstream.get_key_value(BUCKET)).await;
    if let Ok(Ok(store)) = opened {
        return Ok(store);
    }
    let config = Config {
        bucket: BUCKET.to_owned(),
        history: 1,
        max_age: REMEMBERED,
        storage: StorageType::File,
        ..Config::default()
    };
    let made = timeout(PATIENCE, jetstream.create_key_value(config)).await;
    made.map_err(forgetful)?.map_err(forgetful)
}

/// Names come from outside and may hold what a key may not.
fn key(name: &str) -> String {
    let mut text = String::with_capacity(32);
    for byte in &digest(&SHA256, name.as_bytes()).as_ref()[..16] {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    text
}
