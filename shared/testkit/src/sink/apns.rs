//! Apple's push service: HTTP/2, and as strict about headers as Apple is.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::fault::Faults;
use super::mailbox::{Caught, Mailbox, links};
use super::running::Running;

pub const KEY_ID: &str = "ABC123DEFG";
pub const TEAM: &str = "DEF123GHIJ";
pub const TOPIC: &str = "com.example.tipoff";
const BIGGEST_BODY: usize = 4_096;
const LONGEST_COLLAPSE_ID: usize = 64;
/// A statement about who pushes is good for an hour, in seconds.
const STATEMENT_LIVES: i64 = 3_600;

/// How the service misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 410: the app is gone from the device.
    Unregistered,
    /// 400.
    BadDeviceToken,
    /// 403: the statement is too old.
    ExpiredProviderToken,
    /// 429.
    TooManyRequests,
    /// 503.
    ServiceUnavailable,
    /// Answers nothing until it behaves again.
    Slow,
}

/// A running push service; gone with the value.
#[derive(Debug)]
pub struct ApnsSink {
    running: Running,
    service: Service,
    key_pem: String,
}

#[derive(Debug, Clone)]
struct Service {
    mailbox: Mailbox,
    faults: Faults<Fault>,
    public_key: Arc<[u8]>,
    /// Whose device a token is.
    devices: Arc<Mutex<HashMap<String, String>>>,
}

impl ApnsSink {
    /// Listens on `listen` (port 0: any), without TLS, and puts what devices
    /// would show into `mailbox`.
    pub async fn start(mailbox: Mailbox, listen: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let (running, stop) = Running::new(listener.local_addr()?);
        let (key_pem, public_key) = key();
        let (faults, devices) = (Faults::default(), Arc::default());
        let service = Service { mailbox, faults, public_key, devices };
        let app = Router::new().route("/3/device/{token}", post(push)).with_state(service.clone());
        tokio::spawn(async move {
            stop.run_until_cancelled(axum::serve(listener, app).into_future()).await
        });
        Ok(Self { running, service, key_pem })
    }

    /// As in `http://127.0.0.1:8050`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.running.at)
    }

    /// The file that Apple's developer pages give.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Another device of an agent; `to` of what it catches is `entity/agent`.
    pub fn device(&self, entity: &str, agent: &str) -> String {
        let mut devices = self.service.devices.lock().unwrap_or_else(PoisonError::into_inner);
        let token = format!("{:064x}", devices.len() + 1);
        devices.insert(token.clone(), format!("{entity}/{agent}"));
        token
    }

    /// From now on misbehaves so, or behaves.
    pub fn misbehave(&self, fault: impl Into<Option<Fault>>) {
        self.service.faults.set(fault);
    }

    /// Waits until clients have met a fault this often, all in all.
    pub async fn struck(&self, times: u64) {
        self.service.faults.struck(times).await;
    }
}

fn key() -> (String, Arc<[u8]>) {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("the machine has randomness");
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
        .expect("a key that was just made is one");
    let body = STANDARD.encode(pkcs8);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    (pem, pair.public_key().as_ref().into())
}

