//! Rooms in Slack and Teams: incoming webhooks that keep what is posted.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

use super::fault::Faults;
use super::mailbox::{Caught, Mailbox, links};
use super::running::Running;

/// How the chat misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The room is gone: 404.
    Gone,
    /// 429 with this `Retry-After`.
    TooMany(Duration),
    /// 500.
    Broken,
    /// Answers nothing until it behaves again.
    Slow,
}

/// Running chats; gone with the value.
#[derive(Debug)]
pub struct RoomSink {
    running: Running,
    chats: Chats,
}

#[derive(Debug, Clone)]
struct Chats {
    mailbox: Mailbox,
    faults: Faults<Fault>,
}

impl RoomSink {
    /// Listens on `listen` (port 0: any) and puts every post into `mailbox`.
    pub async fn start(mailbox: Mailbox, listen: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let (running, stop) = Running::new(listener.local_addr()?);
        let chats = Chats { mailbox, faults: Faults::default() };
        let app = Router::new()
            .route("/slack/{room}", post(slack))
            .route("/teams/{room}", post(teams))
            .with_state(chats.clone());
        tokio::spawn(async move {
            stop.run_until_cancelled(axum::serve(listener, app).into_future()).await
        });
        Ok(Self { running, chats })
    }

    /// The incoming webhook of a room; `chat` is `slack` or `teams`.
    pub fn webhook(&self, chat: &str, room: &str) -> String {
        format!("http://{}/{chat}/{room}", self.running.at)
    }

    /// From now on misbehaves so, or behaves.
    pub fn misbehave(&self, fault: impl Into<Option<Fault>>) {
        self.chats.faults.set(fault);
    }

    /// Waits until clients have met a fault this often, all in all.
    pub async fn struck(&self, times: u64) {
        self.chats.faults.struck(times).await;
    }
}

/// `{"text", "blocks"}`; answers `ok`.
async fn slack(
    State(chats): State<Chats>,
    Path(room): Path<String>,
    Json(sent): Json<Value>,
) -> Response {
    if let Some(refusal) = chats.misbehave().await {
        return refusal;
    }
    let Some(text) = sent["text"].as_str().filter(|text| !text.is_empty()) else {
        return (StatusCode::BAD_REQUEST, "no_text").into_response();
    };
    chats.keep("slack", room, text, &sent["blocks"]);
    "ok".into_response()
}

/// A message with an Adaptive Card; answers 202.
async fn teams(
    State(chats): State<Chats>,
    Path(room): Path<String>,
    Json(sent): Json<Value>,
) -> Response {
    if let Some(refusal) = chats.misbehave().await {
        return refusal;
    }
    let attachment = &sent["attachments"][0];
    let is_card = attachment["contentType"] == "application/vnd.microsoft.card.adaptive";
    let card = &attachment["content"];
    let text = card["body"][0]["text"].as_str().filter(|_| is_card && sent["type"] == "message");
    let Some(text) = text else { return StatusCode::BAD_REQUEST.into_response() };
    chats.keep("teams", room, text, &card["actions"]);
    StatusCode::ACCEPTED.into_response()
}

impl Chats {
    async fn misbehave(&self) -> Option<Response> {
        match self.faults.strike()? {
            Fault::Gone => Some((StatusCode::NOT_FOUND, "no_service").into_response()),
            Fault::Broken => Some(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
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

    fn keep(&self, chat: &str, room: String, text: &str, buttons: &Value) {
        self.mailbox.put(Caught {
            at: self.mailbox.now(),
            channel: chat.to_owned(),
            to: room,
            lead: None,
            subject: String::new(),
            text: text.to_owned(),
            html: None,
            links: links(&buttons.to_string(), None),
            headers: BTreeMap::new(),
        });
    }
}
