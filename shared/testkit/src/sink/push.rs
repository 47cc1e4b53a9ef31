//! A Web Push service and the browsers behind it.
//!
//! A subscription belongs to the first application server that uses it. Every
//! push is checked and decrypted as a browser would, and refused where a push
//! service or a browser would refuse it.

mod receiver;
mod vapid;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::receiver::Receiver;
use super::fault::Faults;
use super::mailbox::{Caught, Mailbox, links};
use super::running::Running;

/// What every push service takes at least, and none must take more.
const BIGGEST_BODY: usize = 4_096;
const LONGEST_TOPIC: usize = 32;

/// How the service misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Does not know the subscription: 404.
    NotFound,
    /// No longer knows it: 410.
    Gone,
    /// 429 with this `Retry-After`.
    TooMany(Duration),
    /// 500.
    Broken,
    /// Answers nothing until it behaves again.
    Slow,
}

/// What a browser gives to the page that subscribes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    pub endpoint: String,
    /// Base64url.
    pub p256dh: String,
    /// Base64url.
    pub auth: String,
}

impl Subscription {
    /// As `PushSubscription.toJSON()` gives it.
    pub fn to_json(&self) -> Value {
        let Self { endpoint, p256dh, auth } = self;
        json!({ "endpoint": endpoint, "keys": { "p256dh": p256dh, "auth": auth } })
    }
}

/// A running push service; gone with the value.
#[derive(Debug)]
pub struct PushSink {
    running: Running,
    service: Service,
}

impl PushSink {
    /// Listens on `listen` (port 0: any) and puts what browsers would show into `mailbox`.
    pub async fn start(mailbox: Mailbox, listen: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let (running, stop) = Running::new(listener.local_addr()?);
        let service = Service {
            mailbox,
            origin: format!("http://{}", running.at).into(),
            browsers: Arc::default(),
            faults: Faults::default(),
        };
        let app = Router::new()
            .route("/push/{id}", post(push))
            .layer(DefaultBodyLimit::max(BIGGEST_BODY))
            .with_state(service.clone());
        tokio::spawn(async move {
            stop.run_until_cancelled(axum::serve(listener, app).into_future()).await
        });
        Ok(Self { running, service })
    }

