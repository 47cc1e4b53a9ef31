//! A telephone provider in the dialect of Twilio: it keeps every text message,
//! lets telephones ring, and misbehaves when told to.

mod call;
mod twiml;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::fault::Faults;
use super::mailbox::{Caught, Mailbox, PATIENCE, links};
use super::running::Running;

pub use self::call::{Call, Ring, RingState};
pub use self::twiml::{Asks, Dials, Heard};

/// The account that the provider knows, and its token.
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub const TOKEN: &str = "token";
/// Twilio keeps a message for no longer, in seconds.
const LONGEST_VALIDITY: i64 = 14_400;
/// No longer text is taken.
const LONGEST_BODY: usize = 1_600;

/// How the provider misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 400 with this code of Twilio's: 21211 is no number, 21610 said STOP.
    Refused(u32),
    /// 429 with this `Retry-After`.
    TooMany(Duration),
    /// 503.
    Broken,
    /// Answers nothing until it behaves again.
    Slow,
}

/// A running provider; gone with the value.
#[derive(Debug)]
pub struct PhoneSink {
    running: Running,
    provider: Provider,
    http: reqwest::Client,
}

#[derive(Debug, Clone)]
struct Provider {
    mailbox: Mailbox,
    faults: Faults<Fault>,
    made: Arc<AtomicU64>,
    rings: watch::Sender<Vec<Ring>>,
}

type Fields = HashMap<String, String>;

impl PhoneSink {
    /// Listens on `listen` (port 0: any) and puts every text message into `mailbox`.
    pub async fn start(mailbox: Mailbox, listen: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let (running, stop) = Running::new(listener.local_addr()?);
        let rings = watch::Sender::new(Vec::new());
        let provider = Provider { mailbox, faults: Faults::default(), made: Arc::default(), rings };
        let app = Router::new()
            .route("/2010-04-01/Accounts/{account}/Messages.json", post(messages))
            .route("/2010-04-01/Accounts/{account}/Calls.json", post(calls))
            .route("/2010-04-01/Accounts/{account}/Calls/{call}", post(change_call))
            .with_state(provider.clone());
        tokio::spawn(async move {
            stop.run_until_cancelled(axum::serve(listener, app).into_future()).await
        });
        // Whoever runs this may have chosen one already; either will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().timeout(PATIENCE).build();
        Ok(Self { running, provider, http: http.map_err(std::io::Error::other)? })
    }

    /// As in `http://127.0.0.1:8040`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.running.at)
    }

    /// From now on misbehaves so, or behaves.
    pub fn misbehave(&self, fault: impl Into<Option<Fault>>) {
        self.provider.faults.set(fault);
    }

    /// Waits until clients have met a fault this often, all in all.
    pub async fn struck(&self, times: u64) {
        self.provider.faults.struck(times).await;
    }
}

async fn messages(
    State(provider): State<Provider>,
    Path(account): Path<String>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if let Some(refusal) = provider.misbehave().await {
        return refusal;
    }
    if account != ACCOUNT || !knows_token(&headers) {
        return refuse(StatusCode::UNAUTHORIZED, 20_003);
    }
    match read(&form) {
        Ok(message) => {
            let number = provider.made.fetch_add(1, Ordering::Relaxed);
            let caught = provider.caught(&message, &form, &headers);
            provider.mailbox.put(caught);
            let made =
                json!({"sid": format!("SM{number:032x}"), "status": "queued", "error_code": null});
            (StatusCode::CREATED, Json(made)).into_response()
        }
        Err(code) => refuse(StatusCode::BAD_REQUEST, code),
    }
}

async fn calls(
    State(provider): State<Provider>,
    Path(account): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    if let Some(refusal) = provider.misbehave().await {
        return refusal;
    }
    if account != ACCOUNT || !knows_token(&headers) {
        return refuse(StatusCode::UNAUTHORIZED, 20_003);
    }
    let sid = format!("CA{:032x}", provider.made.fetch_add(1, Ordering::Relaxed));
    match Ring::read(&form, sid.clone()) {
        Ok(ring) => {
            let message = Message { to: &ring.to, body: "" };
            let caught = provider.caught(&message, &form, &headers);
            provider.mailbox.put(Caught { channel: "voice".to_owned(), ..caught });
            provider.rings.send_modify(|rings| rings.push(ring));
            (StatusCode::CREATED, Json(json!({"sid": sid, "status": "queued"}))).into_response()
        }
        Err(code) => refuse(StatusCode::BAD_REQUEST, code),
    }
}

