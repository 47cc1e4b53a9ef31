//! Leads over HTTP.

mod batch;
mod caller;
mod single;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, header};
use axum::routing::post;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::{Span, info_span};

use crate::intake::Intake;

/// Who sends nothing for this long has gone away.
const SILENCE: Duration = Duration::from_secs(30);

pub(crate) fn app(intake: Arc<Intake>) -> Router {
    Router::new()
        .route("/v1/leads", post(single::post))
        .route("/v1/leads/batch", post(batch::post))
        // Both count for themselves, to say what is too large in their own words.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyTimeoutLayer::new(SILENCE))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .with_state(intake)
}

/// Paths here hold nothing secret; headers and bodies do.
fn span(request: &Request) -> Span {
    info_span!("request", method = %request.method(), path = request.uri().path())
}

/// Whether the body is said to be one of `kinds`. Saying nothing is fine.
fn is_one_of(headers: &HeaderMap, kinds: &[&str]) -> bool {
    let Some(given) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind = given
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kinds.contains(&kind.as_str())
        || (kind.ends_with("+json") && kinds.contains(&"application/json"))
}
