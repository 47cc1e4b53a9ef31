//! One call to an endpoint.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use tipoff_roster::Webhook;

use super::options::Options;
use super::sign::signatures;
use crate::strangers::Strangers;

/// Longest that an endpoint can put us off.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// Why an endpoint was not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotTold {
    /// It wants nothing more of us.
    #[error("it answered 410 Gone")]
    Gone,
    #[error("{why}")]
    Failed { why: String, after: Option<Duration>, status: Option<StatusCode> },
}

impl NotTold {
    fn failed(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into(), after: None, status: None }
    }

    /// What the endpoint answered, if it did.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Gone => Some(StatusCode::GONE),
            Self::Failed { status, .. } => *status,
        }
    }
}

/// Calls endpoints.
#[derive(Debug, Clone)]
pub(super) struct Caller(Strangers);

/// A message to an endpoint.
pub(super) struct Message<'a> {
    /// The same at every attempt and at every replay.
    pub(super) id: &'a str,
    pub(super) at: DateTime<Utc>,
    pub(super) body: String,
}

impl Caller {
    pub(super) fn new(options: &Options) -> Result<Self, reqwest::Error> {
        let patience = Duration::from_secs(options.webhook_timeout_seconds.max(1));
        Strangers::new(options.webhooks_inside, patience).map(Self)
    }

    /// What it answered. Texts of errors do not name the address: it may hold a secret.
    pub(super) async fn call(
        &self,
        hook: &Webhook,
        message: Message<'_>,
    ) -> Result<StatusCode, NotTold> {
        let address = self.0.address(&hook.wanted.url);
        let address = address.map_err(|error| NotTold::failed(format!("its address {error}")))?;
        let Message { id, at, body } = message;
        let timestamp = at.timestamp();
        let signature = signatures(hook.signs(at), id, timestamp, &body);
        let request = self
            .0
            .post(address)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        let answer = request.send().await.map_err(|error| unreachable(&error))?;
        let after = answer.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
        judge(answer.status(), after)
    }
}

fn unreachable(error: &reqwest::Error) -> NotTold {
    NotTold::failed(if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_builder() {
        "its address cannot be called"
    } else {
        "it cannot be reached, or not over the open internet"
    })
}

fn judge(status: StatusCode, retry_after: Option<&str>) -> Result<StatusCode, NotTold> {
    let seconds = retry_after.and_then(|after| after.trim().parse().ok());
    let after = seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST_PAUSE));
    let failed = |why, after| Err(NotTold::Failed { why, after, status: Some(status) });
    match status {
        _ if status.is_success() => Ok(status),
        StatusCode::GONE => Err(NotTold::Gone),
        _ if status.is_redirection() => {
            failed(format!("it answered {status}, and redirects are not followed"), None)
        }
        _ => failed(format!("it answered {status}"), after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_success_is_a_success_and_only_410_is_the_end() {
        let judged = |status: u16| judge(StatusCode::from_u16(status).unwrap(), None);
        assert_eq!(judged(204), Ok(StatusCode::NO_CONTENT));
        assert_eq!(judged(410), Err(NotTold::Gone));
        for status in [301, 400, 404, 429, 500, 503] {
            assert!(matches!(judged(status), Err(NotTold::Failed { .. })), "{status}");
        }
    }

    #[test]
    fn an_endpoint_can_ask_for_a_pause_of_a_day_at_most() {
        let asked = |text| match judge(StatusCode::TOO_MANY_REQUESTS, Some(text)) {
            Err(NotTold::Failed { after, .. }) => after,
            other => panic!("{other:?}"),
        };
        assert_eq!(asked("120"), Some(Duration::from_mins(2)));
        assert_eq!(asked("99999999"), Some(LONGEST_PAUSE));
        assert_eq!(asked("tomorrow"), None);
    }
}
