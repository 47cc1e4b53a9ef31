//! One POST to a push service (RFC 8030).

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode, redirect};
use tipoff_roster::PushSubscription;
use tipoff_runtime::Clock;

use super::Treatment;
use super::encryption::encrypt;
use super::reach::{OpenInternet, endpoint};
use super::vapid::Vapid;

const PATIENCE: Duration = Duration::from_secs(10);
/// Whatever a service asks for, the deadline comes first.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// What came of it. Texts name no endpoint: whoever knows one can push to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Taken,
    /// The service no longer knows the subscription.
    Gone,
    /// Trying again cannot help.
    Refused(String),
    NotNow {
        why: String,
        after: Option<Duration>,
    },
}

/// Posts to push services.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client,
    vapid: Vapid,
    clock: Clock,
}

impl Sender {
    pub(crate) fn new(vapid: Vapid, clock: Clock) -> Result<Self, reqwest::Error> {
        // A push service has no reason to send us elsewhere, and others may not.
        let client = Client::builder()
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .dns_resolver(OpenInternet)
            .build()?;
        Ok(Self { client, vapid, clock })
    }

    pub(crate) async fn post(
        &self,
        browser: &PushSubscription,
        payload: &[u8],
        treatment: &Treatment,
    ) -> Answer {
        let Some(endpoint) = endpoint(&browser.endpoint) else {
            return Answer::Refused(
                "the subscription's endpoint is not an https address on the open internet"
                    .to_owned(),
            );
        };
        let body = match encrypt(&browser.keys, payload) {
            Ok(body) => body,
            Err(error) => return Answer::Refused(error.to_string()),
        };
        let origin = endpoint.origin().ascii_serialization();
        let Some(authorization) = self.vapid.authorization(&origin, self.clock.now()) else {
            return Answer::NotNow { why: "the push could not be signed".to_owned(), after: None };
        };
        let request = self
            .client
            .post(endpoint)
            .header("TTL", treatment.ttl)
            .header("Urgency", "high")
            .header("Topic", &treatment.topic)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(body);
        match request.send().await {
            Ok(response) => judge(response.status(), response.headers()),
            Err(error) => Answer::NotNow { why: unreachable(&error), after: None },
        }
    }
}

fn judge(status: StatusCode, headers: &HeaderMap) -> Answer {
    match status {
        _ if status.is_success() => Answer::Taken,
        StatusCode::NOT_FOUND | StatusCode::GONE => Answer::Gone,
        StatusCode::TOO_MANY_REQUESTS => Answer::NotNow {
            why: format!("the push service wants a pause: {status}"),
            after: retry_after(headers),
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Answer::Refused(format!(
            "the push service does not accept this deployment's VAPID key: {status}; was the key replaced after the agent subscribed?"
        )),
        StatusCode::PAYLOAD_TOO_LARGE => {
            Answer::Refused(format!("the push service finds the message too big: {status}"))
        }
        _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => Answer::NotNow {
            why: format!("the push service is in trouble: {status}"),
            after: retry_after(headers),
        },
        _ => Answer::Refused(format!("the push service refused the message: {status}")),
    }
}

/// Seconds; a date is not understood, and the usual wait is taken.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

fn unreachable(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
    format!("the push service {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_as_long_as_asked_for_but_not_endless() {
        let asked = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers)
        };
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("999999999"), Some(LONGEST_WAIT));
        assert_eq!(asked("Sun, 22 Nov 2026 09:30:00 GMT"), None);
    }
}
