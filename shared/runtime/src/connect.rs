//! Connections to NATS and Redis, checked before anything is trusted to them.

use async_nats::jetstream;
use redis::aio::ConnectionLike;
use tokio_util::sync::CancellationToken;

use crate::Settings;

/// Oldest NATS server that keeps what we ask of it.
pub const OLDEST_NATS: (u32, u32) = (2, 14);
/// Oldest Redis (or what a Valkey 8 calls itself).
pub const OLDEST_REDIS: (u32, u32) = (7, 0);

/// Why we do not work with a server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("`{setting}` cannot be read as an address: {given}")]
    BadAddress { setting: &'static str, given: String },
    #[error("{server} {found} is too old: Tipoff needs {needed} or newer")]
    TooOld { server: &'static str, found: String, needed: String },
    #[error("Redis may forget what it acknowledged: {what}. {remedy}, or set TIPOFF_UNSAFE=1 for a trial")]
    Forgetful { what: String, remedy: &'static str },
    #[error("stopped while waiting for {server}")]
    Stopped { server: &'static str },
    #[error("NATS refused")]
    Nats(#[source] async_nats::ConnectError),
    #[error("Redis refused")]
    Redis(#[from] redis::RedisError),
}

/// NATS, as a plain client and as JetStream.
#[derive(Debug, Clone)]
pub struct Nats {
    pub client: async_nats::Client,
    pub jetstream: jetstream::Context,
}

/// Connects and checks the version. Keeps trying, with a clear line in the log
/// every time, until the server answers or `stop` is cancelled.
pub async fn nats(settings: &Settings, name: &str, stop: &CancellationToken) -> Result<Nats, ConnectError> {
    let _ = (settings, name, stop);
    todo!()
}

/// Redis, alone or as a cluster. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub enum Redis {
    Single(redis::aio::ConnectionManager),
    Cluster(redis::cluster_async::ClusterConnection),
}

/// Connects and checks version, eviction policy and AOF. Keeps trying like [`nats`].
pub async fn redis(settings: &Settings, stop: &CancellationToken) -> Result<Redis, ConnectError> {
    let _ = (settings, stop);
    todo!()
}

impl ConnectionLike for Redis {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a redis::Cmd) -> redis::RedisFuture<'a, redis::Value> {
        match self {
            Self::Single(one) => one.req_packed_command(cmd),
            Self::Cluster(cluster) => cluster.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a redis::Pipeline,
        offset: usize,
        count: usize,
    ) -> redis::RedisFuture<'a, Vec<redis::Value>> {
        match self {
            Self::Single(one) => one.req_packed_commands(cmd, offset, count),
            Self::Cluster(cluster) => cluster.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(one) => one.get_db(),
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}
