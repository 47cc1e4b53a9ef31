//! Settings of webhooks.

use clap::Args;
use clap::builder::FalseyValueParser;

/// How endpoints are called.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Call endpoints at any address, also inside the own network, and over http.
    #[arg(long, env = "TIPOFF_WEBHOOKS_INSIDE", value_parser = FalseyValueParser::new())]
    pub webhooks_inside: bool,
    /// How long an endpoint may take to answer.
    #[arg(long, env = "TIPOFF_WEBHOOK_TIMEOUT_SECONDS", default_value_t = 15)]
    pub webhook_timeout_seconds: u64,
    /// Calls to one endpoint at once, in each notifier.
    #[arg(long, env = "TIPOFF_WEBHOOK_IN_FLIGHT", default_value_t = 4)]
    pub webhook_in_flight: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { webhooks_inside: false, webhook_timeout_seconds: 15, webhook_in_flight: 4 }
    }
}