/// A status and Apple's word for it.
type Refusal = (StatusCode, &'static str);

async fn push(
    State(service): State<Service>,
    Path(token): Path<String>,
    version: Version,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = match service.misbehave().await {
        Some(refusal) => Err(refusal),
        None => service.receive(&token, version, &headers, &body),
    };
    match answer {
        Ok(()) => StatusCode::OK.into_response(),
        Err((status, reason)) => (status, axum::Json(json!({"reason": reason}))).into_response(),
    }
}

impl Service {
    async fn misbehave(&self) -> Option<Refusal> {
        match self.faults.strike()? {
            Fault::Unregistered => Some((StatusCode::GONE, "Unregistered")),
            Fault::BadDeviceToken => Some((StatusCode::BAD_REQUEST, "BadDeviceToken")),
            Fault::ExpiredProviderToken => Some((StatusCode::FORBIDDEN, "ExpiredProviderToken")),
            Fault::TooManyRequests => Some((StatusCode::TOO_MANY_REQUESTS, "TooManyRequests")),
            Fault::ServiceUnavailable => {
                Some((StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"))
            }
            Fault::Slow => {
                self.faults.outlast(Fault::Slow).await;
                None
            }
        }
    }

    fn receive(
        &self,
        token: &str,
        version: Version,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), Refusal> {
        if version != Version::HTTP_2 {
            return Err((StatusCode::HTTP_VERSION_NOT_SUPPORTED, "HTTP/2 only"));
        }
        self.check_statement(text(headers, "authorization"))?;
        check_headers(headers)?;
        if body.len() > BIGGEST_BODY {
            return Err((StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge"));
        }
        let shown: Value =
            serde_json::from_slice(body).map_err(|_| (StatusCode::BAD_REQUEST, "BadMessage"))?;
        if !shown["aps"]["alert"].is_object() {
            return Err((StatusCode::BAD_REQUEST, "PayloadEmpty"));
        }
        let devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
        let to = devices.get(token).ok_or((StatusCode::BAD_REQUEST, "BadDeviceToken"))?;
        self.mailbox.put(self.caught(to.clone(), &shown, headers));
        Ok(())
    }

    /// Who pushes: signed with the key of the developer pages, within the hour.
    fn check_statement(&self, authorization: &str) -> Result<(), Refusal> {
        let refused = (StatusCode::FORBIDDEN, "InvalidProviderToken");
        let Some(statement) = authorization.strip_prefix("bearer ") else {
            return Err((StatusCode::FORBIDDEN, "MissingProviderToken"));
        };
        let (said, signature) = statement.rsplit_once('.').ok_or(refused)?;
        let (header, claims) = said.split_once('.').ok_or(refused)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| refused);
        let json = |part: &str| -> Result<Value, Refusal> {
            serde_json::from_slice(&decoded(part)?).map_err(|_| refused)
        };
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public_key)
            .verify(said.as_bytes(), &decoded(signature)?)
            .map_err(|_| refused)?;
        let (header, claims) = (json(header)?, json(claims)?);
        if header["alg"] != "ES256" || header["kid"] != KEY_ID || claims["iss"] != TEAM {
            return Err(refused);
        }
        let age = self.mailbox.now().timestamp() - claims["iat"].as_i64().unwrap_or_default();
        if (0..STATEMENT_LIVES).contains(&age) {
            Ok(())
        } else {
            Err((StatusCode::FORBIDDEN, "ExpiredProviderToken"))
        }
    }

    fn caught(&self, to: String, shown: &Value, headers: &HeaderMap) -> Caught {
        let field = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let named = headers.iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            (name != header::AUTHORIZATION).then(|| (name.as_str().to_owned(), value.to_owned()))
        });
        let mut kept: BTreeMap<String, String> = named.collect();
        kept.insert("aps".to_owned(), shown["aps"].to_string());
        Caught {
            at: self.mailbox.now(),
            channel: "push".to_owned(),
            to,
            lead: shown["lead"].as_str().map(str::to_owned),
            subject: field(&shown["aps"]["alert"]["title"]),
            text: field(&shown["aps"]["alert"]["body"]),
            html: None,
            links: links(&field(&shown["url"]), None),
            headers: kept,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn check_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    let bad = |reason| Err((StatusCode::BAD_REQUEST, reason));
    match text(headers, "apns-topic") {
        "" => return bad("MissingTopic"),
        TOPIC => {}
        _ => return bad("DeviceTokenNotForTopic"),
    }
    if text(headers, "apns-push-type") != "alert" {
        return bad("InvalidPushType");
    }
    if !["5", "10"].contains(&text(headers, "apns-priority")) {
        return bad("BadPriority");
    }
    if text(headers, "apns-expiration").parse::<i64>().is_err() {
        return bad("BadExpirationDate");
    }
    if text(headers, "apns-collapse-id").len() > LONGEST_COLLAPSE_ID {
        return bad("BadCollapseId");
    }
    Ok(())
}
