//! JetStream itself: no room, and consumers that get nothing.

use std::time::Duration;

use anyhow::{Context, ensure};
use tipoff_wire::Stream;
use tokio::time::{sleep, timeout};

use crate::system::System;

/// How much is written until the disk is full.
const LITTLE: u64 = 16 * 1024;
const ROUTER: &str = "router";
/// After so long three servers have chosen another to lead.
const NOTICED_WITHIN: Duration = Duration::from_secs(15);
const CAUGHT_UP_WITHIN: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(100);

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
    let leader = leader(system).await?;
    system.nats_server.lock().await.lose(&leader, by, hold).await
}

/// Whoever of three leads EVENTS is alone for a while: the others choose another.
pub(super) async fn leader_cut_off(system: &System, hold: Duration) -> anyhow::Result<()> {
    let leader = leader(system).await?;
    cut_off(system, &leader, hold).await
}

/// Somebody who only has a copy is: it stays behind, and is asked all the same.
pub(super) async fn follower_cut_off(system: &System, hold: Duration) -> anyhow::Result<()> {
    let leader = leader(system).await?;
    let follower = system.nats_server.lock().await.another(&leader)?;
    cut_off(system, &follower, hold).await
}

/// Long enough that the others notice.
async fn cut_off(system: &System, name: &str, hold: Duration) -> anyhow::Result<()> {
    system.nats_server.lock().await.cut_off(name, hold.max(NOTICED_WITHIN)).await
}

async fn leader(system: &System) -> anyhow::Result<String> {
    let stream = system.nats.jetstream.get_stream(Stream::Events.name()).await?;
    let cluster = stream.cached_info().cluster.as_ref();
    let leader = cluster.and_then(|cluster| cluster.leader.clone());
    leader.context("nobody leads EVENTS")
}

/// Whoever of three leads EVENTS comes back without anything that it had.
pub(super) async fn disk_lost(system: &System, hold: Duration) -> anyhow::Result<()> {
    let lost = leader(system).await?;
    replace_disk(system, &lost, hold).await
}

/// Whoever of three leads EVENTS comes back with damage all over its disk, which
/// nobody notices for a while. Then it is given another disk.
pub(super) async fn disk_damaged(system: &System, hold: Duration) -> anyhow::Result<()> {
    let lost = leader(system).await?;
    system.nats_server.lock().await.damage(&lost).await?;
    sleep(hold).await;
    replace_disk(system, &lost, hold).await
}

/// An empty disk for that one; and when it says that it has everything again, what
/// it says is needed: another one goes for a while.
async fn replace_disk(system: &System, lost: &str, hold: Duration) -> anyhow::Result<()> {
    system.nats_server.lock().await.wipe(lost).await?;
    timeout(CAUGHT_UP_WITHIN, async {
        // A foreign process: nothing tells us but asking.
        while !all_have_all(system).await {
            sleep(LOOK_EVERY).await;
        }
    })
    .await
    .with_context(|| format!("{lost} does not get what there is"))?;
    system.nats_server.lock().await.lose_another(lost, "-KILL", hold).await
}

/// Whether all servers have all that is in every stream.
async fn all_have_all(system: &System) -> bool {
    for stream in Stream::ALL {
        let Ok(stream) = system.nats.jetstream.get_stream(stream.name()).await else {
            return false;
        };
        let cluster = stream.cached_info().cluster.as_ref();
        let current = cluster.is_some_and(|cluster| {
            cluster.leader.is_some()
                && cluster.replicas.len() == 2
                && cluster.replicas.iter().all(|it| it.current && !it.offline)
        });
        if !current {
            return false;
        }
    }
    true
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
