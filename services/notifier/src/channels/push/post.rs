//! One POST to a push service (RFC 8030).

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use tipoff_roster::PushSubscription;
use tipoff_runtime::Clock;

use super::Treatment;
use super::encryption::encrypt;
use super::vapid::Vapid;
use crate::carrier::SendError;
use crate::http;
use crate::lines::Lines;
use crate::strangers::Strangers;

const SERVICE: &str = "the push service";

/// Posts to push services.
#[derive(Debug)]
pub(super) struct Sender {
    strangers: Strangers,
    vapid: Vapid,
    clock: Clock,
    lines: Lines,
}

impl Sender {
    pub(super) fn new(strangers: Strangers, vapid: Vapid, clock: Clock, lines: Lines) -> Self {
        Self { strangers, vapid, clock, lines }
    }

    /// Texts of errors name no endpoint: whoever knows one can push to it.
    pub(super) async fn post(
        &self,
        browser: &PushSubscription,
        payload: &[u8],
        treatment: &Treatment,
    ) -> Result<(), SendError> {
        let endpoint = self
            .strangers
            .address(&browser.endpoint)
            .map_err(|error| SendError::ForGood(format!("the subscription's endpoint {error}")))?;
        let body = encrypt(&browser.keys, payload)
            .map_err(|error| SendError::ForGood(error.to_string()))?;
        let origin = endpoint.origin().ascii_serialization();
        let authorization = self
            .vapid
            .authorization(&origin, self.clock.now())
            .ok_or_else(|| SendError::not_now("the push could not be signed"))?;
        let request = self
            .strangers
            .post(endpoint)
            .header("TTL", treatment.ttl)
            .header("Urgency", "high")
            .header("Topic", &treatment.topic)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(body);
        let posting = async {
            let answer =
                request.send().await.map_err(|error| http::unreachable(SERVICE, &error))?;
            judge(answer.status(), answer.headers())
        };
        self.lines.over(&origin, posting).await
    }
}

fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), SendError> {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Err(SendError::BadAddress(format!("{SERVICE} no longer knows the browser: {status}")))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(SendError::ForGood(format!(
            "{SERVICE} does not accept this deployment's VAPID key: {status}; was the key replaced after the agent subscribed?"
        ))),
        _ => http::judge(SERVICE, status, headers),
    }
}
