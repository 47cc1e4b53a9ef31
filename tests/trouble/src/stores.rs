//! Redis: one server, one with two replicas under the eyes of Sentinel, or a
//! cluster of three masters with a replica each.

mod watched;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use tipoff_testkit::RedisServer;
use tipoff_testkit::servers::ServerOptions;
use tokio::time::{sleep, timeout};

use crate::node::{self, Node, free};
use crate::system::ask;

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;
/// When a silent master is given up, in ms.
const GIVEN_UP_AFTER: &str = "2000";
const AGREED_WITHIN: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What Sentinels call the one that is primary.
const NAME: &str = "board";
/// So many of the three Sentinels must miss it.
const QUORUM: usize = 2;

/// How many servers there are, and what they are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    One,
    Watched,
    Cluster,
}

/// The board's servers. They go with the value.
#[derive(Debug)]
pub enum Stores {
    One(Box<RedisServer>),
    Watched { servers: Vec<Node>, sentinels: Vec<Node> },
    Cluster(Vec<Node>),
}

impl Stores {
    /// One server.
    pub async fn one(directory: &Path, environment: &[(String, String)]) -> anyhow::Result<Self> {
        let (data, environment) = (Some(directory.join("redis")), environment.to_vec());
        let options = ServerOptions { data, environment, ..ServerOptions::default() };
        Ok(Self::One(Box::new(RedisServer::start_with(options).await?)))
    }

    /// A primary with two replicas, and three Sentinels that watch them.
    pub async fn watched(directory: &Path) -> anyhow::Result<Self> {
        let (mut servers, mut sentinels) = watched::configured(directory)?;
        node::start(&mut servers).await?;
        node::start(&mut sentinels).await?;
        watched::all_know_each_other(&sentinels).await?;
        Ok(Self::Watched { servers, sentinels })
    }

    /// Three masters and three replicas, all as careful as in production.
    pub async fn cluster(directory: &Path) -> anyhow::Result<Self> {
        let mut stores = Self::Cluster(configured(directory)?);
        stores.restart().await?;
        let Self::Cluster(nodes) = &stores else { bail!("it is a cluster") };
        introduce(nodes).await?;
        Ok(stores)
    }

    /// As services are told.
    pub fn url(&self) -> String {
        match self {
            Self::One(server) => server.url(),
            Self::Watched { sentinels: nodes, .. } | Self::Cluster(nodes) => {
                let urls = nodes.iter().map(|node| format!("redis://{}", node.at));
                urls.collect::<Vec<_>>().join(",")
            }
        }
    }

    /// By which name the addresses know the primary, if they are Sentinels'.
    pub fn sentinel(&self) -> Option<&'static str> {
        matches!(self, Self::Watched { .. }).then_some(NAME)
    }

    pub fn pids(&self) -> Vec<u32> {
        match self {
            Self::One(server) => vec![server.pid()],
            Self::Watched { servers: nodes, .. } | Self::Cluster(nodes) => node::pids(nodes),
        }
    }

    /// All at once, as a crash would.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        match self {
            Self::One(server) => server.kill().await,
            Self::Watched { servers: nodes, .. } | Self::Cluster(nodes) => {
                node::kill(nodes).await?;
            }
        }
        Ok(())
    }

    /// Kills what still runs and starts all again, on the same ports and data.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.kill().await?;
        match self {
            Self::One(server) => server.restart().await?,
            Self::Watched { servers: nodes, .. } | Self::Cluster(nodes) => {
                node::start(nodes).await?;
            }
        }
        Ok(())
    }

    pub fn has_ended(&self) -> bool {
        match self {
            Self::One(server) => server.has_ended(),
            Self::Watched { servers: nodes, .. } | Self::Cluster(nodes) => {
                nodes.iter().any(Node::has_ended)
            }
        }
    }

    /// The only one, for faults that need it alone.
    pub fn alone(&mut self) -> anyhow::Result<&mut RedisServer> {
        match self {
            Self::One(server) => Ok(server),
            Self::Watched { .. } | Self::Cluster(_) => {
                bail!("this fault is for one server of Redis")
            }
        }
    }

    /// A master dies; its replica takes over; it comes back after a while, as a replica.
    pub async fn lose_master(
        &mut self,
        dice: usize,
        hold: Duration,
        died: impl Fn() + Send,
    ) -> anyhow::Result<()> {
        let nodes = match self {
            Self::One(_) => bail!("one server has nobody beside it"),
            Self::Watched { servers, sentinels } => {
                return watched::lose_primary(servers, sentinels, hold, died).await;
            }
            Self::Cluster(nodes) => nodes,
        };
        let mut masters = Vec::new();
        for (number, node) in nodes.iter().enumerate() {
            let says: String = ask(node.at, &["INFO", "replication"]).await?;
            if says.contains("role:master") {
                masters.push(number);
            }
        }
        let lost = *masters.get(dice % masters.len().max(1)).context("nobody is a master")?;
        nodes[lost].end("-KILL").await?;
        died();
        let beside = nodes[(lost + 1) % nodes.len()].at;
        all_slots_are_served(beside).await?;
        sleep(hold).await;
        nodes[lost].come_back().await
    }
}

