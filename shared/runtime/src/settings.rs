//! Settings that every service has. Each is a flag and an environment variable.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;

/// Where the servers are and how careful to be.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// NATS server, or several separated by commas; `tls://` for TLS, a user and password before the host.
    #[arg(long, env = "TIPOFF_NATS_URL", default_value = "nats://127.0.0.1:4222")]
    pub nats_url: String,
    /// Redis server, or several of a cluster separated by commas; `rediss://` for TLS, a user and password before the host.
    #[arg(long, env = "TIPOFF_REDIS_URL", default_value = "redis://127.0.0.1:6379")]
    pub redis_url: String,
    /// The addresses are of Sentinels, which know the Redis that is primary by this name.
    #[arg(long, env = "TIPOFF_REDIS_SENTINEL", value_name = "NAME")]
    pub redis_sentinel: Option<String>,
    #[command(flatten)]
    pub tls: Tls,
    /// Copies of every stream: 1, or 3 on a NATS cluster.
    #[arg(long, env = "TIPOFF_REPLICAS", default_value_t = 1)]
    pub replicas: usize,
    /// Run although Redis may forget what it acknowledged (no AOF, or evicting).
    #[arg(long, env = "TIPOFF_UNSAFE", value_parser = FalseyValueParser::new())]
    pub r#unsafe: bool,
    /// Address of /livez, /readyz and /metrics; none if left out.
    #[arg(long, env = "TIPOFF_ADMIN_LISTEN")]
    pub admin_listen: Option<SocketAddr>,
    /// How long work in hand may take to finish after SIGTERM, in seconds.
    #[arg(long, env = "TIPOFF_DRAIN_SECONDS", default_value_t = 20)]
    pub drain_seconds: u64,
}

/// How NATS and Redis are recognised, and how we are, where TLS is spoken.
#[derive(Debug, Clone, Default, Args)]
pub struct Tls {
    /// Authorities that vouch for the servers, as PEM; those of the system if left out.
    #[arg(long, env = "TIPOFF_TLS_CA", value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// Our own certificate, as PEM, for servers that ask for one.
    #[arg(long, env = "TIPOFF_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of our own certificate, as PEM.
    #[arg(long, env = "TIPOFF_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

impl Settings {
    /// For servers that a program or a test has started for itself: one copy of
    /// everything, as careful as ever, and quick to stop.
    pub fn at(nats_url: impl Into<String>, redis_url: impl Into<String>) -> Self {
        Self {
            nats_url: nats_url.into(),
            redis_url: redis_url.into(),
            redis_sentinel: None,
            tls: Tls::default(),
            replicas: 1,
            r#unsafe: false,
            admin_listen: None,
            drain_seconds: 5,
        }
    }

    /// How long work in hand may take to finish after SIGTERM.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}
