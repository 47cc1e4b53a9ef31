//! Redis itself, answering what it should not have to.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use tokio::fs::OpenOptions;
use tokio::time::{Instant, sleep, timeout};

use crate::system::System;

/// Refuses to take anything more (`-OOM`).
pub(super) async fn out_of_memory(system: &System, hold: Duration) -> anyhow::Result<()> {
    system.redis::<()>(&["CONFIG", "SET", "maxmemory", "1mb"]).await?;
    sleep(hold).await;
    system.redis(&["CONFIG", "SET", "maxmemory", "0"]).await
}

/// Thinks that it is a replica (`-READONLY`), as after a failover that a client missed.
pub(super) async fn read_only(system: &System, hold: Duration) -> anyhow::Result<()> {
    // Nobody listens there, so nothing is ever copied from it.
    system.redis::<()>(&["REPLICAOF", "127.0.0.1", "1"]).await?;
    sleep(hold).await;
    system.redis(&["REPLICAOF", "NO", "ONE"]).await
}

/// Somebody's script does not come to an end (`-BUSY`).
pub(super) async fn busy(system: &System, hold: Duration) -> anyhow::Result<()> {
    system.redis::<()>(&["CONFIG", "SET", "busy-reply-threshold", "50"]).await?;
    let endless = async {
        // It ends with an error, because it is killed.
        system.redis::<String>(&["EVAL", "while true do end", "0"]).await.err()
    };
    let ending = async {
        sleep(hold).await;
        system.redis::<()>(&["SCRIPT", "KILL"]).await
    };
    let (_, ended) = tokio::join!(endless, ending);
    ended?;
    system.redis(&["CONFIG", "SET", "busy-reply-threshold", "5000"]).await
}

/// Forgets every script, again and again (`-NOSCRIPT`).
pub(super) async fn no_script(system: &System, hold: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + hold;
    while Instant::now() < until {
        system.redis::<()>(&["SCRIPT", "FLUSH"]).await?;
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Cannot write its log any more, and ends; it comes back with more room.
pub(super) async fn disk_full(system: &System) -> anyhow::Result<()> {
    let mut servers = system.redis_server.lock().await;
    let redis = servers.alone()?;
    let (_, written) = written(system).await?;
    System::limit_files(redis.pid(), &(written + 8 * 1024).to_string()).await?;
    timeout(Duration::from_secs(30), redis.ended()).await.context("Redis did not mind")??;
    Ok(redis.restart().await?)
}

/// Comes back without its last second, as a replica that lagged behind would.
pub(super) async fn forgets(system: &System) -> anyhow::Result<()> {
    let mut servers = system.redis_server.lock().await;
    let redis = servers.alone()?;
    let (_, before) = written(system).await?;
    sleep(Duration::from_secs(1)).await;
    redis.kill().await;
    system.board_forgets();
    let (file, _) = written(system).await?;
    OpenOptions::new().write(true).open(&file).await?.set_len(before).await?;
    Ok(redis.restart().await?)
}

/// Comes back without anything that it ever knew.
pub(super) async fn comes_back_empty(system: &System) -> anyhow::Result<()> {
    let mut servers = system.redis_server.lock().await;
    let redis = servers.alone()?;
    redis.kill().await;
    system.board_forgets();
    tokio::fs::remove_dir_all(kept(system)).await?;
    Ok(redis.restart().await?)
}

fn kept(system: &System) -> PathBuf {
    system.redis_data.join("appendonlydir")
}

/// The file that Redis writes down every change in, and how long it is.
async fn written(system: &System) -> anyhow::Result<(PathBuf, u64)> {
    let mut files = tokio::fs::read_dir(kept(system)).await?;
    let mut last = None;
    while let Some(file) = files.next_entry().await? {
        let (path, length) = (file.path(), file.metadata().await?.len());
        if path.to_string_lossy().ends_with(".incr.aof") {
            last = last.max(Some((path, length)));
        }
    }
    last.context("Redis writes nothing down")
}
