//! Everything the bucket `auth` holds, in memory.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tipoff_domain::{AgentId, EntityId, SourceId};
use tracing::error;

use super::{Access, Role};
use crate::follow::Table;
use crate::keys;

/// A key as it is stored: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entity: Option<EntityId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<AgentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<SourceId>,
    /// SHA-256 of the secret, Base64url. The secret is random and long, so a
    /// slow hash would add nothing.
    pub(crate) hash: String,
}

impl Stored {
    pub(crate) fn access(&self, id: &str) -> Access {
        let Self { role, entity, agent, source, .. } = self.clone();
        Access { key_id: id.to_owned(), role, entity, agent, source }
    }
}

/// All API keys by id.
#[derive(Debug, Default)]
pub(crate) struct ApiKeys {
    pub(crate) by_id: HashMap<String, Stored>,
}

impl ApiKeys {
    /// All of them, without their secrets.
    pub(crate) fn accesses(&self) -> Vec<Access> {
        self.by_id.iter().map(|(id, stored)| stored.access(id)).collect()
    }
}

impl Table for ApiKeys {
    fn apply(&mut self, key: &str, version: u64, value: Option<&[u8]>) {
        let Some(id) = keys::read_api_key(key) else { return };
        match value.map(serde_json::from_slice) {
            Some(Ok(stored)) => drop(self.by_id.insert(id.to_owned(), stored)),
            Some(Err(error)) => {
                // Better nobody than somebody with yesterday's rights.
                self.by_id.remove(id);
                error!(
                    error = &error as &dyn std::error::Error,
                    id, version, "an API key cannot be read"
                );
            }
            None => drop(self.by_id.remove(id)),
        }
    }
}