/// Ends a call: `canceled` only while it rings, `completed` whatever it does.
async fn change_call(
    State(provider): State<Provider>,
    Path((account, call)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    if let Some(refusal) = provider.misbehave().await {
        return refusal;
    }
    if account != ACCOUNT || !knows_token(&headers) {
        return refuse(StatusCode::UNAUTHORIZED, 20_003);
    }
    let (sid, status) = (call.trim_end_matches(".json"), form.get("Status").map(String::as_str));
    let ends = |ring: &Ring| match status {
        Some("canceled") => ring.state == RingState::Rings,
        Some("completed") => ring.state != RingState::Ended,
        _ => false,
    };
    let mut answer = refuse(StatusCode::NOT_FOUND, 20_404);
    provider.rings.send_modify(|rings| {
        let Some(ring) = rings.iter_mut().find(|ring| ring.sid == sid) else { return };
        answer = if ends(ring) {
            ring.state = RingState::Ended;
            Json(json!({"sid": sid, "status": status})).into_response()
        } else {
            refuse(StatusCode::BAD_REQUEST, 21_220)
        };
    });
    answer
}

/// As the provider signs: the address, then the fields by name.
pub fn sign(token: &str, url: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let mut text = url.to_owned();
    for (name, value) in sorted {
        text.push_str(name);
        text.push_str(value);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

/// As Twilio says it; the text names what was sent, as Twilio's does.
fn refuse(status: StatusCode, code: u32) -> Response {
    let body = json!({"code": code, "message": "refused", "status": status.as_u16(),
        "more_info": format!("https://www.twilio.com/docs/errors/{code}")});
    (status, Json(body)).into_response()
}

fn knows_token(headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given == Some(&format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"))))
}

/// In E.164.
fn is_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

struct Message<'a> {
    to: &'a str,
    body: &'a str,
}

/// What Twilio would take, or the number of its error.
fn read(form: &HashMap<String, String>) -> Result<Message<'_>, u32> {
    let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let to = field("To").ok_or(21_604_u32)?;
    let is_number = |number: &str| {
        let digits = number.strip_prefix('+').unwrap_or_default();
        (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(to) {
        return Err(21_211);
    }
    if !field("From").is_some_and(is_number) && field("MessagingServiceSid").is_none() {
        return Err(21_603);
    }
    let body = field("Body").ok_or(21_602_u32)?;
    if body.chars().count() > LONGEST_BODY {
        return Err(21_617);
    }
    let validity = field("ValidityPeriod").map(str::parse::<i64>);
    if validity.is_some_and(|seconds| !seconds.is_ok_and(|s| (1..=LONGEST_VALIDITY).contains(&s))) {
        return Err(20_001);
    }
    Ok(Message { to, body })
}

impl Provider {
    async fn misbehave(&self) -> Option<Response> {
        match self.faults.strike()? {
            Fault::Refused(code) => Some(refuse(StatusCode::BAD_REQUEST, code)),
            Fault::Broken => Some(StatusCode::SERVICE_UNAVAILABLE.into_response()),
            Fault::TooMany(after) => {
                let after = [(header::RETRY_AFTER, after.as_secs().to_string())];
                Some((after, refuse(StatusCode::TOO_MANY_REQUESTS, 20_429)).into_response())
            }
            Fault::Slow => {
                self.faults.outlast(Fault::Slow).await;
                None
            }
        }
    }

    fn caught(
        &self,
        message: &Message<'_>,
        form: &HashMap<String, String>,
        headers: &HeaderMap,
    ) -> Caught {
        let mut kept: BTreeMap<String, String> =
            form.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        let key = headers.get("i-twilio-idempotency-token").and_then(|key| key.to_str().ok());
        kept.extend(key.map(|key| ("i-twilio-idempotency-token".to_owned(), key.to_owned())));
        Caught {
            at: self.mailbox.now(),
            channel: "sms".to_owned(),
            to: message.to.to_owned(),
            // A text message does not say; who sends it names it in the key.
            lead: key.and_then(|key| key.strip_prefix("n:")?.split(':').next()).map(str::to_owned),
            subject: String::new(),
            text: message.body.to_owned(),
            html: None,
            links: links(message.body, None),
            headers: kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(fields: &[(&str, &str)]) -> Option<u32> {
        let form: HashMap<String, String> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&form).err()
    }

    #[test]
    fn messages_are_refused_with_the_numbers_of_the_provider() {
        let (to, from, body) =
            (("To", "+15125550101"), ("From", "+15125550100"), ("Body", "Hello"));
        assert_eq!(code(&[to, from, body]), None);
        assert_eq!(code(&[to, ("MessagingServiceSid", "MG1"), body]), None);
        assert_eq!(code(&[("To", "512-555-0101"), from, body]), Some(21_211));
        assert_eq!(code(&[to, body]), Some(21_603));
        assert_eq!(code(&[to, from]), Some(21_602));
        assert_eq!(code(&[to, from, ("Body", &"x".repeat(1_601))]), Some(21_617));
        assert_eq!(code(&[to, from, body, ("ValidityPeriod", "0")]), Some(20_001));
        assert_eq!(code(&[to, from, body, ("ValidityPeriod", "900")]), None);
    }
}
