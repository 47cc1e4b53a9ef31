//! Connections to NATS and Redis, checked before anything is trusted to them.

mod bus;
mod insist;
mod sentinel;
mod store;
mod tls;
mod version;

use async_nats::jetstream;
use redis::aio::ConnectionLike;
use tokio::sync::watch;

pub use bus::nats;
pub use sentinel::Followed;
pub use store::redis;

/// Oldest NATS server that keeps what we ask of it.
pub const OLDEST_NATS: (u32, u32) = (2, 14);
/// Oldest Redis (or what a Valkey 8 calls itself).
pub const OLDEST_REDIS: (u32, u32) = (7, 0);

/// Why we do not work with a server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("`{setting}` cannot be read as an address: {given}")]
    BadAddress { setting: &'static str, given: String },
    #[error("the file that `{setting}` names cannot be used: {path}")]
    BadFile {
        setting: &'static str,
        path: String,
        #[source]
        source: std::io::Error,
    },
    /// Nothing is said to a server that may be somebody else's.
    #[error(
        "the certificate of {server} is not trusted: see that TIPOFF_TLS_CA names who signed it, \
         and that {setting} calls the server by a name that stands in it"
    )]
    Untrusted {
        server: &'static str,
        setting: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{server} {found} is too old: Tipoff needs {needed} or newer")]
    TooOld { server: &'static str, found: String, needed: String },
    #[error(
        "Redis may forget what it acknowledged: {what}. {remedy}, or set TIPOFF_UNSAFE=1 for a trial"
    )]
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
    /// Servers may forget what they acknowledged (`TIPOFF_UNSAFE`).
    pub trial: bool,
    /// How many connections there were so far.
    pub(crate) connections: watch::Receiver<u64>,
}

/// Redis, alone, behind Sentinel or as a cluster. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub enum Redis {
    Single(redis::aio::ConnectionManager),
    Followed(Followed),
    Cluster(redis::cluster_async::ClusterConnection),
}

/// An address without the user and password that may stand in it.
fn without_secret(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    if scheme.is_empty() { place.to_owned() } else { format!("{scheme}://{place}") }
}

impl ConnectionLike for Redis {
    fn req_packed_command<'a>(
        &'a mut self,
        cmd: &'a redis::Cmd,
    ) -> redis::RedisFuture<'a, redis::Value> {
        match self {
            Self::Single(one) => one.req_packed_command(cmd),
            Self::Followed(primary) => primary.req_packed_command(cmd),
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
            Self::Followed(primary) => primary.req_packed_commands(cmd, offset, count),
            Self::Cluster(cluster) => cluster.req_packed_commands(cmd, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(one) => one.get_db(),
            Self::Followed(primary) => primary.get_db(),
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}
