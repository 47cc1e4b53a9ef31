//! Two releases of the router side by side, whose scripts have other names.

use std::time::Duration;

use tipoff_board::Board;
use tipoff_runtime::{Settings, connect};
use tipoff_trouble::fault::Fault;
use tipoff_trouble::service::Kind;
use tipoff_trouble::storm::Storm;
use tipoff_trouble::system::System;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::stage::{PACE, build, holds};

/// A router of another release at work in this process, until `stop`.
fn another_release(system: &System, stop: &CancellationToken) -> tokio::task::JoinHandle<()> {
    let (nats, roster, clock) = (system.nats.clone(), system.roster.clone(), system.clock.clone());
    let (settings, stop) = (Settings::at("", system.redis_url()), stop.clone());
    tokio::spawn(async move {
        let redis = connect::redis(&settings, &stop).await.unwrap();
        let board = Board::new(redis, nats.clone(), roster.deployment().partitions);
        let board = board.with_scripts(|text| format!("{text}\n-- another release\n"));
        let options = tipoff_router::Options::default();
        Box::pin(tipoff_router::run(nats, board, roster, clock, options, stop)).await.unwrap();
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn routers_of_two_releases_side_by_side_do_each_others_work() {
    let (build, _directory) = build(1);
    let system = System::start(&build).await.unwrap();
    let mut storm = Storm::over(&system, PACE).unwrap();
    sleep(PACE.hold).await;
    let stop = CancellationToken::new();
    let newer = another_release(&system, &stop);
    assert!(storm.weather(Fault::Nothing, 0, &|_| {}).await);
    // The older one goes, and what it had in hand is the newer one's.
    system.service(Kind::Router, 0).await.unwrap().kill().await.unwrap();
    sleep(Duration::from_secs(3)).await;
    // It was not right after all: back to the older one.
    system.service(Kind::Router, 0).await.unwrap().start(&[]).await.unwrap();
    stop.cancel();
    newer.await.unwrap();
    assert!(storm.weather(Fault::Nothing, 0, &|_| {}).await);
    let mut evidence = storm.quiet().await.unwrap();
    // A router was killed while another one lived.
    evidence.outages.extend(stage_outage(&evidence));
    holds(&evidence);
}

/// Deadlines wait until the other router has noticed: the whole run, here.
fn stage_outage(
    evidence: &tipoff_trouble::evidence::Evidence,
) -> Option<tipoff_trouble::evidence::Outage> {
    let from = evidence.log.first()?.stored;
    Some(tipoff_trouble::evidence::Outage { from, to: evidence.ended })
}
