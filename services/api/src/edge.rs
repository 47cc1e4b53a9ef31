//! What happens to every request: an id, a line in the log, a time limit, and
//! an answer in our own words even where a handler panics.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use tipoff_runtime::serve::ServeLimits;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::{Instrument, error, info, info_span};

use crate::Api;
use crate::problem::Problem;
use crate::seats::Size;

pub(crate) const BODY_LIMIT: usize = 1024 * 1024;
/// Ten times what a page or the telephone provider sends, and more than most calls of
/// programs; all connections together may keep a quarter of a gigabyte waiting with it.
const SMALL: usize = 64 * 1024;
/// Connections are cheap, and most of them are live streams; whoever takes
/// nothing of one is cut off, comes back, and goes on after the last event seen.
pub(crate) const LIMITS: ServeLimits = ServeLimits {
    connections: 4_000,
    patience: Duration::from_secs(75),
    haste: Duration::from_secs(5),
    stalled: Duration::from_secs(30),
    drain: Duration::from_secs(20),
};
const TIME_LIMIT: Duration = Duration::from_secs(30);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the request is called in the log.
#[derive(Debug, Clone)]
pub(crate) struct RequestName(pub(crate) String);

/// One line per request. The pattern of the path, never the path: a claim
/// link is as good as a key, and queries may hold anything.
pub(crate) async fn log(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = sent_id(request.headers()).map_or_else(|| api.fresh_id(), str::to_owned);
    request.extensions_mut().insert(RequestName(id.clone()));
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("(none)", MatchedPath::as_str);
    let span = info_span!("request", http.method = %method, http.path = path, request.id = id);
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| info!(http.status = response.status().as_u16(), ms, "answered"));
    response
}

/// An id that came with the request, if it can stand in a log line.
fn sent_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    ((1..=64).contains(&id.len()) && id.bytes().all(plain)).then_some(id)
}

/// Answers within 30 seconds. A live stream has answered once it is open; what may
/// change something goes on to its end.
pub(crate) async fn limit_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(TIME_LIMIT, next.run(request)).await.unwrap_or_else(|_| {
        Problem::unavailable(
            "timeout",
            "It took too long",
            "what was asked may or may not have been done; ask again",
        )
        .into_response()
    })
}

/// The body is waited for no longer than anybody waits for the answer: whoever
/// sends half of it must not keep a task that nobody else ends.
pub(crate) fn in_time(request: Request) -> Request {
    let deadline = tokio::time::Instant::now() + TIME_LIMIT;
    request.map(|body| until(deadline, body))
}

/// Small is what says so, or comes without a key and may not be large: it is waited for
/// before anything else is.
pub(crate) fn size(request: &Request) -> Size {
    let said = request.headers().get(header::CONTENT_LENGTH);
    let said = said.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let most = said.or_else(|| request.body().size_hint().upper());
    let needs_key = request.uri().path().starts_with("/v1/");
    if needs_key && most.is_none_or(|most| most > SMALL as u64) { Size::Large } else { Size::Small }
}

/// The request with all of its small body: whoever lets one drip keeps nobody else waiting.
pub(crate) async fn whole(request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, SMALL).await.map_err(|_| {
        Problem::bad_request("the body broke off, or is a form larger than 64 kB; send it again")
    })?;
    Ok(Request::from_parts(parts, body.into()))
}

fn until(deadline: tokio::time::Instant, body: Body) -> Body {
    let parts = stream::try_unfold(body.into_data_stream(), move |mut parts| async move {
        let part = tokio::time::timeout_at(deadline, parts.next()).await;
        let part = part.map_err(axum::Error::new)?.transpose()?;
        Ok::<_, axum::Error>(part.map(|part| (part, parts)))
    });
    Body::from_stream(parts)
}

/// What the caller has already is not sent again (RFC 9110, `If-None-Match`).
pub(crate) async fn not_modified(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known: Vec<String> = request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/").to_owned())
        .collect();
    let mut response = next.run(request).await;
    if !reads || known.is_empty() || response.status() != StatusCode::OK {
        return response;
    }
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    if tag.is_some_and(|tag| known.iter().any(|known| known == tag || known == "*")) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the cause over")]
pub(crate) fn after_panic(cause: Box<dyn Any + Send>) -> Response {
    let said = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied());
    error!(panic = said.unwrap_or("(no text)"), "a handler panicked");
    Problem::internal().into_response()
}

pub(crate) async fn no_such_path() -> Problem {
    Problem::not_found("this path").detail("look at /openapi.json for what there is")
}

pub(crate) async fn wrong_method(method: Method) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This path does not take this method",
    )
    .detail(format!("{method} is not among the methods of the `allow` header"))
}

/// Which other sites' pages may call us; none unless named.
pub(crate) fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin.trim_end_matches('/')).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::PUT, Method::POST, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            REQUEST_ID,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ])
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::*;

    #[tokio::test]
    async fn a_body_that_does_not_come_is_waited_for_no_longer_than_the_answer() {
        let now = tokio::time::Instant::now();
        let silent = Body::from_stream(stream::pending::<Result<Bytes, axum::Error>>());
        assert!(to_bytes(until(now, silent), usize::MAX).await.is_err());
        let sent = until(now + TIME_LIMIT, Body::from("all of it"));
        assert_eq!(to_bytes(sent, usize::MAX).await.unwrap(), "all of it");
    }

    #[test]
    fn an_id_that_could_spoil_a_log_line_is_not_taken_over() {
        let read = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, id.parse().unwrap());
            sent_id(&headers).is_some()
        };
        assert!(read("0192f0a1-b2c3.trace:1"));
        assert!(!read("a b"));
        assert!(!read("\u{1b}[31m".trim_start_matches('\u{1b}')));
        assert!(!read(&"x".repeat(65)));
        assert!(!read(""));
    }
}
