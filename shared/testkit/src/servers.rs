//! A private nats-server, redis-server and Sentinel: loopback, own data directory, gone
//! with the value that holds them (also when this process is killed).

mod configure;
mod guard;
mod program;
mod ready;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::PathBuf;

use guard::{Guarded, Kind};
use tipoff_runtime::{User, Users};

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("`{program}` was not found: run `make setup`, or put it on the PATH")]
    NotFound { program: &'static str },
    #[error("`{program}` did not start: {why}")]
    DidNotStart { program: &'static str, why: String },
    #[error("a directory for `{program}` could not be made")]
    Directory {
        program: &'static str,
        #[source]
        source: std::io::Error,
    },
}

/// Where a server listens and where it keeps its data.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// 0: any free port.
    pub port: u16,
    /// `None`: a temporary one that goes with the server.
    pub data: Option<PathBuf>,
    /// `None`: everybody may do everything.
    pub users: Option<Users>,
    /// `None`: nothing is hidden from whoever listens in.
    pub tls: Option<Certificates>,
    /// What it finds in its environment besides ours.
    pub environment: Vec<(String, String)>,
    /// Sentinels only.
    pub watches: Option<Watched>,
    /// Where NATS tells whoever asks how it is; `None`: nowhere.
    pub monitor: Option<SocketAddr>,
}

/// The Redis that a Sentinel watches, and whose replicas.
#[derive(Debug, Clone)]
pub struct Watched {
    pub name: String,
    pub port: u16,
    /// So many Sentinels must have missed it before another one takes over.
    pub quorum: usize,
}

/// What a server shows that speaks TLS, as PEM.
#[derive(Debug, Clone)]
pub struct Certificates {
    pub cert: PathBuf,
    pub key: PathBuf,
    /// Who vouches for clients; `None`: they need not show a certificate.
    pub clients: Option<PathBuf>,
}

/// Which server it is.
pub trait Program: std::fmt::Debug + Send + 'static {
    #[doc(hidden)]
    const KIND: Kind;
    /// As in `nats://127.0.0.1:4222`.
    const SCHEME: &'static str;
    /// The same with TLS.
    const TLS: &'static str;
}

/// nats-server with JetStream, `sync_interval: always`.
#[derive(Debug)]
pub enum Nats {}

/// redis-server, AOF `always`, `noeviction`.
#[derive(Debug)]
pub enum Redis {}

/// Sentinel, which gives a silent primary up after a second.
#[derive(Debug)]
pub enum Sentinel {}

impl Program for Nats {
    const KIND: Kind = Kind::Nats;
    const SCHEME: &'static str = "nats";
    const TLS: &'static str = "tls";
}

impl Program for Redis {
    const KIND: Kind = Kind::Redis;
    const SCHEME: &'static str = "redis";
    const TLS: &'static str = "rediss";
}

impl Program for Sentinel {
    const KIND: Kind = Kind::Sentinel;
    const SCHEME: &'static str = "redis";
    const TLS: &'static str = "rediss";
}

/// A running server.
#[derive(Debug)]
pub struct Server<P> {
    guarded: Guarded,
    program: PhantomData<P>,
}

/// A running nats-server.
pub type NatsServer = Server<Nats>;

/// A running redis-server.
pub type RedisServer = Server<Redis>;

/// A running Sentinel.
pub type SentinelServer = Server<Sentinel>;

impl<P: Program> Server<P> {
    /// Any free port, data that goes with it.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_with(ServerOptions::default()).await
    }

    pub async fn start_with(options: ServerOptions) -> Result<Self, ServerError> {
        Ok(Self { guarded: Guarded::start(P::KIND, options).await?, program: PhantomData })
    }

    /// As in `nats://127.0.0.1:4222`: without a name, as the owner would come.
    pub fn url(&self) -> String {
        let scheme = if self.guarded.speaks_tls() { P::TLS } else { P::SCHEME };
        format!("{scheme}://127.0.0.1:{}", self.guarded.port())
    }

    pub fn port(&self) -> u16 {
        self.guarded.port()
    }

    /// The same as a user of the server's; without users like [`url`](Self::url).
    pub fn url_for(&self, user: User) -> String {
        let url = self.url();
        match self.guarded.users() {
            Some(users) if P::KIND == Kind::Nats || user.has_board() => {
                users.address(&url, user.name())
            }
            Some(_) | None => url,
        }
    }

    /// Of the server itself.
    pub fn pid(&self) -> u32 {
        self.guarded.pid()
    }

    /// Kills it at once, as a crash would.
    pub async fn kill(&mut self) {
        self.guarded.kill().await;
    }

    /// Starts it again on the same port and data.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.guarded.restart().await
    }

    /// Whether it was killed, or is known to have ended.
    pub fn has_ended(&self) -> bool {
        self.guarded.has_ended()
    }

    /// Resolves when the server has ended by itself.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        self.guarded.ended().await
    }
}
