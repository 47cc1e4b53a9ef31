//! What endpoints of others are told.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::{EntityId, LeadId, WebhookId};

use crate::{Stream, subject};

/// Tell an endpoint of one event, on `webhooks.<entity>.<webhook>`. It names the
/// event and holds nothing of it: it is read from the log when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    pub entity: EntityId,
    pub webhook: WebhookId,
    /// `None`: it is about none, but about what people configure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadId>,
    /// The event's id.
    pub event: String,
    #[serde(default)]
    pub log: Log,
    /// Where it stands in the log.
    pub sequence: u64,
    /// It was asked for again, by this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
}

/// Where the event stands that an endpoint is told of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Log {
    #[default]
    Events,
    Changes,
}

impl Log {
    /// Everything in it of one entity.
    pub fn subjects_of(self, entity: &EntityId) -> String {
        match self {
            Self::Events => subject::events_of(entity),
            Self::Changes => subject::changes(entity),
        }
    }

    /// The stream that it is.
    pub const fn stream(self) -> Stream {
        match self {
            Self::Events => Stream::Events,
            Self::Changes => Stream::Changes,
        }
    }
}

/// As much of an event or of a change as tells whom it concerns.
#[derive(Debug, Deserialize)]
pub struct Glance<'a> {
    pub id: String,
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    pub at: DateTime<Utc>,
    pub entity: EntityId,
    #[serde(default)]
    pub lead: Option<LeadId>,
}

impl Glance<'_> {
    /// That this endpoint is to be told of it.
    pub fn telling(&self, webhook: WebhookId, log: Log, sequence: u64) -> Telling {
        Telling {
            entity: self.entity.clone(),
            webhook,
            lead: self.lead.clone(),
            event: self.id.clone(),
            log,
            sequence,
            replay: None,
        }
    }
}

impl Telling {
    /// One per endpoint and event, and one more for every replay.
    pub fn key(&self) -> String {
        let Self { webhook, event, .. } = self;
        match &self.replay {
            Some(replay) => format!("w:{webhook}:{event}:{replay}"),
            None => format!("w:{webhook}:{event}"),
        }
    }
}

/// One call to an endpoint, on `attempts.<entity>.<webhook>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at: DateTime<Utc>,
    pub event: String,
    /// Its type, as in `lead.claimed`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadId>,
    /// 1 for the first call about this event.
    pub attempt: i64,
    /// It was asked for again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
    pub took_ms: u64,
    pub result: Called,
    /// What it answered, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it does not count as told. Never names the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_at: Option<DateTime<Utc>>,
}

/// What came of a call to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Called {
    Told,
    /// It is tried again.
    Retried,
    /// It was tried for three days.
    Failed,
    /// It wants nothing more.
    Gone,
}

impl Called {
    /// As in `told`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Retried => "retried",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }
}
