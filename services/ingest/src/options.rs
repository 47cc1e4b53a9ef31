//! Settings of ingest.

use std::time::Duration;

use clap::Args;

/// How leads are taken in.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Leads published to NATS that are taken in at once.
    #[arg(long, env = "TIPOFF_INGEST_IN_FLIGHT", default_value_t = 128)]
    pub ingest_in_flight: usize,
    /// How long requests and leads in hand may take when stopping, in seconds.
    #[arg(long, env = "TIPOFF_INGEST_DRAIN_SECONDS", default_value_t = 20)]
    pub ingest_drain_seconds: u64,
}

impl Options {
    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.ingest_drain_seconds)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { ingest_in_flight: 128, ingest_drain_seconds: 20 }
    }
}
