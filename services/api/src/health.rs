//! Whether this process lives, and whether it can do its work.

use std::time::Duration;

use async_nats::connection::State as Connection;
use axum::extract::State;
use axum::http::StatusCode;
use tipoff_board::BoardError;

use crate::Api;

const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the process lives
#[utoipa::path(get, path = "/livez", tag = "about", security(()), responses((status = 200, body = String)))]
pub(crate) async fn livez() -> &'static str {
    "alive\n"
}

/// Whether it can do its work
///
/// 503 while NATS or Redis is away, while Redis lacks what the log has, and
/// while it stops.
#[utoipa::path(get, path = "/readyz", tag = "about", security(()),
    responses((status = 200, body = String), (status = 503, body = String)))]
pub(crate) async fn readyz(State(api): State<Api>) -> (StatusCode, &'static str) {
    if api.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    if api.nats.client.connection_state() != Connection::Connected {
        return (StatusCode::SERVICE_UNAVAILABLE, "NATS is away\n");
    }
    let any = api.roster.entities().into_iter().next();
    let any = any.unwrap_or_else(|| "readyz".parse().expect("`readyz` is a name"));
    match tokio::time::timeout(PATIENCE, api.board.ready(&any)).await {
        Ok(Ok(())) if api.nats.trial => {
            (StatusCode::OK, "ready, but unsafe: servers may forget what they acknowledged\n")
        }
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(BoardError::Shut { .. })) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the board is catching up with the log\n")
        }
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "Redis is away\n"),
    }
}
