//! The request id that makes asking twice harmless.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use uuid::{NoContext, Timestamp, Uuid};

use crate::Api;
use crate::problem::Problem;

const LONGEST_KEY: usize = 255;

/// `Idempotency-Key`, or a name of its own for a request without one.
#[derive(Debug)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// Two people who choose the same key, or one who uses it for two things,
    /// do not get each other's answers.
    pub(crate) fn of(&self, verb: &str, who: &str) -> String {
        format!("{verb}:{who}:{}", self.0)
    }
}

/// The key, with or without the quotes of a structured header.
fn given(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if (1..=LONGEST_KEY).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
    {
        Ok(Some(key))
    } else {
        Err(Problem::bad_request(format!(
            "`Idempotency-Key` takes 1 to {LONGEST_KEY} plain characters"
        )))
    }
}

impl FromRequestParts<Api> for RequestId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        Ok(Self(given(&parts.headers)?.map_or_else(|| api.fresh_id(), str::to_owned)))
    }
}

impl Api {
    pub(crate) fn fresh_id(&self) -> String {
        let now = self.clock.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
            .simple()
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", value.parse().unwrap());
        given(&headers).map(|key| key.map(str::to_owned))
    }

    #[test]
    fn a_key_counts_the_same_with_and_without_quotes() {
        assert_eq!(read("abc").unwrap().as_deref(), Some("abc"));
        assert_eq!(read("\"abc\"").unwrap().as_deref(), Some("abc"));
        assert!(read("").is_err());
        assert!(read(&"x".repeat(256)).is_err());
    }

    #[test]
    fn one_key_for_two_agents_is_two_requests() {
        let id = RequestId("abc".to_owned());
        assert_ne!(id.of("claim", "ana"), id.of("claim", "ben"));
        assert_ne!(id.of("claim", "ana"), id.of("pass", "ana"));
    }
}
