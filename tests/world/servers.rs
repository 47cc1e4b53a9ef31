//! Where a story takes place: on servers of its own, or, one story after the
//! other, on servers that were given, such as a cluster (`make cluster`).

use std::sync::Arc;

use futures::TryStreamExt;
use tipoff_runtime::{Nats, Redis, Settings, User, Users, connect};
use tipoff_testkit::servers::ServerOptions;
use tipoff_testkit::{NatsServer, RedisServer};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

/// Servers of this story alone, for as long as the value lives.
pub(crate) struct Servers {
    pub(crate) settings: Settings,
    held: Held,
}

enum Held {
    Own { nats: Box<NatsServer>, redis: Box<RedisServer> },
    Turn { _turn: OwnedMutexGuard<()> },
}

impl Servers {
    pub(crate) async fn start() -> Self {
        let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        match (given("TIPOFF_TEST_NATS_URL"), given("TIPOFF_TEST_REDIS_URL")) {
            (Some(nats), Some(redis)) => {
                let replicas =
                    given("TIPOFF_TEST_REPLICAS").map_or(1, |text| text.parse().unwrap());
                Self::given(Settings { replicas, ..Settings::at(nats, redis) }).await
            }
            (None, None) => Self::own().await,
            _ => panic!("give both TIPOFF_TEST_NATS_URL and TIPOFF_TEST_REDIS_URL, or neither"),
        }
    }

    async fn own() -> Self {
        let users = Users::of(b"the story's").and_owner();
        let guarded = ServerOptions { users: Some(users), ..Default::default() };
        let (nats, redis) = (
            NatsServer::start_with(guarded.clone()).await.unwrap(),
            RedisServer::start_with(guarded).await.unwrap(),
        );
        let settings = Settings::at(nats.url(), redis.url());
        Self { settings, held: Held::Own { nats: Box::new(nats), redis: Box::new(redis) } }
    }

    /// What a service of that kind may do there; at servers that were given everything.
    pub(crate) fn settings_for(&self, user: User) -> Settings {
        match &self.held {
            Held::Own { nats, redis } => Settings {
                nats_url: nats.url_for(user),
                redis_url: redis.url_for(user),
                ..self.settings.clone()
            },
            Held::Turn { .. } => self.settings.clone(),
        }
    }

    /// Stories move the clock and call everybody the same, so they cannot meet:
    /// they take turns, and each finds everything empty.
    async fn given(settings: Settings) -> Self {
        static TURN: std::sync::LazyLock<Arc<Mutex<()>>> = std::sync::LazyLock::new(Arc::default);
        let addresses = settings.nats_url.split(',').chain(settings.redis_url.split(','));
        for address in addresses {
            let here = ["//127.0.0.1:", "//localhost:"].iter().any(|here| address.contains(here));
            assert!(
                here,
                "stories wipe the servers that they are given: {address} is not of this machine"
            );
        }
        let turn = TURN.clone().lock_owned().await;
        let stop = CancellationToken::new();
        wipe(&connect::nats(&settings, "world", &stop).await.unwrap()).await;
        let mut redis: Redis = connect::redis(&settings, &stop).await.unwrap();
        // In a cluster, every master is asked.
        redis::cmd("FLUSHALL").exec_async(&mut redis).await.unwrap();
        Self { settings, held: Held::Turn { _turn: turn } }
    }
}

async fn wipe(nats: &Nats) {
    let names: Vec<String> = nats.jetstream.stream_names().try_collect().await.unwrap();
    for name in names {
        nats.jetstream.delete_stream(name).await.unwrap();
    }
}
