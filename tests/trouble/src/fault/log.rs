//! JetStream itself: no room, and consumers that get nothing.

use std::time::Duration;

use anyhow::{Context, ensure};
use tipoff_wire::Stream;
use tokio::time::sleep;

use crate::system::System;

/// How much is written until the disk is full.
const LITTLE: u64 = 16 * 1024;
const ROUTER: &str = "router";

/// LEADS and EVENTS have reached what they may hold.
pub(super) async fn full(system: &System, hold: Duration) -> anyhow::Result<()> {
    for room in [false, true] {
        for stream in [Stream::Leads, Stream::Events] {
            let mut info = system.nats.jetstream.get_stream(stream.name()).await?;
            let info = info.info().await?;
            let mut config = info.config.clone();
            config.max_bytes = if room { -1 } else { i64::try_from(info.state.bytes)? };
            system.nats.jetstream.update_stream(config).await?;
        }
        if !room {
            sleep(hold).await;
        }
    }
    Ok(())
}

/// No file grows any more; nats-server comes back with more room.
pub(super) async fn disk_full(system: &System, hold: Duration) -> anyhow::Result<()> {
    let mut nats = system.nats_server.lock().await;
    for pid in nats.pids() {
        System::limit_files(pid, &LITTLE.to_string()).await?;
    }
    sleep(hold).await;
    nats.restart().await
}

/// Whoever of three leads EVENTS goes, by that signal, and comes back after a while.
pub(super) async fn lose_leader(system: &System, by: &str, hold: Duration) -> anyhow::Result<()> {
    let stream = system.nats.jetstream.get_stream(Stream::Events.name()).await?;
    let cluster = stream.cached_info().cluster.as_ref();
    let leader = cluster.and_then(|cluster| cluster.leader.clone());
    let leader = leader.context("nobody leads EVENTS")?;
    system.nats_server.lock().await.lose(&leader, by, hold).await
}

/// The routers are given nothing.
pub(super) async fn consumer_paused(system: &System, hold: Duration) -> anyhow::Result<()> {
    let stream = system.nats.jetstream.get_stream(Stream::Leads.name()).await?;
    let until = system.clock.now() + hold;
    stream.pause_consumer(ROUTER, until).await?;
    sleep(hold).await;
    stream.resume_consumer(ROUTER).await?;
    Ok(())
}

/// The routers' consumer goes on behind everything that waits, as after a bug
/// of the server: whatever was there is never delivered.
pub(super) async fn consumer_skips(system: &System) -> anyhow::Result<()> {
    let mut stream = system.nats.jetstream.get_stream(Stream::Leads.name()).await?;
    let a_minute = system.clock.now() + Duration::from_mins(1);
    stream.pause_consumer(ROUTER, a_minute).await?;
    // A few leads come that nobody is given.
    sleep(Duration::from_secs(1)).await;
    let next = stream.info().await?.state.last_sequence + 1;
    let reset = format!("$JS.API.CONSUMER.RESET.{}.{ROUTER}", Stream::Leads.name());
    let answer = system.nats.client.request(reset, format!("{{\"seq\":{next}}}").into()).await?;
    ensure!(
        !answer.payload.windows(7).any(|part| part == b"\"error\""),
        "the consumer was not reset: {:?}",
        answer.payload
    );
    stream.resume_consumer(ROUTER).await?;
    Ok(())
}
