//! Which servers and services are measured.

use clap::Args;
use tipoff_runtime::Settings;
use tipoff_testkit::{NatsServer, RedisServer};

/// How the system that is measured is put together.
#[derive(Debug, Clone, Args)]
pub(crate) struct Setup {
    /// Routers
    #[arg(long, global = true, default_value_t = 1)]
    pub(super) routers: usize,
    /// Notifiers
    #[arg(long, global = true, default_value_t = 1)]
    pub(super) notifiers: usize,
    /// Every service in a process of its own, as in production; shows what each costs
    #[arg(long, global = true)]
    pub(super) processes: bool,
    /// NATS servers to measure on instead of a private one; entities are added there and stay
    #[arg(long, global = true, requires = "redis_url")]
    pub(super) nats_url: Option<String>,
    /// Redis servers to measure on instead of a private one
    #[arg(long, global = true, requires = "nats_url")]
    pub(super) redis_url: Option<String>,
    /// Copies of every stream, for servers that were given
    #[arg(long, global = true, default_value_t = 1)]
    pub(super) replicas: usize,
}

/// The servers of one run; private ones go with the value.
pub(super) struct Servers {
    pub(super) settings: Settings,
    own: Option<(NatsServer, RedisServer)>,
}

impl Servers {
    /// Those that were given, or new ones.
    pub(super) async fn start(setup: &Setup) -> anyhow::Result<Self> {
        if let (Some(nats), Some(redis)) = (&setup.nats_url, &setup.redis_url) {
            let settings = Settings { replicas: setup.replicas, ..Settings::at(nats, redis) };
            return Ok(Self { settings, own: None });
        }
        let (nats, redis) = tokio::try_join!(NatsServer::start(), RedisServer::start())?;
        Ok(Self { settings: Settings::at(nats.url(), redis.url()), own: Some((nats, redis)) })
    }

    /// What they are, and their process ids where they are ours.
    pub(super) fn processes(&self) -> Vec<(String, u32)> {
        let own = self.own.iter();
        own.flat_map(|(nats, redis)| {
            [("nats-server".to_owned(), nats.pid()), ("redis-server".to_owned(), redis.pid())]
        })
        .collect()
    }
}
