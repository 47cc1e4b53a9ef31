//! Firebase Cloud Messaging (HTTP v1), and Google's token service before it.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rsa;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::fault::Faults;
use super::mailbox::{Caught, Mailbox, links};
use super::running::Running;

const PROJECT: &str = "tipoff-test";
const CLIENT: &str = "tipoff@tipoff-test.example.com";
/// Made for this sink, and good for nothing else.
const KEY: &str = include_str!("fcm/key.pem");
/// The token that is granted; there is one.
const GRANTED: &str = "ya29.granted";

/// How the service misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 404: the app is gone from the device.
    Unregistered,
    /// 401: the token is not good any more.
    Unauthenticated,
    /// 429.
    QuotaExceeded,
    /// 503.
    Unavailable,
    /// Answers nothing until it behaves again.
    Slow,
}

/// A running service; gone with the value.
#[derive(Debug)]
pub struct FcmSink {
    running: Running,
    service: Service,
}

#[derive(Debug, Clone)]
struct Service {
    mailbox: Mailbox,
    faults: Faults<Fault>,
    token_uri: Arc<str>,
    public_key: Arc<[u8]>,
    /// Whose device a token is.
    devices: Arc<Mutex<HashMap<String, String>>>,
}

impl FcmSink {
    /// Listens on `listen` (port 0: any) and puts what devices would show into `mailbox`.
    pub async fn start(mailbox: Mailbox, listen: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let (running, stop) = Running::new(listener.local_addr()?);
        let service = Service {
            mailbox,
            faults: Faults::default(),
            token_uri: format!("http://{}/token", running.at).into(),
            public_key: public_key(),
            devices: Arc::default(),
        };
        let app = Router::new()
            .route("/token", post(grant))
            .route("/v1/projects/{project}/messages:send", post(send))
            .with_state(service.clone());
        tokio::spawn(async move {
            stop.run_until_cancelled(axum::serve(listener, app).into_future()).await
        });
        Ok(Self { running, service })
    }

    /// As in `http://127.0.0.1:8060`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.running.at)
    }

    /// The file that Google's console gives.
    pub fn account_json(&self) -> String {
        json!({"type": "service_account", "project_id": PROJECT, "client_email": CLIENT,
            "private_key": KEY, "token_uri": &*self.service.token_uri})
        .to_string()
    }

    /// Another device of an agent; `to` of what it catches is `entity/agent`.
    pub fn device(&self, entity: &str, agent: &str) -> String {
        let mut devices = self.service.devices.lock().unwrap_or_else(PoisonError::into_inner);
        let token = format!("device-{}:APA91b", devices.len() + 1);
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

fn public_key() -> Arc<[u8]> {
    let body: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).expect("the key is PEM");
    let pair = rsa::KeyPair::from_pkcs8(&der).expect("the key is an RSA key");
    pair.public().as_ref().into()
}

/// RFC 7523: a token for a signed statement.
async fn grant(
    State(service): State<Service>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let grant_type = form.get("grant_type").map(String::as_str);
    let is_bearer = grant_type == Some("urn:ietf:params:oauth:grant-type:jwt-bearer");
    let assertion = form.get("assertion").map(String::as_str).unwrap_or_default();
    if is_bearer && service.vouches(assertion).is_some() {
        let granted = json!({"access_token": GRANTED, "expires_in": 3_599, "token_type": "Bearer"});
        return Json(granted).into_response();
    }
    (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response()
}

async fn send(
    State(service): State<Service>,
    Path(project): Path<String>,
    headers: HeaderMap,
    Json(sent): Json<Value>,
) -> Response {
    if let Some(refusal) = service.misbehave().await {
        return refusal;
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if authorization != Some(&format!("Bearer {GRANTED}")) {
        return refuse(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", &json!({}));
    }
    if project != PROJECT {
        return refuse(StatusCode::FORBIDDEN, "PERMISSION_DENIED", &json!({}));
    }
    match service.receive(&sent["message"]) {
        Ok(()) => Json(json!({"name": format!("projects/{PROJECT}/messages/1")})).into_response(),
        Err(field) => {
            let violation = json!({"fieldViolations": [{"field": field}]});
            refuse(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", &violation)
        }
    }
}

fn refuse(status: StatusCode, word: &str, detail: &Value) -> Response {
    let error =
        json!({"code": status.as_u16(), "status": word, "message": "refused", "details": [detail]});
    (status, Json(json!({ "error": error }))).into_response()
}

impl Service {
    /// Whether the statement is signed by the account's key, for us and now.
    fn vouches(&self, assertion: &str) -> Option<()> {
        let (said, signature) = assertion.rsplit_once('.')?;
        let (header, claims) = said.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key)
            .verify(said.as_bytes(), &signature)
            .ok()?;
        let json = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        let (header, claims) = (json(header)?, json(claims)?);
        let now = self.mailbox.now().timestamp();
        let in_time = claims["iat"].as_i64()? <= now && now < claims["exp"].as_i64()?;
        let about_us = claims["aud"] == *self.token_uri && claims["iss"] == CLIENT;
        let scoped = claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging";
        (header["alg"] == "RS256" && in_time && about_us && scoped).then_some(())
    }

    async fn misbehave(&self) -> Option<Response> {
        let fcm_error = |code: &str| json!({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code});
        let (status, word, code) = match self.faults.strike()? {
            Fault::Unregistered => (StatusCode::NOT_FOUND, "NOT_FOUND", "UNREGISTERED"),
            Fault::Unauthenticated => {
                (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")
            }
            Fault::QuotaExceeded => {
                (StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
            }
            Fault::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "UNAVAILABLE"),
            Fault::Slow => {
                self.faults.outlast(Fault::Slow).await;
                return None;
            }
        };
        Some(refuse(status, word, &fcm_error(code)))
    }

    /// Keeps a message; the error names the field that Firebase would.
    fn receive(&self, message: &Value) -> Result<(), &'static str> {
        let ttl = message["android"]["ttl"].as_str().and_then(|ttl| ttl.strip_suffix('s'));
        if ttl.is_some_and(|seconds| seconds.parse::<f64>().is_err()) {
            return Err("message.android.ttl");
        }
        let all_text = |data: &serde_json::Map<String, Value>| data.values().all(Value::is_string);
        if !message["data"].as_object().is_none_or(all_text) {
            return Err("message.data");
        }
        let token = message["token"].as_str().unwrap_or_default();
        let devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
        let to = devices.get(token).ok_or("message.token")?;
        self.mailbox.put(self.caught(to.clone(), message));
        Ok(())
    }

    fn caught(&self, to: String, message: &Value) -> Caught {
        let field = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let android = &message["android"];
        let kept = [
            ("priority", &android["priority"]),
            ("ttl", &android["ttl"]),
            ("collapse_key", &android["collapse_key"]),
            ("tag", &android["notification"]["tag"]),
            ("over", &message["data"]["over"]),
        ];
        let kept: BTreeMap<String, String> =
            kept.into_iter().map(|(name, value)| (name.to_owned(), field(value))).collect();
        Caught {
            at: self.mailbox.now(),
            channel: "push".to_owned(),
            to,
            lead: message["data"]["lead"].as_str().map(str::to_owned),
            subject: field(&message["notification"]["title"]),
            text: field(&message["notification"]["body"]),
            html: None,
            links: links(&field(&message["data"]["url"]), None),
            headers: kept,
        }
    }
}
