//! Redis behind Sentinel.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncCommands, AsyncConnectionConfig};
use tipoff_runtime::{Redis, connect};
use tipoff_testkit::servers::{ServerOptions, Watched};
use tipoff_testkit::{RedisServer, SentinelServer};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::settings;

/// A Sentinel that did not run for two seconds does nothing for half a minute.
const PATIENCE: Duration = Duration::from_mins(3);
const NAME: &str = "board";

/// A primary, who follows it, and who watches both.
struct Watch {
    primary: RedisServer,
    replica: RedisServer,
    sentinel: SentinelServer,
}

impl Watch {
    async fn start() -> Self {
        let primary = RedisServer::start().await.unwrap();
        let replica = RedisServer::start().await.unwrap();
        let port = primary.port();
        let mut asked = directly(&primary.url()).await;
        // It waits for more of them otherwise.
        let at_once = ["SET", "repl-diskless-sync-delay", "0"];
        redis::cmd("CONFIG").arg(&at_once).exec_async(&mut asked).await.unwrap();
        let () = asked.set("before", "1").await.unwrap();
        let mut follower = directly(&replica.url()).await;
        redis::cmd("REPLICAOF").arg("127.0.0.1").arg(port).exec_async(&mut follower).await.unwrap();
        followed(&mut asked).await;
        let watches = Some(Watched { name: NAME.to_owned(), port, quorum: 1 });
        let options = ServerOptions { watches, ..ServerOptions::default() };
        let sentinel = SentinelServer::start_with(options).await.unwrap();
        Self { primary, replica, sentinel }
    }

    async fn connect(&self) -> Redis {
        let mut settings = settings("nats://127.0.0.1:1", &self.sentinel.url());
        settings.redis_sentinel = Some(NAME.to_owned());
        connect::redis(&settings, &CancellationToken::new()).await.unwrap()
    }
}

async fn directly(url: &str) -> MultiplexedConnection {
    let patient = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection_with_config(&patient).await.unwrap()
}

/// Returns when the replica has everything that was written until now.
async fn followed(redis: &mut impl ConnectionLike) {
    let had: usize = redis::cmd("WAIT").arg(1).arg(0).query_async(redis).await.unwrap();
    assert_eq!(had, 1);
}

/// Which run of which server answers.
async fn who(redis: &mut impl ConnectionLike) -> Option<String> {
    let info: String = redis::cmd("INFO").arg("server").query_async(redis).await.ok()?;
    info.lines().find_map(|line| line.strip_prefix("run_id:").map(str::to_owned))
}

/// Writes until `wanted` is who takes it: every failure makes us look who is primary now.
async fn written_to(wanted: &RedisServer, redis: &mut Redis) {
    let wanted = who(&mut directly(&wanted.url()).await).await;
    let writing = async {
        while redis.set::<_, _, ()>("after", "1").await.is_err() || who(redis).await != wanted {}
    };
    timeout(PATIENCE, writing).await.expect("the replica is not followed");
}

#[tokio::test]
async fn who_is_made_primary_when_another_dies_is_followed() {
    let mut watch = Watch::start().await;
    let mut redis = watch.connect().await;
    let () = redis.set("first", "1").await.unwrap();
    followed(&mut redis).await;
    watch.primary.kill().await;
    written_to(&watch.replica, &mut redis).await;
    let all: Vec<String> = redis.mget(&["before", "first", "after"]).await.unwrap();
    assert_eq!(all, ["1", "1", "1"]);
}

#[tokio::test]
async fn who_is_primary_no_more_is_left_although_it_answers() {
    let watch = Watch::start().await;
    let mut redis = watch.connect().await;
    let mut sentinel = directly(&watch.sentinel.url()).await;
    let mut fail_over = redis::cmd("SENTINEL");
    fail_over.arg("FAILOVER").arg(NAME);
    // It may not have heard of the replica yet.
    let over = async { while fail_over.exec_async(&mut sentinel).await.is_err() {} };
    timeout(PATIENCE, over).await.expect("nobody can take over");
    written_to(&watch.replica, &mut redis).await;
}