fn configured(directory: &Path) -> anyhow::Result<Vec<Node>> {
    let ports = free(MASTERS * 4)?;
    let (clients, among) = ports.split_at(MASTERS * 2);
    let mut nodes = Vec::new();
    for (number, (at, among)) in clients.iter().zip(among).enumerate() {
        let name = format!("redis-{number}");
        let data = directory.join(&name);
        std::fs::create_dir_all(&data)?;
        let (port, among, dir) =
            (at.port().to_string(), among.port().to_string(), data.display().to_string());
        let told = [
            ["--bind", "127.0.0.1"],
            ["--port", &port],
            ["--dir", &dir],
            ["--save", ""],
            ["--appendonly", "yes"],
            ["--appendfsync", "always"],
            ["--maxmemory-policy", "noeviction"],
            ["--cluster-enabled", "yes"],
            ["--cluster-port", &among],
            ["--cluster-node-timeout", GIVEN_UP_AFTER],
        ];
        let told = told.as_flattened().iter().map(|word| (*word).to_owned()).collect();
        nodes.push(Node::new((name, &data), *at, ("TIPOFF_REDIS_SERVER", "redis-server"), told));
    }
    Ok(nodes)
}

/// The first three share the slots, the others follow one each.
async fn introduce(nodes: &[Node]) -> anyhow::Result<()> {
    let (masters, replicas) = nodes.split_at(MASTERS);
    for (number, master) in masters.iter().enumerate() {
        let first = number * SLOTS / MASTERS;
        let last = (number + 1) * SLOTS / MASTERS - 1;
        let (first, last) = (first.to_string(), last.to_string());
        ask::<()>(master.at, &["CLUSTER", "ADDSLOTSRANGE", &first, &last]).await?;
        let epoch = (number + 1).to_string();
        ask::<()>(master.at, &["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await?;
    }
    for node in &nodes[1..] {
        let among = among(node.at).await?;
        let (host, port) = (node.at.ip().to_string(), node.at.port().to_string());
        ask::<()>(nodes[0].at, &["CLUSTER", "MEET", &host, &port, &among]).await?;
    }
    for node in nodes {
        until(node.at, &format!("cluster_known_nodes:{}", nodes.len())).await?;
    }
    for (master, replica) in masters.iter().zip(replicas) {
        let id: String = ask(master.at, &["CLUSTER", "MYID"]).await?;
        let follow = async {
            // It may not have heard of that one yet.
            while ask::<()>(replica.at, &["CLUSTER", "REPLICATE", &id]).await.is_err() {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(AGREED_WITHIN, follow).await.context("a replica does not follow")?;
    }
    for node in nodes {
        all_slots_are_served(node.at).await?;
    }
    Ok(())
}

/// Where it speaks to the others.
async fn among(at: SocketAddr) -> anyhow::Result<String> {
    let said: Vec<String> = ask(at, &["CONFIG", "GET", "cluster-port"]).await?;
    said.into_iter().nth(1).context("it does not say where it speaks to the others")
}

async fn all_slots_are_served(at: SocketAddr) -> anyhow::Result<()> {
    until(at, "cluster_state:ok").await
}

/// Foreign processes: nothing tells us but asking.
async fn until(at: SocketAddr, wanted: &str) -> anyhow::Result<()> {
    let agreed = async {
        loop {
            let says = ask::<String>(at, &["CLUSTER", "INFO"]).await.unwrap_or_default();
            if says.contains(wanted) {
                return;
            }
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(AGREED_WITHIN, agreed).await.with_context(|| format!("{at} never says {wanted}"))
}
