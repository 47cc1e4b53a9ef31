//! A private nats-server and redis-server: loopback, own data directory, gone
//! with the value that holds them (also when this process is killed).

mod guard;
mod program;
mod ready;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::path::PathBuf;

use guard::{Guarded, Kind};

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
}

/// Which server it is.
pub trait Program: std::fmt::Debug + Send + 'static {
    #[doc(hidden)]
    const KIND: Kind;
    /// As in `nats://127.0.0.1:4222`.
    const SCHEME: &'static str;
}

/// nats-server with JetStream, `sync_interval: always`.
#[derive(Debug)]
pub enum Nats {}

/// redis-server, AOF `always`, `noeviction`.
#[derive(Debug)]
pub enum Redis {}

impl Program for Nats {
    const KIND: Kind = Kind::Nats;
    const SCHEME: &'static str = "nats";
}

impl Program for Redis {
    const KIND: Kind = Kind::Redis;
    const SCHEME: &'static str = "redis";
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

impl<P: Program> Server<P> {
    /// Any free port, data that goes with it.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_with(ServerOptions::default()).await
    }

    pub async fn start_with(options: ServerOptions) -> Result<Self, ServerError> {
        Ok(Self { guarded: Guarded::start(P::KIND, options).await?, program: PhantomData })
    }

    /// As in `nats://127.0.0.1:4222`.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", P::SCHEME, self.guarded.port())
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

    /// Resolves when the server has ended by itself.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        self.guarded.ended().await
    }
}
