//! Refusals, as RFC 9457 problems.

use std::error::Error;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tipoff_board::BoardError;
use tipoff_domain::Invalid;
use tipoff_roster::EditError;
use tracing::{error, warn};

/// A refusal. Only what stands in here is ever sent; the cause stays in the log.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    errors: Invalid,
    more: Map<String, Value>,
    headers: HeaderMap,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        let (errors, more, headers) = (Invalid::default(), Map::new(), HeaderMap::new());
        Self(Box::new(Parts { status, code, title, detail: None, errors, more, headers }))
    }

    /// What happened, to which thing, and what to do.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub(crate) fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "An API key is needed")
            .detail(detail)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This key may not do that").detail(detail)
    }

    /// Says the same whether the thing is missing or somebody else's.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing")
            .detail(format!("{what} does not exist"))
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "The request cannot be read")
            .detail(detail)
    }

    pub(crate) fn invalid(invalid: Invalid) -> Self {
        let fields = match invalid.0.len() {
            1 => "one field".to_owned(),
            several => format!("{several} fields"),
        };
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "Something in the request cannot be accepted",
        )
        .detail(format!("{fields} cannot be accepted; nothing was changed"));
        problem.0.errors = invalid;
        problem
    }

    pub(crate) fn invalid_field(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(Invalid::one(pointer, message))
    }

    /// A condition of the request (`If-Match`, `If-None-Match`) does not hold.
    pub(crate) fn version_mismatch(detail: String, version: u64) -> Self {
        let problem = Self::new(
            StatusCode::PRECONDITION_FAILED,
            "version_mismatch",
            "It was changed in the meantime",
        )
        .detail(detail)
        .member("version", version);
        match HeaderValue::from_str(&format!("\"{version}\"")) {
            Ok(tag) => problem.header(header::ETAG, tag),
            Err(_) => problem,
        }
    }

    /// The outcome is unknown or the thing is away for a moment: try again.
    pub(crate) fn unavailable(code: &'static str, title: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title)
            .detail(detail)
            .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here")
            .detail("the cause is in the log under the request id of the `x-request-id` header")
    }

    fn body(&self) -> Value {
        let mut body = self.0.more.clone();
        body.insert("type".to_owned(), json!(format!("urn:tipoff:problem:{}", self.0.code)));
        body.insert("title".to_owned(), json!(self.0.title));
        body.insert("status".to_owned(), json!(self.0.status.as_u16()));
        body.insert("code".to_owned(), json!(self.0.code));
        body.insert("errors".to_owned(), json!(self.0.errors));
        if let Some(detail) = &self.0.detail {
            body.insert("detail".to_owned(), json!(detail));
        }
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.0.status, self.body().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.0.headers);
        response
    }
}

impl From<EditError> for Problem {
    fn from(refused: EditError) -> Self {
        match refused {
            EditError::Invalid(invalid) => Self::invalid(invalid),
            EditError::NotFound { what } => Self::not_found(&what),
            EditError::Conflict { ref what, version: 0 } => Self::version_mismatch(
                format!("{what} does not exist; leave `If-Match` out to create it"),
                0,
            ),
            EditError::Conflict { version, .. } => {
                Self::version_mismatch(refused.to_string(), version)
            }
            EditError::Unavailable(_) => {
                warn!(error = &refused as &dyn Error, "the roster did not answer");
                Self::unavailable(
                    "roster_unavailable",
                    "The configuration cannot be reached",
                    "the change may or may not have been made; look at it, then try again",
                )
            }
        }
    }
}

impl From<BoardError> for Problem {
    fn from(failed: BoardError) -> Self {
        match failed {
            BoardError::Log(_) | BoardError::Recovering { .. } | BoardError::Shut { .. } => {
                warn!(error = &failed as &dyn Error, "the board could not confirm");
                Self::unavailable(
                    "recovering",
                    "The answer is not confirmed yet",
                    "ask again in a moment with the same `Idempotency-Key`; asking twice does no harm",
                )
            }
            BoardError::Redis(_) => {
                warn!(error = &failed as &dyn Error, "the board did not answer");
                Self::unavailable(
                    "board_unavailable",
                    "The board cannot be reached",
                    "ask again in a moment with the same `Idempotency-Key`; asking twice does no harm",
                )
            }
            BoardError::Reused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_mismatch",
                "The key was used for something else",
            )
            .detail("`Idempotency-Key` names one request; send a new one with a key of its own"),
            BoardError::UnknownReply { .. }
            | BoardError::Unreadable { .. }
            | BoardError::ClockAhead { .. } => {
                error!(error = &failed as &dyn Error, "the board answered something unreadable");
                Self::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(problem: Problem) -> (StatusCode, HeaderMap, Value) {
        let (parts, body) = problem.into_response().into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_problem_carries_every_member_of_the_contract() {
        let (status, headers, body) = read(Problem::invalid_field("/name", "give a name")).await;
        assert_eq!(status, 422);
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(
            body,
            json!({
                "type": "urn:tipoff:problem:invalid",
                "title": "Something in the request cannot be accepted",
                "status": 422,
                "detail": "one field cannot be accepted; nothing was changed",
                "code": "invalid",
                "errors": [{"field": "/name", "message": "give a name"}],
            })
        );
    }

    #[tokio::test]
    async fn a_version_mismatch_tells_the_current_version_twice() {
        let refused = EditError::Conflict { what: "agent `ana`".to_owned(), version: 7 };
        let (status, headers, body) = read(refused.into()).await;
        assert_eq!(
            (status, headers["etag"].to_str().unwrap()),
            (StatusCode::PRECONDITION_FAILED, "\"7\"")
        );
        assert_eq!((&body["code"], &body["version"]), (&json!("version_mismatch"), &json!(7)));
    }

    #[tokio::test]
    async fn a_board_that_recovers_asks_for_a_retry_and_keeps_the_cause_to_itself() {
        let (status, headers, body) =
            read(BoardError::Log("nats://secret:4222 is away".into()).into()).await;
        assert_eq!(
            (status, headers["retry-after"].to_str().unwrap()),
            (StatusCode::SERVICE_UNAVAILABLE, "1")
        );
        assert_eq!(body["code"], "recovering");
        assert!(!body.to_string().contains("secret"));
    }
}
