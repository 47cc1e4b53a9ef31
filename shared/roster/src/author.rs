//! Who makes an edit; written into the headers of the entry that it makes, so
//! that edit and author are one write.

use async_nats::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use tipoff_domain::AgentId;

use crate::{Access, Role};

const KEY: &str = "Tipoff-Key";
const ROLE: &str = "Tipoff-Role";
const AGENT: &str = "Tipoff-Agent";
/// The role of edits that nobody asked for, such as a source that was discovered.
const TIPOFF: &str = "tipoff";

/// Who makes an edit. The default is Tipoff itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// `None`: Tipoff itself.
    pub role: Option<Role>,
    /// The id of the key.
    pub key: Option<String>,
    pub agent: Option<AgentId>,
}

impl From<&Access> for Author {
    fn from(access: &Access) -> Self {
        let Access { key_id, role, agent, .. } = access.clone();
        Self { role: Some(role), key: Some(key_id), agent }
    }
}

impl Author {
    /// As in `admin`; `tipoff` for Tipoff itself.
    pub fn role_word(&self) -> &'static str {
        self.role.map_or(TIPOFF, Role::as_str)
    }

    pub(crate) fn sign(&self, headers: &mut HeaderMap) {
        headers.insert(ROLE, self.role_word());
        if let Some(key) = &self.key {
            headers.insert(KEY, key.as_str());
        }
        if let Some(agent) = &self.agent {
            headers.insert(AGENT, agent.as_str());
        }
    }

    /// `None`: written before authors were.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).map(HeaderValue::as_str);
        let role = match text(ROLE)? {
            TIPOFF => None,
            role => Some(Role::ALL.into_iter().find(|one| one.as_str() == role)?),
        };
        let agent = text(AGENT).and_then(|agent| agent.parse().ok());
        Some(Self { role, key: text(KEY).map(str::to_owned), agent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_read_back() {
        let ana = Author {
            role: Some(Role::Agent),
            key: Some("ab12".to_owned()),
            agent: Some("ana".parse().unwrap()),
        };
        for author in [ana, Author::default()] {
            let mut headers = HeaderMap::new();
            author.sign(&mut headers);
            assert_eq!(Author::of(&headers), Some(author));
        }
        assert_eq!(Author::of(&HeaderMap::new()), None);
    }
}
