//! Whether a channel works for an agent, as far as is known.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
pub use tipoff_domain::Works;

/// What is known of one address of an agent. Another address is another story:
/// what was known of the old one does not count for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    pub works: Works,
    pub at: DateTime<Utc>,
    /// What the provider said, without contact details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Part of the hash of the address.
    address: String,
}

impl Reach {
    pub fn confirmed(address: &str, at: DateTime<Utc>) -> Self {
        Self { works: Works::Confirmed, at, why: None, address: crate::keys::short(address) }
    }

    pub fn failed(address: &str, why: &str, at: DateTime<Utc>) -> Self {
        let (why, address) = (Some(why.to_owned()), crate::keys::short(address));
        Self { works: Works::Failed, at, why, address }
    }

    pub fn stopped(address: &str, at: DateTime<Utc>) -> Self {
        Self { works: Works::Stopped, at, why: None, address: crate::keys::short(address) }
    }

    /// Whether it is about this address.
    pub fn is_about(&self, address: &str) -> bool {
        self.is_marked(&mark(address))
    }

    /// Whether it is about the address of this mark.
    pub(crate) fn is_marked(&self, mark: &str) -> bool {
        self.address == mark
    }
}

/// Tells an address from others, and says nothing of it.
pub fn mark(address: &str) -> String {
    crate::keys::short(address)
}
