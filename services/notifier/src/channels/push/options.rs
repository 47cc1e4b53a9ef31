//! Settings of push.

use std::path::PathBuf;

use clap::Args;
use reqwest::Url;

use crate::carrier::Pace;

/// Messages at once unless told otherwise.
const IN_FLIGHT: usize = 64;
const FIREBASE: &str = "https://fcm.googleapis.com";
const APPLE: &str = "https://api.push.apple.com";

/// How push messages go out.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Push messages sent at once.
    #[arg(long, env = "TIPOFF_PUSH_IN_FLIGHT", default_value_t = IN_FLIGHT)]
    pub push_in_flight: usize,
    /// Push messages that each notifier sends per second, at most; 0: no limit.
    #[arg(long, env = "TIPOFF_PUSH_PER_SECOND", default_value_t = 0)]
    pub push_per_second: u32,
    /// Whom a push service may write to about us, as in mailto:ops@example.com;
    /// the sender of mails if left out.
    #[arg(long, env = "TIPOFF_VAPID_SUBJECT")]
    pub vapid_subject: Option<String>,
    #[command(flatten)]
    pub fcm: FcmOptions,
    #[command(flatten)]
    pub apns: ApnsOptions,
}

/// How Firebase is reached.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct FcmOptions {
    /// JSON file of the Google service account that may send over Firebase;
    /// nobody is told that way if left out.
    #[arg(long, env = "TIPOFF_FCM_ACCOUNT")]
    pub fcm_account: Option<PathBuf>,
    #[arg(long, env = "TIPOFF_FCM_URL", default_value = FIREBASE)]
    pub fcm_url: Url,
}

/// How Apple's push service is reached.
#[derive(Debug, Clone, Args)]
#[group(skip)]
#[expect(clippy::struct_field_names, reason = "they are the names of the flags")]
pub struct ApnsOptions {
    /// Key file (.p8) from Apple's developer pages; nobody is told that way if left out.
    #[arg(long, env = "TIPOFF_APNS_KEY")]
    pub apns_key: Option<PathBuf>,
    /// The key's name, as in ABC123DEFG.
    #[arg(long, env = "TIPOFF_APNS_KEY_ID")]
    pub apns_key_id: Option<String>,
    /// The developer team's name, as in DEF123GHIJ.
    #[arg(long, env = "TIPOFF_APNS_TEAM")]
    pub apns_team: Option<String>,
    /// The app's bundle id.
    #[arg(long, env = "TIPOFF_APNS_TOPIC")]
    pub apns_topic: Option<String>,
    #[arg(long, env = "TIPOFF_APNS_URL", default_value = APPLE)]
    pub apns_url: Url,
}

impl Default for FcmOptions {
    fn default() -> Self {
        Self { fcm_account: None, fcm_url: Url::parse(FIREBASE).expect("this is an address") }
    }
}

impl Default for ApnsOptions {
    fn default() -> Self {
        let apns_url = Url::parse(APPLE).expect("this is an address");
        Self { apns_key: None, apns_key_id: None, apns_team: None, apns_topic: None, apns_url }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            push_in_flight: IN_FLIGHT,
            push_per_second: 0,
            vapid_subject: None,
            fcm: FcmOptions::default(),
            apns: ApnsOptions::default(),
        }
    }
}

impl Options {
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.push_in_flight, self.push_per_second)
    }
}
