//! /livez, /readyz and /metrics on a port of their own.

use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;

use crate::{Nats, Redis};

/// Serves until `stop` is cancelled. Ready means: NATS answers, Redis answers
/// (where the service uses it), and the service is not stopping.
pub async fn serve(
    listen: SocketAddr,
    nats: Nats,
    redis: Option<Redis>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let _ = (listen, nats, redis, stop);
    todo!()
}
