//! Refusals, as RFC 9457 problems.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tipoff_domain::Invalid;
use tipoff_runtime::pace::whole_seconds;

use crate::intake::Refusal;
use crate::pace::TooFast;
use crate::read::{LARGEST, Unreadable};

/// How long a sender should wait when we are not there, in seconds.
const RETRY_AFTER: u32 = 5;

/// A refusal: all that the caller hears.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Invalid,
    more: Map<String, Value>,
    /// Seconds; 0: not said.
    retry_after: u32,
}

impl Problem {
    fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            title,
            detail: detail.into(),
            errors: Invalid::default(),
            more: Map::new(),
            retry_after: if status == StatusCode::SERVICE_UNAVAILABLE { RETRY_AFTER } else { 0 },
        }
    }

    /// One more member of the document.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn unauthorized() -> Self {
        let detail = "send `Authorization: Bearer <key>` with a source key or an admin key that is still valid";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "An API key is needed", detail)
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This key may not send leads", detail)
    }

    pub(crate) fn media_type(wanted: &str) -> Self {
        let detail = format!("send the body as {wanted} and say so in `Content-Type`");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Unknown kind of body",
            detail,
        )
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too much at once", detail)
    }

    pub(crate) fn interrupted() -> Self {
        let detail = "the body ended before it was complete; send it again";
        Self::new(StatusCode::BAD_REQUEST, "incomplete", "The body cannot be read", detail)
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "the lead could not be written down, or we cannot know; send it again, it will not count twice";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not accepted yet", detail)
    }

    /// What has no result was not taken in.
    pub(crate) fn too_fast(error: &TooFast) -> Self {
        let detail =
            format!("this {error}; what has no result here was not taken in, send it again later");
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut problem = Self::new(status, "too_fast", "Too many leads at once", detail);
        problem.retry_after = whole_seconds(error.wait);
        problem
    }

    /// Others of the same entity wait already.
    pub(crate) fn crowded(wait: Duration) -> Self {
        let detail = "too many requests of this entity are waiting; send it again later";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut problem = Self::new(status, "crowded", "Too many requests at once", detail);
        problem.retry_after = whole_seconds(wait);
        problem
    }

    pub(crate) fn too_slow() -> Self {
        let detail = "the body did not come in time; what has no result here was not taken in";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "The body took too long", detail)
    }

    pub(crate) fn encoded() -> Self {
        let detail = "send the body as it is, without `Content-Encoding`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "unsupported_encoding", "The body is packed", detail)
    }

    fn unreadable(unreadable: &Unreadable) -> Self {
        match unreadable {
            Unreadable::TooLarge => {
                Self::too_large(format!("a lead holds at most {} kB", LARGEST / 1024))
            }
            Unreadable::NotJson { line, column } => {
                let detail = format!(
                    "reading ended at line {line}, column {column}; send one JSON object in UTF-8"
                );
                Self::new(StatusCode::BAD_REQUEST, "not_json", "The body is not JSON", detail)
            }
            Unreadable::Invalid(invalid) => {
                let detail = "see `errors` for the fields at fault; nothing was accepted";
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                let mut problem = Self::new(status, "invalid", "This cannot be a lead", detail);
                problem.errors = invalid.clone();
                problem
            }
        }
    }

    fn mismatch() -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let detail =
            "this `Idempotency-Key` came with another body before; use a new key for a new lead";
        Self::new(status, "idempotency_mismatch", "The key was used before", detail)
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Unreadable(unreadable) => Self::unreadable(unreadable),
            Refusal::Mismatch => Self::mismatch(),
            Refusal::Publish(_) | Refusal::Roster(_) | Refusal::Original(_) | Refusal::Timeout => {
                Self::unavailable()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, title, detail, errors, more, retry_after } = self;
        let mut body = json!({
            "type": format!("urn:tipoff:problem:{code}"), "title": title, "status": status.as_u16(), "code": code,
            "detail": detail, "errors": errors,
        });
        if let Value::Object(members) = &mut body {
            members.extend(more);
        }
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if retry_after > 0 {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        }
        response
    }
}
