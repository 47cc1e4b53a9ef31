//! Leads over HTTP.

mod admit;
mod batch;
mod caller;
mod single;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, header};
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use axum::{Extension, Router};
use tipoff_runtime::Turns;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;
use tracing::{Span, info_span};

use crate::intake::Intake;
use admit::{Door, admit};

/// A batch may take so many times as long as one lead.
const BATCH_TIMES: u32 = 10;

/// `turns`: who is served next. `body`: how long the body of one lead may take.
pub(crate) fn app(intake: Arc<Intake>, turns: Turns, body: Duration) -> Router {
    let door = Door { intake: intake.clone(), turns };
    Router::new()
        .route("/v1/leads", post(single::post))
        .route("/v1/leads/batch", post(batch::post))
        .layer(from_fn_with_state(door, admit))
        // Both count for themselves, to say what is too large in their own words.
        .layer(DefaultBodyLimit::disable())
        .layer(Extension(BodyTime { single: body, batch: body * BATCH_TIMES }))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .with_state(intake)
}

/// How long bodies may take, however steadily they drip.
#[derive(Debug, Clone, Copy)]
struct BodyTime {
    single: Duration,
    batch: Duration,
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
