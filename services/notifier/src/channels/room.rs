//! Rooms in Slack and Teams, over the incoming webhook that an entity has there.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tipoff_domain::{Agent, AgentId, Channel, EntityView};
use tipoff_roster::{Expect, Room, Roster};
use tracing::warn;

use super::{Opened, Parts, Settings, Unusable};
use crate::carrier::{Carrier, Pace, SendError};
use crate::http;
use crate::letter::{Post, Writer};
use crate::lines::Lines;
use crate::seen::Told;
use crate::strangers::Strangers;

/// Rooms posted to at once.
const AT_ONCE: usize = 16;

/// Posts to the rooms of one chat.
struct Rooms {
    chat: Channel,
    strangers: Strangers,
    lines: Lines,
    roster: Roster,
    writer: Arc<Writer>,
}

/// The rooms of `chat`.
pub(super) fn open(parts: &Parts, settings: &Settings, chat: Channel) -> Opened {
    let strangers = settings.strangers().map_err(Unusable::on(chat))?;
    let (roster, writer) = (parts.roster.clone(), parts.writer.clone());
    Ok(Some(Arc::new(Rooms { chat, strangers, lines: Lines::new(chat), roster, writer })))
}

#[async_trait]
impl Carrier for Rooms {
    fn channel(&self) -> Channel {
        self.chat
    }

    fn pace(&self) -> Pace {
        Pace::new(AT_ONCE, 0)
    }

    fn reaches(&self, view: &EntityView, _: &AgentId, _: &Agent) -> bool {
        self.roster.room(&view.id, self.chat).is_some_and(|room| room.gone.is_none())
    }

    async fn send(&self, told: &Told, now: DateTime<Utc>) -> Result<(), SendError> {
        let entity = &told.notice.entity;
        let gone = || SendError::ForGood("the entity has no room there any more".to_owned());
        let version = self.roster.room_version(entity, self.chat);
        let room = self.roster.room(entity, self.chat).ok_or_else(gone)?;
        let sent = self.post(&room, &self.writer.post(told, now)?).await;
        if let Err(SendError::BadAddress(why)) = &sent {
            let room = Room { gone: Some(why.clone()), ..room };
            // Somebody may have given it another address meanwhile.
            let as_it_was = version.map_or(Expect::Absent, Expect::Version);
            if let Err(error) = self.roster.edit_room(entity, self.chat, room, as_it_was).await {
                // It will be found gone again next time.
                warn!(error = &error as &dyn std::error::Error, entity.id = %entity, "a room that is gone was not noted");
            }
        }
        sent
    }
}

impl Rooms {
    async fn post(&self, room: &Room, post: &Post) -> Result<(), SendError> {
        let url = self
            .strangers
            .address(&room.url)
            .map_err(|error| SendError::ForGood(format!("the room's address {error}")))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let request = self.strangers.post(url).json(&body(self.chat, post));
        let posting = async {
            let answer =
                request.send().await.map_err(|error| http::unreachable("the chat", &error))?;
            judge(answer.status(), answer.headers())
        };
        self.lines.over(&host, posting).await
    }
}

fn judge(status: StatusCode, headers: &reqwest::header::HeaderMap) -> Result<(), SendError> {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN => Err(
            SendError::BadAddress(format!("the chat does not know the room any more: {status}")),
        ),
        _ => http::judge("the chat", status, headers),
    }
}

fn body(chat: Channel, post: &Post) -> Value {
    if chat == Channel::Teams { card(post) } else { blocks(post) }
}

fn blocks(post: &Post) -> Value {
    let text = escaped(&post.text);
    let button = json!({"type": "button", "url": post.url,
        "text": {"type": "plain_text", "text": post.button}});
    json!({"text": text, "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "actions", "elements": [button]},
    ]})
}

/// Slack reads these three as its own.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn card(post: &Post) -> Value {
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": post.text, "wrap": true}],
        "actions": [{"type": "Action.OpenUrl", "title": post.button, "url": post.url}],
    });
    json!({"type": "message", "attachments": [
        {"contentType": "application/vnd.microsoft.card.adaptive", "content": content},
    ]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_source_sends_mentions_nobody_in_slack() {
        let text = "<!channel> Dana & Co".to_owned();
        let post =
            Post { text, url: "https://x.example.com".to_owned(), button: "Open".to_owned() };
        assert_eq!(body(Channel::Slack, &post)["text"], "&lt;!channel&gt; Dana &amp; Co");
    }
}
