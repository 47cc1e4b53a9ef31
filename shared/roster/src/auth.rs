//! API keys: `tpf_<id>_<secret>`, stored as a hash.

mod table;
mod verify;

use std::fmt;

use serde::{Deserialize, Serialize};
use tipoff_domain::{AgentId, EntityId, SourceId};

pub(crate) use table::{ApiKeys, Stored};

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sends leads for one source.
    Source,
    /// Acts as one agent.
    Agent,
    /// Configures one entity and sees its leads.
    Admin,
    /// Creates entities and admins, and operates the deployment.
    Operator,
}

impl Role {
    pub(crate) const ALL: [Self; 4] = [Self::Source, Self::Agent, Self::Admin, Self::Operator];

    /// As it stands in JSON and in headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Agent => "agent",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }
}

/// Who is calling, as a verified key says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub key_id: String,
    pub role: Role,
    /// `None` only for operators.
    pub entity: Option<EntityId>,
    pub agent: Option<AgentId>,
    pub source: Option<SourceId>,
}

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    pub role: Role,
    pub entity: Option<EntityId>,
    pub agent: Option<AgentId>,
    pub source: Option<SourceId>,
}

/// A key just made; its text is shown once and kept nowhere.
#[derive(Clone)]
pub struct ApiKey {
    pub id: String,
    pub text: String,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}
