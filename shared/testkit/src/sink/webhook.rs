//! An endpoint of somebody else's, which receives what happens as the Standard
//! Webhooks specification tells receivers to, and misbehaves when told to.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::fault::Faults;
use super::mailbox::PATIENCE;
use super::running::Running;

/// How the endpoint misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This status and nothing else.
    Status(u16),
    /// Sends callers to another path of its own, where it would listen.
    Redirect,
    /// Answers nothing until it behaves again.
    Slow,
}

/// What was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub raw: String,
    pub body: Value,
}

impl Told {
    /// Whether one of the signatures is by this secret (`whsec_…`).
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let bytes = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes.unwrap_or_default());
        let signed = format!("{}.{}.{}", self.id, self.timestamp, self.raw);
        let fits = |one: &str| {
            let given = one.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            given.is_some_and(|given| hmac::verify(&key, signed.as_bytes(), &given).is_ok())
        };
        self.signature.split(' ').any(fits)
    }
}

/// A running endpoint; gone with the value.
#[derive(Debug)]
pub struct WebhookSink {
    running: Running,
    endpoint: Endpoint,
}

#[derive(Debug, Clone)]
struct Endpoint {
    faults: Faults<Fault>,
    told: watch::Sender<Vec<Told>>,
}

impl WebhookSink {
    /// Listens on `listen` (port 0: any).
    pub async fn start(listen: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let (running, stop) = Running::new(listener.local_addr()?);
        let endpoint = Endpoint { faults: Faults::default(), told: watch::Sender::default() };
        let app = Router::new()
            .route("/hook", post(receive))
            .route("/elsewhere", post(receive))
            .with_state(endpoint.clone());
        tokio::spawn(async move {
            stop.run_until_cancelled(axum::serve(listener, app).into_future()).await
        });
        Ok(Self { running, endpoint })
    }

    /// What to call, as in `http://127.0.0.1:8050/hook`.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.running.at)
    }

    /// From now on misbehaves so, or behaves.
    pub fn misbehave(&self, fault: impl Into<Option<Fault>>) {
        self.endpoint.faults.set(fault);
    }

    /// Waits until callers have met a fault this often, all in all.
    pub async fn struck(&self, times: u64) {
        self.endpoint.faults.struck(times).await;
    }

    /// Everything so far.
    pub fn told(&self) -> Vec<Told> {
        self.endpoint.told.borrow().clone()
    }

    /// Waits until it was told of so many things; answers with all.
    pub async fn told_of(&self, count: usize) -> Vec<Told> {
        let mut told = self.endpoint.told.subscribe();
        let enough = told.wait_for(|told| told.len() >= count);
        match tokio::time::timeout(PATIENCE, enough).await {
            Ok(Ok(told)) => told.clone(),
            _ => {
                panic!("it was not told of {count} things within {PATIENCE:?}: {:#?}", self.told())
            }
        }
    }
}

async fn receive(State(endpoint): State<Endpoint>, headers: HeaderMap, body: Bytes) -> Response {
    match endpoint.faults.strike() {
        None => {}
        Some(Fault::Slow) => endpoint.faults.outlast(Fault::Slow).await,
        Some(Fault::Redirect) => {
            return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")])
                .into_response();
        }
        Some(Fault::Status(status)) => {
            return StatusCode::from_u16(status).unwrap_or_default().into_response();
        }
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let told = || {
        let raw = std::str::from_utf8(&body).ok()?.to_owned();
        Some(Told {
            id: text("webhook-id")?.to_owned(),
            timestamp: text("webhook-timestamp")?.to_owned(),
            signature: text("webhook-signature")?.to_owned(),
            body: serde_json::from_str(&raw).ok()?,
            raw,
        })
    };
    match told() {
        Some(told) => {
            endpoint.told.send_modify(|all| all.push(told));
            StatusCode::NO_CONTENT.into_response()
        }
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}
