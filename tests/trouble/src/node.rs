//! One server of a cluster, in a process of its own.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tipoff_testkit::free_address;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::service::signal;

const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
const ENDS_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server, running or not. It is killed with the value.
#[derive(Debug)]
pub struct Node {
    pub(crate) name: String,
    pub(crate) at: SocketAddr,
    /// Where it keeps everything.
    pub(crate) data: PathBuf,
    program: String,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Node {
    /// Not started yet; `program` is what `variable` names, or stands on the PATH.
    pub(crate) fn new(
        (name, data): (String, &Path),
        at: SocketAddr,
        (variable, program): (&str, &str),
        arguments: Vec<String>,
    ) -> Self {
        let program = std::env::var(variable).unwrap_or_else(|_| program.to_owned());
        Self { name, at, data: data.to_owned(), program, arguments, child: None }
    }

    /// Starts it again on the same port and data.
    pub(crate) fn start(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn();
        self.child = Some(child.with_context(|| {
            let (name, program) = (&self.name, &self.program);
            format!("{name}: `{program}` does not start; `make trouble` brings it and finds it, by hand it must be on the PATH")
        })?);
        Ok(())
    }

    /// Starts it again and waits until it answers.
    pub(crate) async fn come_back(&mut self) -> anyhow::Result<()> {
        self.start()?;
        self.answers().await
    }

    /// Sends the signal and waits for the end.
    pub(crate) async fn end(&mut self, by: &str) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        if let Some(pid) = child.id() {
            signal(by, pid).await?;
        }
        timeout(ENDS_WITHIN, child.wait())
            .await
            .with_context(|| format!("{} does not end", self.name))??;
        Ok(())
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.child.is_none()
    }

    /// Resolves when it takes connections. A foreign process: nothing tells us but asking.
    pub(crate) async fn answers(&self) -> anyhow::Result<()> {
        let answers = async {
            while TcpStream::connect(self.at).await.is_err() {
                sleep(LOOK_EVERY).await;
            }
        };
        let name = &self.name;
        timeout(ANSWERS_WITHIN, answers).await.with_context(|| format!("{name} does not answer"))
    }
}

/// All at once, as a crash would.
pub(crate) async fn kill(nodes: &mut [Node]) -> anyhow::Result<()> {
    for node in nodes {
        node.end("-KILL").await?;
    }
    Ok(())
}

/// Starts all, then waits for each: they may need one another.
pub(crate) async fn start(nodes: &mut [Node]) -> anyhow::Result<()> {
    for node in nodes.iter_mut() {
        node.start()?;
    }
    for node in nodes {
        node.answers().await?;
    }
    Ok(())
}

/// Those that run.
pub(crate) fn pids(nodes: &[Node]) -> Vec<u32> {
    nodes.iter().filter_map(Node::pid).collect()
}

/// So many addresses on loopback where nobody listens.
pub(crate) fn free(many: usize) -> io::Result<Vec<SocketAddr>> {
    (0..many).map(|_| free_address()).collect()
}
