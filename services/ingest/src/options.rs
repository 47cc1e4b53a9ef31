//! Settings of ingest.

use std::time::Duration;

use clap::Args;
use tipoff_runtime::serve::ServeLimits;

use crate::pace::Paces;

/// How leads are taken in. All of it counts for one process.
#[derive(Debug, Clone, Args)]
#[group(skip)]
#[expect(clippy::struct_field_names, reason = "the flags of all services stand side by side")]
pub struct Options {
    /// Leads published to NATS that are taken in at once.
    #[arg(long, env = "TIPOFF_INGEST_IN_FLIGHT", default_value_t = 128)]
    pub ingest_in_flight: usize,
    /// Requests that are read and answered at once; entities take turns.
    #[arg(long, env = "TIPOFF_INGEST_REQUESTS", default_value_t = 256)]
    pub ingest_requests: usize,
    /// Connections at once.
    #[arg(long, env = "TIPOFF_INGEST_CONNECTIONS", default_value_t = 4_000)]
    pub ingest_connections: usize,
    /// How long a connection may be idle or take over the head of a request, in
    /// seconds; less while more than half of the connections are taken.
    #[arg(long, env = "TIPOFF_INGEST_PATIENCE_SECONDS", default_value_t = 75)]
    pub ingest_patience_seconds: u64,
    /// How long the body of one lead may take, in seconds; a batch ten times as long.
    #[arg(long, env = "TIPOFF_INGEST_BODY_SECONDS", default_value_t = 30)]
    pub ingest_body_seconds: u64,
    /// Leads per second from one source, a minute's worth at once; 0 for no limit.
    #[arg(long, env = "TIPOFF_INGEST_SOURCE_RATE", default_value_t = 1_000)]
    pub ingest_source_rate: u32,
    /// Leads per second to one entity, a minute's worth at once; 0 for no limit.
    #[arg(long, env = "TIPOFF_INGEST_ENTITY_RATE", default_value_t = 5_000)]
    pub ingest_entity_rate: u32,
    /// Leads per second to one entity that wait in line with everybody's, a minute's worth
    /// at once. What comes faster is routed as well, but nobody else waits behind it; 0 for
    /// one line for all.
    #[arg(long, env = "TIPOFF_INGEST_PROMPT_RATE", default_value_t = 10)]
    pub ingest_prompt_rate: u32,
    /// How long requests and leads in hand may take when stopping, in seconds.
    #[arg(long, env = "TIPOFF_INGEST_DRAIN_SECONDS", default_value_t = 20)]
    pub ingest_drain_seconds: u64,
}

/// The most patience while many connections are taken.
const HASTE: Duration = Duration::from_secs(5);

impl Options {
    /// As fast as leads come; for measuring.
    pub fn unlimited() -> Self {
        Self { ingest_source_rate: 0, ingest_entity_rate: 0, ..Self::default() }
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.ingest_drain_seconds)
    }

    pub(crate) fn body(&self) -> Duration {
        Duration::from_secs(self.ingest_body_seconds)
    }

    pub(crate) fn paces(&self) -> Paces {
        Paces::new(self.ingest_source_rate, self.ingest_entity_rate, self.ingest_prompt_rate)
    }

    pub(crate) fn serve_limits(&self) -> ServeLimits {
        let patience = Duration::from_secs(self.ingest_patience_seconds);
        ServeLimits {
            connections: self.ingest_connections,
            patience,
            haste: patience.min(HASTE),
            stalled: self.body(),
            drain: self.drain(),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ingest_in_flight: 128,
            ingest_requests: 256,
            ingest_connections: 4_000,
            ingest_patience_seconds: 75,
            ingest_body_seconds: 30,
            ingest_source_rate: 1_000,
            ingest_entity_rate: 5_000,
            ingest_prompt_rate: 10,
            ingest_drain_seconds: 20,
        }
    }
}
