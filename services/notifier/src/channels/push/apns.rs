//! Apple's push service: HTTP/2, with a signed statement in place of a certificate.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::jwt::{BadKey, Signer};
use super::options::ApnsOptions;
use super::token::Token;
use super::{Payload, Treatment};
use crate::carrier::SendError;
use crate::http;
use crate::lines::Lines;

const SERVICE: &str = "Apple's push service";
/// Apple wants a new statement after 20 minutes at the earliest, 60 at the latest.
const STATEMENT_LIVES: TimeDelta = TimeDelta::minutes(40);

/// Why pushes to Apple's devices cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("TIPOFF_APNS_KEY cannot be read")]
    Unreadable(#[source] std::io::Error),
    #[error("TIPOFF_APNS_KEY is of no use")]
    Key(#[from] BadKey),
    #[error(
        "TIPOFF_APNS_KEY needs TIPOFF_APNS_KEY_ID, TIPOFF_APNS_TEAM and TIPOFF_APNS_TOPIC beside it"
    )]
    Incomplete,
    #[error("HTTP/2 cannot be set up")]
    Http(#[from] reqwest::Error),
}

/// Pushes to Apple's devices.
pub(super) struct Apns {
    client: Client,
    lines: Lines,
    base: String,
    host: String,
    signer: Signer,
    key_id: String,
    team: String,
    topic: String,
    statement: Token,
}

/// Why a push was refused.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    reason: String,
}

impl Apns {
    /// `None`: the settings name no key.
    pub(super) fn open(options: &ApnsOptions, lines: Lines) -> Result<Option<Self>, Unusable> {
        let Some(path) = &options.apns_key else { return Ok(None) };
        let pem = std::fs::read(path).map_err(Unusable::Unreadable)?;
        let (Some(key_id), Some(team), Some(topic)) =
            (&options.apns_key_id, &options.apns_team, &options.apns_topic)
        else {
            return Err(Unusable::Incomplete);
        };
        Ok(Some(Self {
            client: http::http2_client()?,
            lines,
            base: options.apns_url.as_str().trim_end_matches('/').to_owned(),
            host: host(&options.apns_url),
            signer: Signer::es256(&pem)?,
            key_id: key_id.clone(),
            team: team.clone(),
            topic: topic.clone(),
            statement: Token::new(),
        }))
    }

    pub(super) async fn post(
        &self,
        device: &str,
        payload: &Payload<'_>,
        treatment: &Treatment,
        now: DateTime<Utc>,
    ) -> Result<(), SendError> {
        let statement = self.statement.get(now, async { self.state(now) }).await?;
        let over = payload.over;
        let request = self
            .client
            .post(format!("{}/3/device/{device}", self.base))
            .header(AUTHORIZATION, format!("bearer {statement}"))
            .header("apns-topic", &self.topic)
            .header("apns-push-type", "alert")
            .header("apns-priority", if over { "5" } else { "10" })
            .header("apns-expiration", (now.timestamp() + treatment.ttl).to_string())
            .header("apns-collapse-id", &treatment.topic)
            .json(&body(payload));
        let posting = async {
            let answer =
                request.send().await.map_err(|error| http::unreachable(SERVICE, &error))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let refusal: Refusal = answer.json().await.unwrap_or_default();
            judge(status, &headers, &refusal.reason)
        };
        let sent = self.lines.over(&self.host, posting).await;
        if matches!(&sent, Err(SendError::Trouble { why, .. }) if why.contains("ProviderToken")) {
            self.statement.refused(&statement).await;
        }
        sent
    }

    fn state(&self, now: DateTime<Utc>) -> Result<(String, TimeDelta), SendError> {
        let header = json!({"alg": "ES256", "kid": self.key_id});
        let claims = json!({"iss": self.team, "iat": now.timestamp()});
        let statement = self.signer.sign(&header, &claims);
        let statement =
            statement.ok_or_else(|| SendError::not_now("the push could not be signed"))?;
        Ok((statement, STATEMENT_LIVES))
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or(SERVICE).to_owned()
}

fn body(payload: &Payload<'_>) -> Value {
    let alert = json!({"title": payload.title, "body": payload.body});
    let aps = if payload.over {
        json!({"alert": alert, "interruption-level": "passive"})
    } else {
        json!({"alert": alert, "sound": "default", "interruption-level": "time-sensitive",
            "category": if payload.round.is_some() { "offer" } else { "lead" }})
    };
    json!({"aps": aps, "lead": payload.lead, "round": payload.round, "until": payload.until,
        "url": payload.url, "over": payload.over})
}

fn judge(status: StatusCode, headers: &HeaderMap, reason: &str) -> Result<(), SendError> {
    match (status, reason) {
        (StatusCode::GONE, _)
        | (_, "BadDeviceToken" | "DeviceTokenNotForTopic" | "Unregistered") => {
            Err(SendError::BadAddress(format!("{SERVICE} does not know the device: {reason}")))
        }
        (
            StatusCode::FORBIDDEN,
            "ExpiredProviderToken" | "InvalidProviderToken" | "MissingProviderToken",
        ) => Err(SendError::trouble(format!("{SERVICE} does not accept our key: {reason}"))),
        _ => http::judge(SERVICE, status, headers).map_err(|error| with_reason(error, reason)),
    }
}

fn with_reason(error: SendError, reason: &str) -> SendError {
    match error {
        SendError::ForGood(why) if !reason.is_empty() => {
            SendError::ForGood(format!("{why}: {}", reason.chars().take(60).collect::<String>()))
        }
        other => other,
    }
}
