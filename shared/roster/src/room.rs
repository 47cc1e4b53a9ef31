//! A room of an entity in somebody else's chat.

use serde::{Deserialize, Serialize};

/// Where messages to the room are posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// An incoming webhook: whoever knows it can write there.
    pub url: String,
    /// What the chat said when it no longer knew the room; nothing is posted
    /// there until the address is set anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<String>,
}
