//! Firebase Cloud Messaging, HTTP v1.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::jwt::{BadKey, Signer};
use super::options::FcmOptions;
use super::token::Token;
use super::{Payload, Treatment};
use crate::carrier::SendError;
use crate::http;
use crate::lines::Lines;

const SERVICE: &str = "Firebase";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long our request for a token is good, and how much earlier than Google
/// says a token is replaced.
const REQUEST_LIVES: TimeDelta = TimeDelta::minutes(10);
const EARLY: TimeDelta = TimeDelta::minutes(5);

/// Why pushes over Firebase cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("TIPOFF_FCM_ACCOUNT cannot be read")]
    Unreadable(#[source] std::io::Error),
    #[error("TIPOFF_FCM_ACCOUNT is not the JSON of a service account")]
    Account(#[source] serde_json::Error),
    #[error("the private key in TIPOFF_FCM_ACCOUNT is of no use")]
    Key(#[from] BadKey),
    #[error("HTTP cannot be set up")]
    Http(#[from] reqwest::Error),
}

/// As Google's console gives it.
#[derive(Deserialize)]
struct Account {
    project_id: String,
    client_email: String,
    private_key: String,
    token_uri: String,
}

/// Pushes over Firebase.
pub(super) struct Fcm {
    client: Client,
    lines: Lines,
    url: String,
    host: String,
    signer: Signer,
    client_email: String,
    token_uri: String,
    token: Token,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

/// An error as Google's services put it.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: Detail,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    status: String,
    details: Vec<Detail>,
    error_code: String,
    field_violations: Vec<Violation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Violation {
    field: String,
}

impl Fcm {
    /// `None`: the settings name no account.
    pub(super) fn open(options: &FcmOptions, lines: Lines) -> Result<Option<Self>, Unusable> {
        let Some(path) = &options.fcm_account else { return Ok(None) };
        let json = std::fs::read(path).map_err(Unusable::Unreadable)?;
        let account: Account = serde_json::from_slice(&json).map_err(Unusable::Account)?;
        let base = options.fcm_url.as_str().trim_end_matches('/');
        Ok(Some(Self {
            client: http::client()?,
            lines,
            url: format!("{base}/v1/projects/{}/messages:send", account.project_id),
            host: options.fcm_url.host_str().unwrap_or(SERVICE).to_owned(),
            signer: Signer::rs256(account.private_key.as_bytes())?,
            client_email: account.client_email,
            token_uri: account.token_uri,
            token: Token::new(),
        }))
    }

    pub(super) async fn post(
        &self,
        device: &str,
        payload: &Payload<'_>,
        treatment: &Treatment,
        now: DateTime<Utc>,
    ) -> Result<(), SendError> {
        let posting = async {
            let token = self.token.get(now, self.ask_for_token(now)).await?;
            let request = self
                .client
                .post(&self.url)
                .bearer_auth(&token)
                .json(&body(device, payload, treatment));
            let answer =
                request.send().await.map_err(|error| http::unreachable(SERVICE, &error))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            if status == StatusCode::UNAUTHORIZED {
                self.token.refused(&token).await;
                return Err(SendError::trouble(format!("{SERVICE} does not accept our token")));
            }
            let refusal: Refusal = answer.json().await.unwrap_or_default();
            judge(status, &headers, &refusal.error)
        };
        self.lines.over(&self.host, posting).await
    }

    /// A token for an hour, for a statement that we sign (RFC 7523).
    async fn ask_for_token(&self, now: DateTime<Utc>) -> Result<(String, TimeDelta), SendError> {
        let header = json!({"alg": "RS256", "typ": "JWT"});
        let claims = json!({"iss": self.client_email, "scope": SCOPE, "aud": self.token_uri,
            "iat": now.timestamp(), "exp": (now + REQUEST_LIVES).timestamp()});
        let assertion = self.signer.sign(&header, &claims);
        let assertion =
            assertion.ok_or_else(|| SendError::not_now("the push could not be signed"))?;
        let form = [("grant_type", GRANT), ("assertion", assertion.as_str())];
        let asked = self.client.post(&self.token_uri).form(&form).send().await;
        let answer = asked.map_err(|error| http::unreachable("Google's token service", &error))?;
        let status = answer.status();
        let granted: Granted = answer.json().await.map_err(|_| {
            SendError::trouble(format!("Google's token service gives us no token: {status}"))
        })?;
        let life = TimeDelta::seconds(granted.expires_in) - EARLY;
        Ok((granted.access_token, life.max(TimeDelta::minutes(1))))
    }
}

fn body(device: &str, payload: &Payload<'_>, treatment: &Treatment) -> Value {
    let text = |value: Option<String>| value.unwrap_or_default();
    // Values of `data` must be strings.
    let data = json!({
        "lead": payload.lead.unwrap_or_default(),
        "url": payload.url,
        "round": text(payload.round.map(|round| round.to_string())),
        "until": text(payload.until.map(|until| until.to_rfc3339())),
        "over": payload.over.to_string(),
    });
    let shown = json!({"channel_id": "leads", "tag": payload.tag});
    let android = json!({
        "priority": if payload.over { "NORMAL" } else { "HIGH" },
        "ttl": format!("{}s", treatment.ttl),
        "collapse_key": treatment.topic,
        "notification": shown,
    });
    json!({"message": {"token": device, "data": data, "android": android,
        "notification": {"title": payload.title, "body": payload.body}}})
}

fn judge(status: StatusCode, headers: &HeaderMap, said: &Detail) -> Result<(), SendError> {
    let has =
        |code: &str| said.status == code || said.details.iter().any(|one| one.error_code == code);
    let mut violations = said.details.iter().flat_map(|one| &one.field_violations);
    let bad_token = violations.any(|violation| violation.field == "message.token");
    if has("UNREGISTERED") || has("SENDER_ID_MISMATCH") || bad_token {
        return Err(SendError::BadAddress(format!("{SERVICE} does not know the device: {status}")));
    }
    http::judge(SERVICE, status, headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, said: Value) -> Result<(), SendError> {
        let refusal: Refusal = serde_json::from_value(said).unwrap();
        judge(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), &refusal.error)
    }

    #[test]
    fn a_device_that_is_not_known_any_more_is_told_from_a_bad_message() {
        let fcm_error = |code: &str| {
            json!({"error": {"status": "NOT_FOUND", "details": [
            {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]}})
        };
        assert!(matches!(judged(404, fcm_error("UNREGISTERED")), Err(SendError::BadAddress(_))));
        assert!(matches!(
            judged(403, fcm_error("SENDER_ID_MISMATCH")),
            Err(SendError::BadAddress(_))
        ));
        let violation = |field: &str| {
            json!({"error": {"status": "INVALID_ARGUMENT", "details": [
            {"fieldViolations": [{"field": field}]}]}})
        };
        assert!(matches!(judged(400, violation("message.token")), Err(SendError::BadAddress(_))));
        assert!(matches!(judged(400, violation("message.data")), Err(SendError::ForGood(_))));
        assert!(matches!(judged(429, json!({})), Err(SendError::NotNow { .. })));
        assert!(matches!(judged(503, json!({})), Err(SendError::Trouble { .. })));
    }
}
