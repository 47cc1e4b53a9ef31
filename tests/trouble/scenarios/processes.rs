//! Processes that come and go (scenarios 8 and 9, draining, start order).

use std::time::Duration;

use futures::future::join_all;
use tipoff_trouble::fault::Fault;
use tipoff_trouble::service::Kind;
use tipoff_trouble::storm::Storm;
use tipoff_trouble::system::System;
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
