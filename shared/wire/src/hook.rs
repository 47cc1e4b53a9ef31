//! What endpoints of others are told.

use serde::{Deserialize, Serialize};
use tipoff_domain::{EntityId, LeadId, WebhookId};

/// Tell an endpoint of one event, on `webhooks.<entity>.<webhook>`. It names the
/// event and holds nothing of it: it is read from the log when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    pub entity: EntityId,
    pub webhook: WebhookId,
    pub lead: LeadId,
    /// The event's id.
    pub event: String,
    /// Where it stands in EVENTS.
    pub sequence: u64,
    /// It was asked for again, by this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
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
