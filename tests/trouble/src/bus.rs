//! NATS: one server, or three that keep everything three times.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tipoff_testkit::NatsServer;
use tipoff_testkit::servers::ServerOptions;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::service::signal;
use crate::system::address;

const THREE: usize = 3;
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
const ENDS_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The bus. Its servers go with the value.
#[derive(Debug)]
pub enum Bus {
    One(Box<NatsServer>),
    Three(Vec<Node>),
}

/// One server of three.
#[derive(Debug)]
pub struct Node {
    name: String,
    at: SocketAddr,
    configuration: PathBuf,
    child: Option<Child>,
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
                let mut nodes = configured(directory)?;
                for node in &mut nodes {
                    node.start()?;
                }
                let mut bus = Self::Three(nodes);
                bus.answers().await?;
                Ok(bus)
            }
            other => bail!("NATS has one server or three, not {other}"),
        }
    }

    /// Where each listens.
    pub fn addresses(&self) -> anyhow::Result<Vec<SocketAddr>> {
        match self {
            Self::One(server) => Ok(vec![address(&server.url())?]),
            Self::Three(nodes) => Ok(nodes.iter().map(|node| node.at).collect()),
        }
    }

    pub fn pids(&self) -> Vec<u32> {
        match self {
            Self::One(server) => vec![server.pid()],
            Self::Three(nodes) => {
                nodes.iter().filter_map(|node| node.child.as_ref()?.id()).collect()
            }
        }
    }

    /// All at once, as a crash would.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        match self {
            Self::One(server) => server.kill().await,
            Self::Three(nodes) => {
                for node in nodes {
                    node.end("-KILL").await?;
                }
            }
        }
        Ok(())
    }

    /// Kills what still runs and starts all again, on the same ports and data.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.kill().await?;
        match self {
            Self::One(server) => server.restart().await?,
            Self::Three(nodes) => {
                for node in nodes {
                    node.start()?;
                }
            }
        }
        self.answers().await
    }

    pub fn has_ended(&self) -> bool {
        match self {
            Self::One(server) => server.has_ended(),
            Self::Three(nodes) => nodes.iter().any(|node| node.child.is_none()),
        }
    }

    /// Ends one of three by that signal, and starts it again after a while.
    pub async fn lose(&mut self, name: &str, by: &str, hold: Duration) -> anyhow::Result<()> {
        let Self::Three(nodes) = self else { bail!("one server has nobody beside it") };
        let found = nodes.iter_mut().find(|node| node.name == name);
        let node = found.with_context(|| format!("there is no server `{name}`"))?;
        node.end(by).await?;
        sleep(hold).await;
        node.start()?;
        self.answers().await
    }

    /// Foreign processes: nothing tells us that they are there but asking.
    async fn answers(&mut self) -> anyhow::Result<()> {
        let answers = async {
            for at in self.addresses()? {
                while TcpStream::connect(at).await.is_err() {
                    sleep(LOOK_EVERY).await;
                }
            }
            anyhow::Ok(())
        };
        timeout(ANSWERS_WITHIN, answers).await.context("nats-server does not answer")?
    }
}

impl Node {
    fn start(&mut self) -> anyhow::Result<()> {
        let program = std::env::var("TIPOFF_NATS_SERVER").unwrap_or("nats-server".to_owned());
        let mut command = Command::new(&program);
        command.arg("-c").arg(&self.configuration).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().with_context(|| format!("`{program}` did not start"))?);
        Ok(())
    }

    async fn end(&mut self, by: &str) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        if let Some(pid) = child.id() {
            signal(by, pid).await?;
        }
        timeout(ENDS_WITHIN, child.wait()).await.context("nats-server does not end")??;
        Ok(())
    }
}

/// Three that know of each other, each with a file that says so.
fn configured(directory: &Path) -> anyhow::Result<Vec<Node>> {
    let mut ports = Vec::new();
    for _ in 0..THREE * 2 {
        ports.push(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?);
    }
    let ports: Vec<SocketAddr> =
        ports.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?;
    let (clients, routes) = ports.split_at(THREE);
    let known: Vec<String> = routes.iter().map(|route| format!("\"nats://{route}\"")).collect();
    let known = known.join(", ");
    let mut nodes = Vec::new();
    for (number, (at, route)) in clients.iter().zip(routes).enumerate() {
        let name = format!("nats-{number}");
        let data = directory.join(&name);
        std::fs::create_dir_all(&data)?;
        let (configuration, data) = (data.join("nats.conf"), data.display());
        // Clients keep to the roads that they were told of.
        let text = format!(
            "server_name: \"{name}\"\nlisten: \"{at}\"\nmax_payload: 8MB\nlog_file: \"{data}/log\"\n\
             jetstream {{ store_dir: \"{data}\", sync_interval: always }}\n\
             cluster {{ name: \"tipoff\", listen: \"{route}\", no_advertise: true, routes: [{known}] }}\n"
        );
        std::fs::write(&configuration, text)?;
        nodes.push(Node { name, at: *at, configuration, child: None });
    }
    Ok(nodes)
}
