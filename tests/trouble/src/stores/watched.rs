//! A primary, its replicas, and the Sentinels that watch them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use tokio::time::{sleep, timeout};

use super::{AGREED_WITHIN, GIVEN_UP_AFTER, LOOK_EVERY, NAME, QUORUM};
use crate::node::{Node, free};
use crate::system::ask;

const SERVERS: usize = 3;
const PROGRAM: (&str, &str) = ("TIPOFF_REDIS_SERVER", "redis-server");

/// Servers, of which the first is primary, and Sentinels. Each has a file, into
/// which it writes what it is told later on.
pub(super) fn configured(directory: &Path) -> anyhow::Result<(Vec<Node>, Vec<Node>)> {
    let ports = free(SERVERS * 2)?;
    let (servers, sentinels) = ports.split_at(SERVERS);
    let first = servers.first().context("there is no server")?.port();
    let mut all = (Vec::new(), Vec::new());
    for (number, at) in servers.iter().enumerate() {
        let follows = (number > 0).then(|| format!("replicaof 127.0.0.1 {first}\n"));
        let follows = follows.unwrap_or_default();
        let text = format!(
            "appendonly yes\nappendfsync always\nmaxmemory-policy noeviction\nsave \"\"\n\
             repl-diskless-sync-delay 0\n{follows}"
        );
        let name = format!("redis-{number}");
        all.0.push(node(directory, name, *at, &text, &[])?);
    }
    for (number, at) in sentinels.iter().enumerate() {
        let text = format!(
            "sentinel monitor {NAME} 127.0.0.1 {first} {QUORUM}\n\
             sentinel down-after-milliseconds {NAME} {GIVEN_UP_AFTER}\n\
             sentinel failover-timeout {NAME} 10000\n"
        );
        let name = format!("sentinel-{number}");
        all.1.push(node(directory, name, *at, &text, &["--sentinel"])?);
    }
    Ok(all)
}

fn node(
    directory: &Path,
    name: String,
    at: SocketAddr,
    more: &str,
    flags: &[&str],
) -> anyhow::Result<Node> {
    let data = directory.join(&name);
    std::fs::create_dir_all(&data)?;
    let (file, port, dir) = (data.join("redis.conf"), at.port(), data.display());
    let text = format!("bind 127.0.0.1\nport {port}\ndir \"{dir}\"\nlogfile log\n{more}");
    std::fs::write(&file, text)?;
    let flags = flags.iter().map(|flag| (*flag).to_owned());
    let told = [file.display().to_string()].into_iter().chain(flags).collect();
    Ok(Node::new((name, &data), at, PROGRAM, told))
}

/// Returns when each Sentinel knows both others and both replicas.
pub(super) async fn all_know_each_other(sentinels: &[Node]) -> anyhow::Result<()> {
    for sentinel in sentinels {
        until(sentinel.at, |says| {
            let says = says.join(" ");
            says.contains("num-slaves 2") && says.contains("num-other-sentinels 2")
        })
        .await?;
    }
    Ok(())
}

/// The primary dies, a replica takes over, and the first one comes back.
pub(super) async fn lose_primary(
    servers: &mut [Node],
    sentinels: &[Node],
    hold: Duration,
    died: impl Fn() + Send,
) -> anyhow::Result<()> {
    let sentinel = sentinels.first().context("nobody watches")?.at;
    let port = port_in(&about(sentinel).await?).context("nobody is primary")?;
    let found = servers.iter_mut().find(|node| node.at.port().to_string() == port);
    let lost = found.context("somebody else is primary")?;
    lost.end("-KILL").await?;
    died();
    until(sentinel, |says| port_in(says).is_some_and(|now| now != port)).await?;
    sleep(hold).await;
    lost.come_back().await
}

/// Fields and values.
async fn about(sentinel: SocketAddr) -> anyhow::Result<Vec<String>> {
    ask(sentinel, &["SENTINEL", "MASTER", NAME]).await
}

fn port_in(says: &[String]) -> Option<String> {
    let at = says.iter().position(|field| field == "port")?;
    says.get(at + 1).cloned()
}

/// A foreign process: nothing tells us but asking.
async fn until(sentinel: SocketAddr, is_so: impl Fn(&[String]) -> bool) -> anyhow::Result<()> {
    let agreed = async {
        while !about(sentinel).await.is_ok_and(|says| is_so(&says)) {
            sleep(LOOK_EVERY).await;
        }
    };
    let what = || format!("the Sentinel at {sentinel} does not agree");
    timeout(AGREED_WITHIN, agreed).await.with_context(what)
}
