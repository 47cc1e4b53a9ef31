//! A private nats-server and redis-server: loopback, own data directory, gone
//! with the value that holds them (also when this process is killed).

mod guard;
mod program;
mod ready;
#[cfg(test)]
mod tests;

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

/// A running nats-server with JetStream, `sync_interval: always`.
#[derive(Debug)]
pub struct NatsServer(Guarded);

/// A running redis-server, AOF `always`, `noeviction`.
#[derive(Debug)]
pub struct RedisServer(Guarded);

impl NatsServer {
    /// Any free port, data that goes with it.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_with(ServerOptions::default()).await
    }

    pub async fn start_with(options: ServerOptions) -> Result<Self, ServerError> {
        Guarded::start(Kind::Nats, options).await.map(Self)
    }

    /// As in `nats://127.0.0.1:4222`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.0.port())
    }

    /// Of the server itself.
    pub fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// Kills it at once, as a crash would.
    pub async fn kill(&mut self) {
        self.0.kill().await;
    }

    /// Starts it again on the same port and data.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.0.restart().await
    }

    /// Resolves when the server has ended by itself.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        self.0.ended().await
    }
}

impl RedisServer {
    /// Any free port, data that goes with it.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_with(ServerOptions::default()).await
    }

    pub async fn start_with(options: ServerOptions) -> Result<Self, ServerError> {
        Guarded::start(Kind::Redis, options).await.map(Self)
    }

    /// As in `redis://127.0.0.1:6379`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.0.port())
    }

    /// Of the server itself.
    pub fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// Kills it at once, as a crash would.
    pub async fn kill(&mut self) {
        self.0.kill().await;
    }

    /// Starts it again on the same port and data.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.0.restart().await
    }

    /// Resolves when the server has ended by itself.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        self.0.ended().await
    }
}
