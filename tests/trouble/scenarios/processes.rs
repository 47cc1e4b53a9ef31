//! Processes that come and go (scenarios 8 and 9, draining, start order).

use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use tipoff_testkit::proxy::Proxy;
use tipoff_testkit::{NatsServer, RedisServer};
use tipoff_trouble::fault::Fault;
use tipoff_trouble::service::{Kind, Roads, Service};
use tipoff_trouble::storm::Storm;
use tipoff_trouble::system::{System, address};
use tokio::time::{sleep, timeout};

use crate::stage::{PACE, build, holds, weathers};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn any_service_that_is_killed_under_load_loses_nothing_and_doubles_nothing() {
    weathers(2, &Kind::ALL.map(Fault::Kill)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_asked_to_stop_under_load_finishes_in_time_and_loses_nothing() {
    weathers(1, &Kind::ALL.map(Fault::Drain)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_are_there_before_the_servers_wait_and_say_for_whom() {
    let (build, _directory) = build(1);
    let system = System::without_services(&build).await.unwrap();
    system.nats_server.lock().await.kill().await.unwrap();
    system.redis_server.lock().await.kill().await.unwrap();
    for service in &system.services {
        service.lock().await.spawn(&[]).await.unwrap();
    }
    says(
        &system,
        "NATS does not answer, trying again; start nats-server there or set TIPOFF_NATS_URL",
        4,
    )
    .await;
    system.nats_server.lock().await.restart().await.unwrap();
    says(
        &system,
        "Redis does not answer, trying again; start redis-server there or set TIPOFF_REDIS_URL",
        3,
    )
    .await;
    system.redis_server.lock().await.restart().await.unwrap();
    for service in &system.services {
        service.lock().await.ready().await.unwrap();
    }
    let mut storm = Storm::over(&system, PACE).unwrap();
    timeout(PATIENCE, storm.all_the_way("probe-")).await.unwrap().unwrap();
    holds(&storm.quiet().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_servers_that_have_nothing_yet_any_service_may_be_the_first() {
    for first in Kind::ALL {
        let (nats, redis) = tokio::join!(NatsServer::start(), RedisServer::start());
        let (nats, redis) = (nats.unwrap(), redis.unwrap());
        let (at, directory) = ((&*nats.url(), &*redis.url()), tempfile::tempdir().unwrap());
        let others = Kind::ALL.into_iter().filter(|kind| *kind != first);
        let mut running = Vec::new();
        for kind in [first].into_iter().chain(others) {
            let mut service = service(kind, at, directory.path()).await.unwrap();
            let started = service.start(&[]).await;
            assert!(started.is_ok(), "{first:?} was the first: {started:?}");
            running.push(service);
        }
    }
}

/// One that is not started yet.
async fn service(kind: Kind, at: (&str, &str), logs: &Path) -> anyhow::Result<Service> {
    let roads = Roads {
        nats: vec![Proxy::to(address(at.0)?).await?],
        redis: vec![Proxy::to(address(at.1)?).await?],
    };
    let (program, log) = (env!("CARGO_BIN_EXE_tipoff").into(), logs.join(kind.name()));
    Service::new(kind, program, roads, log, &[])
}

/// Waits until so many services have written that down.
async fn says(system: &System, what: &str, services: usize) {
    let said = async {
        loop {
            let logs = join_all(
                system.services.iter().map(async |service| service.lock().await.log().await),
            )
            .await;
            if logs.iter().filter(|log| log.contains(what)).count() >= services {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(timeout(PATIENCE, said).await.is_ok(), "nobody says: {what}");
}
