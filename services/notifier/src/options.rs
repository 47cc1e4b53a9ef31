//! Settings of the notifier. Each is a flag and an environment variable.

use clap::Args;
use reqwest::Url;

use crate::channels::Settings;
use crate::webhook;

/// Events in hand at once, unless told otherwise: enough for all channels to be
/// busy, or stuck, and for those notices that are written down to go by the
/// batch; and no more than a healthy channel is through with in two seconds.
const IN_FLIGHT: usize = 512;
const PUBLIC_URL: &str = "http://127.0.0.1:7080";

/// How agents are told.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    #[command(flatten)]
    pub channels: Settings,
    #[command(flatten)]
    pub webhooks: webhook::Options,
    /// Events in hand at once. With fewer than twice what all channels send at once, every notice
    /// goes over NOTIFY.
    #[arg(long, env = "TIPOFF_NOTIFIER_IN_FLIGHT", default_value_t = IN_FLIGHT)]
    pub notifier_in_flight: usize,
    /// Where agents reach the api: what claim links begin with.
    #[arg(
        id = "notifier_public_url",
        long = "notifier-public-url",
        env = "TIPOFF_PUBLIC_URL",
        default_value = PUBLIC_URL
    )]
    pub public_url: Url,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            channels: Settings::default(),
            webhooks: webhook::Options::default(),
            notifier_in_flight: IN_FLIGHT,
            public_url: Url::parse(PUBLIC_URL).expect("this is an address"),
        }
    }
}
