//! NATS: one server, or three that keep everything three times.

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use tipoff_testkit::NatsServer;
use tipoff_testkit::servers::ServerOptions;
use tokio::time::sleep;

use crate::node::{self, Node, free};
use crate::system::address;
use tipoff_testkit::proxy::{Proxy, Road};

const THREE: usize = 3;

/// The bus. Its servers go with the value.
#[derive(Debug)]
pub enum Bus {
    One(Box<NatsServer>),
    Three(Three),
}

/// Three servers, and the roads over which they speak to each other.
#[derive(Debug)]
pub struct Three {
    nodes: Vec<Node>,
    between: Vec<Between>,
}

/// The road from one of them to another.
#[derive(Debug)]
struct Between {
    ends: [String; 2],
    road: Proxy,
}

impl Bus {
    /// As many servers as `nodes`, which keep their data below `directory`.
    pub async fn start(nodes: usize, directory: &Path) -> anyhow::Result<Self> {
        match nodes {
            1 => {
                let data = Some(directory.join("nats"));
                let options = ServerOptions { data, ..ServerOptions::default() };
                Ok(Self::One(Box::new(NatsServer::start_with(options).await?)))
            }
            THREE => {
                let mut bus = Self::Three(configured(directory).await?);
                bus.restart().await?;
                Ok(bus)
            }
            other => bail!("NATS has one server or three, not {other}"),
        }
    }

    /// Where each listens.
    pub fn addresses(&self) -> anyhow::Result<Vec<SocketAddr>> {
        match self {
            Self::One(server) => Ok(vec![address(&server.url())?]),
            Self::Three(three) => Ok(three.nodes.iter().map(|node| node.at).collect()),
        }
    }

    pub fn pids(&self) -> Vec<u32> {
        match self {
            Self::One(server) => vec![server.pid()],
            Self::Three(three) => node::pids(&three.nodes),
        }
    }

    /// All at once, as a crash would.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        match self {
            Self::One(server) => server.kill().await,
            Self::Three(three) => node::kill(&mut three.nodes).await?,
        }
        Ok(())
    }

    /// Kills what still runs and starts all again, on the same ports and data.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.kill().await?;
        match self {
            Self::One(server) => server.restart().await?,
            Self::Three(three) => node::start(&mut three.nodes).await?,
        }
        Ok(())
    }

    pub fn has_ended(&self) -> bool {
        match self {
            Self::One(server) => server.has_ended(),
            Self::Three(three) => three.nodes.iter().any(Node::has_ended),
        }
    }

    /// Ends one of three by that signal, and starts it again after a while.
    pub async fn lose(&mut self, name: &str, by: &str, hold: Duration) -> anyhow::Result<()> {
        let node = self.one_of_three(name)?;
        node.end(by).await?;
        sleep(hold).await;
        node.come_back().await
    }

    /// One of three crashes, and comes back with damage in all that it had stored.
    pub async fn damage(&mut self, name: &str) -> anyhow::Result<()> {
        let node = self.one_of_three(name)?;
        node.end("-KILL").await?;
        damage(&node.data.join(STORE))?;
        node.come_back().await
    }

    /// One of three loses its disk, and comes back with an empty one.
    pub async fn wipe(&mut self, name: &str) -> anyhow::Result<()> {
        let node = self.one_of_three(name)?;
        node.end("-KILL").await?;
        tokio::fs::remove_dir_all(node.data.join(STORE)).await?;
        node.come_back().await
    }

    /// Ends another one of three, and starts it again after a while.
    pub async fn lose_another(
        &mut self,
        than: &str,
        by: &str,
        hold: Duration,
    ) -> anyhow::Result<()> {
        let other = self.another(than)?;
        self.lose(&other, by, hold).await
    }

    /// One of three hears nothing of the other two for a while, nor they of it; whoever
    /// is connected to it stays so.
    pub async fn cut_off(&self, name: &str, hold: Duration) -> anyhow::Result<()> {
        let theirs = self.three()?.between.iter();
        let theirs: Vec<_> =
            theirs.filter(|between| between.ends.iter().any(|end| end == name)).collect();
        let make = |road| {
            for between in &theirs {
                between.road.make(road);
            }
        };
        make(Road::HalfOpen);
        sleep(hold).await;
        make(Road::Open);
        Ok(())
    }

    /// The name of one of three that is not this one.
    pub fn another(&self, than: &str) -> anyhow::Result<String> {
        let other = self.three()?.nodes.iter().find(|node| node.name != than);
        Ok(other.context("there is no other server")?.name.clone())
    }

    fn three(&self) -> anyhow::Result<&Three> {
        let Self::Three(three) = self else { bail!("one server has nobody beside it") };
        Ok(three)
    }

    fn one_of_three(&mut self, name: &str) -> anyhow::Result<&mut Node> {
        let Self::Three(three) = self else { bail!("one server has nobody beside it") };
        let found = three.nodes.iter_mut().find(|node| node.name == name);
        found.with_context(|| format!("there is no server `{name}`"))
    }
}

/// Where JetStream keeps everything, below a server's own directory.
const STORE: &str = "jetstream";
/// The block of messages, of streams and of what the servers agree on.
const BLOCK: &str = "blk";
/// One byte of so many is not what was written.
const DAMAGED: usize = 509;

fn damage(directory: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            damage(&path)?;
        } else if path.extension().is_some_and(|kind| kind == BLOCK) {
            let mut bytes = std::fs::read(&path)?;
            bytes.iter_mut().skip(DAMAGED / 2).step_by(DAMAGED).for_each(|byte| *byte ^= 0x55);
            std::fs::write(&path, bytes)?;
        }
    }
    Ok(())
}

/// Three that know of each other, each with a file that says so.
async fn configured(directory: &Path) -> anyhow::Result<Three> {
    let ports = free(THREE * 2)?;
    let (clients, routes) = ports.split_at(THREE);
    let (mut nodes, mut between) = (Vec::new(), Vec::new());
    for (number, (at, route)) in clients.iter().zip(routes).enumerate() {
        let mut roads = Vec::new();
        for other in (0..THREE).filter(|other| *other != number) {
            let road = Proxy::to(routes[other]).await?;
            roads.push(format!("\"nats://{}\"", road.address()));
            between.push(Between { ends: [name(number), name(other)], road });
        }
        let (name, roads) = (name(number), roads.join(", "));
        let data = directory.join(&name);
        std::fs::create_dir_all(&data)?;
        let (file, kept) = (data.join("nats.conf"), data.display());
        // Clients and servers keep to the roads that they were told of.
        let text = format!(
            "server_name: \"{name}\"\nlisten: \"{at}\"\nmax_payload: 8MB\nlog_file: \"{kept}/log\"\n\
             jetstream {{ store_dir: \"{kept}\", sync_interval: always }}\n\
             cluster {{ name: \"tipoff\", listen: \"{route}\", advertise: \"{NOWHERE}\", no_advertise: true, routes: [{roads}] }}\n"
        );
        // It is not the servers' to sync, and a power loss may be the first thing that happens.
        let mut configuration = File::create(&file)?;
        configuration.write_all(text.as_bytes())?;
        configuration.sync_all()?;
        let told = vec!["-c".to_owned(), file.display().to_string()];
        nodes.push(Node::new((name, &data), *at, ("TIPOFF_NATS_SERVER", "nats-server"), told));
    }
    Ok(Three { nodes, between })
}

/// Where nobody listens: servers would tell each other where else they can be reached.
const NOWHERE: &str = "127.0.0.1:1";

fn name(number: usize) -> String {
    format!("nats-{number}")
}
