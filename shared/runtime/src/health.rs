//! /livez, /readyz and /metrics on a port of their own.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use redis::RedisError;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{Nats, Redis, telemetry};

/// A server that takes longer to say that it is there is as good as gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Serves until `stop` is cancelled. Ready means: NATS answers, Redis answers
/// (where the service uses it), and the service is not stopping.
pub async fn serve(
    listen: SocketAddr,
    nats: Nats,
    redis: Option<Redis>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let app = routes(nats, redis, stop.clone()).route("/metrics", get(metrics));
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// /livez and /readyz alone, for a service that answers them on its own port.
pub fn routes(nats: Nats, redis: Option<Redis>, stop: CancellationToken) -> Router {
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).with_state(Health {
        nats,
        redis,
        stop,
    })
}

#[derive(Clone)]
struct Health {
    nats: Nats,
    redis: Option<Redis>,
    stop: CancellationToken,
}

/// Whether each of the things that a service needs is there.
#[derive(Debug, Serialize)]
struct Ready {
    nats: bool,
    /// `null`: this service does not use it.
    redis: Option<bool>,
    stopping: bool,
    /// Servers may forget what they acknowledged (`TIPOFF_UNSAFE`); left out if not.
    #[serde(rename = "unsafe", skip_serializing_if = "std::ops::Not::not")]
    trial: bool,
}

async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let (nats, redis) = tokio::join!(answers(&health.nats), pong(health.redis.clone()));
    let (stopping, trial) = (health.stop.is_cancelled(), health.nats.trial);
    let ready = Ready { nats, redis, stopping, trial };
    let status = match ready {
        Ready { nats: true, redis: Some(true) | None, stopping: false, .. } => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(ready))
}

async fn answers(nats: &Nats) -> bool {
    matches!(timeout(ANSWER_WITHIN, nats.jetstream.query_account()).await, Ok(Ok(_)))
}

async fn pong(redis: Option<Redis>) -> Option<bool> {
    let mut redis = redis?;
    let ping = redis::cmd("PING");
    let answer = async { ping.query_async::<()>(&mut redis).await };
    let answered: Result<Result<(), RedisError>, _> = timeout(ANSWER_WITHIN, answer).await;
    Some(matches!(answered, Ok(Ok(()))))
}

async fn metrics() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], telemetry::metrics())
}