    /// As in `http://127.0.0.1:8030`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.running.at)
    }

    /// Subscribes another browser of an agent; `to` of what it catches is `entity/agent`.
    pub fn subscription(&self, entity: &str, agent: &str) -> Subscription {
        let receiver = Receiver::random();
        let mut browsers = self.service.browsers.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("{}-{}", browsers.len(), receiver.name());
        let subscription = Subscription {
            endpoint: format!("{}/push/{id}", self.base_url()),
            p256dh: receiver.p256dh(),
            auth: receiver.auth(),
        };
        browsers.insert(
            id,
            Browser { to: format!("{entity}/{agent}"), receiver, application_server: None },
        );
        subscription
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

#[derive(Debug)]
struct Browser {
    to: String,
    receiver: Receiver,
    /// Public key of the one application server that may push to it.
    application_server: Option<String>,
}

#[derive(Debug, Clone)]
struct Service {
    mailbox: Mailbox,
    origin: Arc<str>,
    browsers: Arc<Mutex<HashMap<String, Browser>>>,
    faults: Faults<Fault>,
}

/// What is said to the application server: a status and what is wrong.
type Refusal = (StatusCode, String);

fn refuse<T>(status: StatusCode, why: impl Into<String>) -> Result<T, Refusal> {
    Err((status, why.into()))
}

async fn push(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(response) = service.misbehave().await {
        return response;
    }
    match service.receive(&id, &headers, &body) {
        Ok(ttl) => {
            let location = format!("{}/message/{id}", service.origin);
            (
                StatusCode::CREATED,
                [(header::LOCATION, location), (header::HeaderName::from_static("ttl"), ttl)],
            )
                .into_response()
        }
        Err((status, why)) => {
            tracing::debug!(%status, why, "push refused");
            (status, why).into_response()
        }
    }
}

impl Service {
    async fn misbehave(&self) -> Option<Response> {
        let plain = |status: StatusCode| Some(status.into_response());
        match self.faults.strike()? {
            Fault::NotFound => plain(StatusCode::NOT_FOUND),
            Fault::Gone => plain(StatusCode::GONE),
            Fault::Broken => plain(StatusCode::INTERNAL_SERVER_ERROR),
            Fault::TooMany(after) => {
                let after = [(header::RETRY_AFTER, after.as_secs().to_string())];
                Some((StatusCode::TOO_MANY_REQUESTS, after).into_response())
            }
            Fault::Slow => {
                self.faults.outlast(Fault::Slow).await;
                None
            }
        }
    }

    /// Checks, decrypts and keeps; answers with the TTL that was granted.
    fn receive(&self, id: &str, headers: &HeaderMap, body: &[u8]) -> Result<String, Refusal> {
        let mut browsers = self.browsers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(browser) = browsers.get_mut(id) else {
            return refuse(StatusCode::NOT_FOUND, "no such subscription");
        };
        let ttl = check_headers(headers)?;
        let key = vapid::check(text(headers, "authorization"), &self.origin, self.mailbox.now())?;
        if browser.application_server.get_or_insert_with(|| key.clone()) != &key {
            return refuse(StatusCode::FORBIDDEN, "subscribed by another application server");
        }
        let Some(plain) = browser.receiver.decrypt(body) else {
            return refuse(StatusCode::BAD_REQUEST, "the browser cannot decrypt it");
        };
        let Ok(Value::Object(shown)) = serde_json::from_slice(&plain) else {
            return refuse(StatusCode::BAD_REQUEST, "the service worker expects a JSON object");
        };
        self.mailbox.put(self.caught(browser.to.clone(), &shown, headers));
        Ok(ttl.to_string())
    }

    fn caught(
        &self,
        to: String,
        shown: &serde_json::Map<String, Value>,
        headers: &HeaderMap,
    ) -> Caught {
        let field = |name: &str| shown.get(name).and_then(Value::as_str).map(str::to_owned);
        let named = headers.iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            (name != header::AUTHORIZATION).then(|| (name.as_str().to_owned(), value.to_owned()))
        });
        let mut kept: BTreeMap<String, String> = named.collect();
        kept.extend(field("tag").map(|tag| ("notification-tag".to_owned(), tag)));
        Caught {
            at: self.mailbox.now(),
            channel: "push".to_owned(),
            to,
            lead: field("lead"),
            subject: field("title").unwrap_or_default(),
            text: field("body").unwrap_or_default(),
            html: None,
            links: links(&field("url").unwrap_or_default(), None),
            headers: kept,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// RFC 8030: a TTL is required; urgency and topic, where given, must be well formed.
fn check_headers(headers: &HeaderMap) -> Result<u32, Refusal> {
    let Ok(ttl) = text(headers, "ttl").parse::<u32>() else {
        return refuse(StatusCode::BAD_REQUEST, "TTL must be a number of seconds");
    };
    if text(headers, "content-encoding") != "aes128gcm" {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Encoding must be aes128gcm");
    }
    let urgency = headers.contains_key("urgency").then(|| text(headers, "urgency"));
    if urgency.is_some_and(|urgency| !["very-low", "low", "normal", "high"].contains(&urgency)) {
        return refuse(StatusCode::BAD_REQUEST, "Urgency is not one of the four");
    }
    let topic = headers.contains_key("topic").then(|| text(headers, "topic"));
    let base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if topic.is_some_and(|topic| {
        !(1..=LONGEST_TOPIC).contains(&topic.len()) || !topic.chars().all(base64url)
    }) {
        return refuse(StatusCode::BAD_REQUEST, "Topic must be 1 to 32 characters of Base64url");
    }
    Ok(ttl)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(pairs: &[(&'static str, &str)]) -> Option<u16> {
        let read = |(name, value): &(&'static str, &str)| {
            (header::HeaderName::from_static(name), value.parse().unwrap())
        };
        check_headers(&pairs.iter().map(read).collect()).err().map(|(status, _)| status.as_u16())
    }

    #[test]
    fn headers_are_held_against_the_standard() {
        let encoding = ("content-encoding", "aes128gcm");
        let good = [encoding, ("ttl", "900"), ("urgency", "high"), ("topic", "lead-1_x")];
        assert_eq!(status(&good), None);
        assert_eq!(status(&[encoding]), Some(400));
        assert_eq!(status(&[encoding, ("ttl", "-1")]), Some(400));
        assert_eq!(status(&[("ttl", "900")]), Some(415));
        assert_eq!(status(&[encoding, ("ttl", "900"), ("urgency", "urgent")]), Some(400));
        assert_eq!(status(&[encoding, ("ttl", "900"), ("topic", "n:lead")]), Some(400));
        assert_eq!(status(&[encoding, ("ttl", "900"), ("topic", &"x".repeat(33))]), Some(400));
    }
}
