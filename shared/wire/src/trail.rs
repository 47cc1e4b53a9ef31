//! Who did what by right of administration, on `audit.<entity>`; on `audit._`
//! what belongs to no entity.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::{AgentId, EntityId};

/// One thing that was done. It names things and says nothing about people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    pub at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    pub by: By,
    /// As in `POST /v1/leads/{id}/assign`, or `tipoff erase`.
    pub what: String,
    /// What it was done to: the names in the path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub to: BTreeMap<String, String>,
    /// The request, as it is called in the log of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// `operator`, `admin`, or `command_line`.
    pub role: String,
    /// The id of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
}

impl By {
    /// A person at the command line, whom the system knows.
    pub fn command_line() -> Self {
        Self { role: "command_line".to_owned(), key: None, agent: None }
    }
}
