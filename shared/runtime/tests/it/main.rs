//! The runtime on real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod connect;
mod health;
mod publish;
mod road;
mod sentinel;
mod serve;
mod streams;
mod tls;
mod users;
mod worker;

use tipoff_runtime::{Nats, Settings, connect as servers, streams as declared};
use tipoff_testkit::NatsServer;
use tokio_util::sync::CancellationToken;

fn settings(nats_url: &str, redis_url: &str) -> Settings {
    Settings::at(nats_url, redis_url)
}

async fn connected(server: &NatsServer) -> Nats {
    at(&server.url()).await
}

async fn at(nats_url: &str) -> Nats {
    let settings = settings(nats_url, "redis://127.0.0.1:1");
    servers::nats(&settings, "test", &CancellationToken::new()).await.unwrap()
}

/// A server with all streams, and a connection to it.
async fn bus() -> (NatsServer, Nats) {
    let server = NatsServer::start().await.unwrap();
    let nats = connected(&server).await;
    declared::ensure(&nats, 1).await.unwrap();
    (server, nats)
}
