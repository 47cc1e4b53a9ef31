//! The roster: entities and all that belongs to them, and who may do what.
//!
//! All of it lives in two NATS KV buckets, `roster` and `auth`. Every process
//! watches them and keeps a view of each entity in memory; an edit is visible
//! in the process that made it before the call returns, and everywhere else a
//! moment later.

mod announce;
mod auth;
mod author;
mod bucket;
mod cache;
mod deployment;
mod device;
mod edit;
mod entities;
mod family;
mod follow;
mod history;
mod keys;
mod open_internet;
mod reach;
mod room;
mod tree;
mod webhook;

pub use auth::{Access, ApiKey, NewKey, Role};
pub use author::Author;
pub use cache::Roster;
pub use device::{AppDevice, AppKind, Device};
pub use edit::{EditError, Edited, Expect};
pub use history::{Change, Done, FieldChange};
pub use open_internet::{NotOutside, is_open, is_outside};
pub use reach::{Reach, Works, mark};
pub use room::Room;
pub use tree::Tree;
pub use webhook::{Disabled, Secret, Wanted as WebhookWanted, Webhook};

use serde::{Deserialize, Serialize};

/// A browser's Web Push subscription (RFC 8030), as `PushSubscription.toJSON()` gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushSubscription {
    pub endpoint: String,
    pub keys: PushKeys,
}

/// The subscription's public key and secret, Base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushKeys {
    pub p256dh: String,
    pub auth: String,
}

/// What belongs to the deployment as a whole; made once, by whoever starts first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Never changes once written.
    pub partitions: u16,
    /// So many days after nobody had anything to do with them any more, leads leave the
    /// board, and only the log has them; 0: they stay.
    #[serde(default)]
    pub board_days: u16,
    /// Secret of claim links, 32 bytes, Base64url without padding.
    pub link_secret: String,
    /// PKCS#8 of the VAPID key (P-256), Base64url without padding.
    pub vapid_key: String,
    /// Seeds draws, 32 bytes, Base64url without padding (an entity's secret is
    /// derived from it and the entity's name).
    pub draw_secret: String,
}
