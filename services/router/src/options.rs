//! The router's own settings.

use clap::Args;

/// Settings of a router.
#[derive(Debug, Clone, Copy, Args)]
#[group(skip)]
pub struct Options {
    /// Leads placed at once by one router, at least; up to eight times as many while most of them
    /// are placed within 40 ms. More would only wait for each other, and claims and deadlines with
    /// them; where servers take longer than that, it takes more to keep it busy.
    #[arg(
        id = "router_in_flight",
        long = "router-in-flight",
        env = "TIPOFF_ROUTER_IN_FLIGHT",
        default_value_t = 64
    )]
    pub in_flight: usize,
    /// The same for those among many that came for one team at once, placed beside them: few, so
    /// that nobody else's lead waits long.
    #[arg(
        id = "router_bulk_in_flight",
        long = "router-bulk-in-flight",
        env = "TIPOFF_ROUTER_BULK_IN_FLIGHT",
        default_value_t = 32
    )]
    pub bulk_in_flight: usize,
    /// How long leads in hand may take when stopping, in seconds.
    #[arg(
        id = "router_drain_seconds",
        long = "router-drain-seconds",
        env = "TIPOFF_ROUTER_DRAIN_SECONDS",
        default_value_t = 20
    )]
    pub drain_seconds: u64,
    /// How often to look for accepted leads that no consumer brought, in
    /// seconds; one is found by the second time.
    #[arg(
        id = "router_audit_seconds",
        long = "router-audit-seconds",
        env = "TIPOFF_ROUTER_AUDIT_SECONDS",
        default_value_t = 25,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub audit_seconds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { in_flight: 64, bulk_in_flight: 32, drain_seconds: 20, audit_seconds: 25 }
    }
}
