//! What an agent carries that can be pushed to.

use serde::{Deserialize, Serialize};

use crate::PushSubscription;

/// Whose push service an app's device belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// Firebase Cloud Messaging.
    Fcm,
    /// Apple's push service.
    Apns,
}

/// A telephone with an app of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppDevice {
    pub kind: AppKind,
    /// As the push service gave it to the app.
    pub token: String,
}

/// A browser, or a telephone with an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Device {
    Browser(PushSubscription),
    App(AppDevice),
}

impl Device {
    /// Tells it from others; whoever knows it may be able to push to it.
    pub fn address(&self) -> &str {
        match self {
            Self::Browser(subscription) => &subscription.endpoint,
            Self::App(device) => &device.token,
        }
    }
}

impl From<PushSubscription> for Device {
    fn from(subscription: PushSubscription) -> Self {
        Self::Browser(subscription)
    }
}

impl From<AppDevice> for Device {
    fn from(device: AppDevice) -> Self {
        Self::App(device)
    }
}
