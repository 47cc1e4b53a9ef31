//! Test messages: they show whether a channel reaches an agent.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::{AgentId, Channel, EntityId};

/// Send `agent` a test message, on `notify.test.<channel>.<entity>`. It names no
/// address: whoever delivers it reads that from the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    pub channel: Channel,
    pub entity: EntityId,
    pub agent: AgentId,
    /// When it was asked for.
    pub at: DateTime<Utc>,
}

impl Trial {
    /// Two of the same key are the same message: one a minute is enough.
    pub fn key(&self) -> String {
        let Self { channel, entity, agent, at } = self;
        format!("t:{entity}:{agent}:{}:{}", channel.as_str(), at.timestamp().div_euclid(60))
    }
}
