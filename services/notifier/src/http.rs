//! What channels over HTTP have in common.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode, redirect};

use crate::carrier::SendError;

/// How long a provider may take over one message.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Whatever a provider asks for, the deadline comes first.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// A client for providers that the operator chose.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    builder().build()
}

/// The same over HTTP/2 from the first byte, for those who speak nothing else.
pub(crate) fn http2_client() -> Result<Client, reqwest::Error> {
    builder().http2_prior_knowledge().build()
}

fn builder() -> reqwest::ClientBuilder {
    Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none())
}

/// What an answer means where it means nothing special. `who` begins a sentence.
pub(crate) fn judge(who: &str, status: StatusCode, headers: &HeaderMap) -> Result<(), SendError> {
    let after = retry_after(headers);
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => {
            Err(SendError::NotNow { why: format!("{who} wants a pause: {status}"), after })
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            Err(SendError::ForGood(format!("{who} finds the message too big: {status}")))
        }
        _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            Err(SendError::Trouble { why: format!("{who} is in trouble: {status}"), after })
        }
        _ => Err(SendError::ForGood(format!("{who} refused the message: {status}"))),
    }
}

/// Says nothing of where it went: that may be a secret.
pub(crate) fn unreachable(who: &str, error: &reqwest::Error) -> SendError {
    let what = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
    SendError::trouble(format!("{who} {what}"))
}

/// Seconds; a date is not understood, and the usual wait is taken.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
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

    #[test]
    fn only_a_provider_that_fails_is_in_trouble() {
        let judged =
            |status: u16| judge("it", StatusCode::from_u16(status).unwrap(), &HeaderMap::new());
        assert_eq!(judged(201), Ok(()));
        assert!(matches!(judged(400), Err(SendError::ForGood(_))));
        assert!(matches!(judged(429), Err(SendError::NotNow { .. })));
        for status in [408, 500, 503] {
            assert!(matches!(judged(status), Err(SendError::Trouble { .. })), "{status}");
        }
    }
}
