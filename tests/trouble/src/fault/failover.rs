//! Another Redis takes over, which had not heard of everything.
//!
//! Where the primary is, services are told by the road that leads there, as by
//! the address of a proxy that follows Sentinel.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tipoff_testkit::RedisServer;
use tipoff_testkit::proxy::{Proxy, Road};
use tipoff_testkit::servers::ServerOptions;
use tokio::time::{sleep, timeout};

use crate::service::Kind;
use crate::system::{System, address, ask};

/// How far the replica is behind when it takes over.
const LAG: Duration = Duration::from_secs(1);
/// What one router decided in this last moment nobody hears of, while what the others
/// decided later has reached the log.
const UNHEARD: Duration = Duration::from_millis(100);
/// Half a million leads take minutes while as many more come in as the machine takes.
const SYNCED_WITHIN: Duration = Duration::from_mins(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A replica is level that has what the primary had so long ago.
const LEVEL: Duration = Duration::from_millis(100);

/// The primary dies, a replica that lags takes over for a while, and then the
/// first one again.
pub(super) async fn redis(system: &System, hold: Duration) -> anyhow::Result<()> {
    let mut servers = system.redis_server.lock().await;
    let first = servers.alone()?;
    let first_at = address(&first.url())?;
    let road = Proxy::to(first_at).await?;
    let mut second = RedisServer::start_with(ServerOptions::default()).await?;
    let second_at = address(&second.url())?;

    follow(second_at, road.address()).await?;
    road.make(Road::HalfOpen);
    sleep(LAG).await;
    the_first_router_is(system, Road::Deaf).await?;
    sleep(UNHEARD).await;
    first.kill().await;
    system.board_forgets();
    // What is on the road is lost with it.
    road.make(Road::Cut);
    ask::<()>(second_at, &["REPLICAOF", "NO", "ONE"]).await?;
    all_roads_lead_to(system, second_at).await;
    the_first_router_is(system, Road::Open).await?;
    sleep(hold).await;

    first.restart().await?;
    follow(first_at, second_at).await?;
    ask::<()>(first_at, &["REPLICAOF", "NO", "ONE"]).await?;
    all_roads_lead_to(system, first_at).await;
    // What the second one decided in between.
    system.board_forgets();
    second.kill().await;
    Ok(())
}

async fn the_first_router_is(system: &System, road: Road) -> anyhow::Result<()> {
    let router = system.service(Kind::Router, 0).await?;
    router.roads.redis.iter().for_each(|way| way.make(road));
    Ok(())
}

async fn all_roads_lead_to(system: &System, server: SocketAddr) {
    for service in &system.services {
        service.lock().await.roads.redis.iter().for_each(|road| road.lead_to(server));
    }
}

/// Becomes a replica; returns when it has what the other one has. That is later than when
/// it is up: what was written while it was given the rest still waits on the way.
async fn follow(replica: SocketAddr, primary: SocketAddr) -> anyhow::Result<()> {
    let (host, port) = (primary.ip().to_string(), primary.port().to_string());
    ask::<()>(replica, &["REPLICAOF", &host, &port]).await?;
    let synced = async {
        // A foreign process: nothing tells us but asking.
        while replication(replica, "master_link_status:").await?.as_deref() != Some("up") {
            sleep(LOOK_EVERY).await;
        }
        loop {
            let wanted = offset(primary, "master_repl_offset:").await?;
            sleep(LEVEL).await;
            if offset(replica, "slave_repl_offset:").await? >= wanted {
                return anyhow::Ok(());
            }
        }
    };
    timeout(SYNCED_WITHIN, synced).await.context("the replica does not get what there is")?
}

async fn offset(server: SocketAddr, name: &str) -> anyhow::Result<u64> {
    let said = replication(server, name).await?;
    Ok(said.with_context(|| format!("Redis says nothing of {name}"))?.parse()?)
}

/// What a server says of its replication.
async fn replication(server: SocketAddr, name: &str) -> anyhow::Result<Option<String>> {
    let said: String = ask(server, &["INFO", "replication"]).await?;
    Ok(said.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned))
}
