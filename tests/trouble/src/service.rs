//! A service in a process of its own, and what can be done to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use tipoff_testkit::free_address;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::system::nats_urls;
use tipoff_testkit::proxy::Proxy;

const READY_WITHIN: Duration = Duration::from_mins(1);

/// Which service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Ingest,
    Router,
    Notifier,
    Api,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Router, Self::Notifier, Self::Api];

    /// As on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Router => "router",
            Self::Notifier => "notifier",
            Self::Api => "api",
        }
    }
}

/// The roads from a service to the two servers.
#[derive(Debug)]
pub struct Roads {
    /// One to each server of NATS.
    pub nats: Vec<Proxy>,
    /// One, or none where Redis is a cluster.
    pub redis: Vec<Proxy>,
}

/// What the log of a process said so far.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    pub ready: bool,
    pub panicked: Option<String>,
}

/// One process of a service. It is killed with the value.
#[derive(Debug)]
pub struct Service {
    pub kind: Kind,
    pub roads: Roads,
    /// Where it serves HTTP, if it does.
    pub listen: SocketAddr,
    program: PathBuf,
    settings: Vec<(String, String)>,
    log: PathBuf,
    child: Option<Child>,
    heard: watch::Sender<Heard>,
}

impl Service {
    /// Not started yet. `settings` are environment variables, `log` a file that grows.
    pub fn new(
        kind: Kind,
        program: PathBuf,
        roads: Roads,
        log: PathBuf,
        settings: &[(String, String)],
    ) -> anyhow::Result<Self> {
        let listen = free_address()?;
        let mut all = settings.to_vec();
        let own = [
            ("TIPOFF_NATS_URL", nats_urls(roads.nats.iter().map(Proxy::address))),
            ("TIPOFF_INTAKE_LISTEN", listen.to_string()),
            ("TIPOFF_API_LISTEN", listen.to_string()),
            ("TIPOFF_LOG_FORMAT", "json".to_owned()),
        ];
        all.extend(own.map(|(name, value)| (name.to_owned(), value)));
        if let [road] = &roads.redis[..] {
            all.push(("TIPOFF_REDIS_URL".to_owned(), format!("redis://{}", road.address())));
        }
        let heard = watch::Sender::default();
        Ok(Self { kind, roads, listen, program, settings: all, log, child: None, heard })
    }

    /// Starts it, without waiting until it is ready.
    pub async fn spawn(&mut self, more: &[(String, String)]) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        command.arg(self.kind.name()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.envs(self.settings.iter().chain(more).map(|(name, value)| (name, value)));
        let mut child = command
            .spawn()
            .with_context(|| format!("`{}` did not start", self.program.display()))?;
        let log = OpenOptions::new().create(true).append(true).open(&self.log).await?;
        self.heard.send_modify(|heard| heard.ready = false);
        if let Some(says) = child.stderr.take() {
            tokio::spawn(listen(says, log, self.heard.clone()));
        }
        self.child = Some(child);
        Ok(())
    }

    /// Starts it and waits until it says that it is ready.
    pub async fn start(&mut self, more: &[(String, String)]) -> anyhow::Result<()> {
        self.spawn(more).await?;
        self.ready().await
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let mut heard = self.heard.subscribe();
        let name = self.kind.name();
        let Some(child) = &mut self.child else { anyhow::bail!("the {name} was not started") };
        let ready = async {
            tokio::select! {
                heard = heard.wait_for(|heard| heard.ready) => heard.map(drop).context("nobody listens"),
                ended = child.wait() => Err(anyhow::anyhow!("it ended: {ended:?}")),
            }
        };
        let told = timeout(READY_WITHIN, ready).await.context("it took too long").flatten();
        if let Err(why) = told {
            let said = self.log().await;
            let last = said.lines().last().unwrap_or("nothing");
            return Err(
                why.context(format!("the {name} did not become ready; it said last: {last}"))
            );
        }
        Ok(())
    }

    /// As a crash would, at once.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(child) = &mut self.child {
            child.kill().await?;
        }
        self.child = None;
        Ok(())
    }

    /// Stops the clock for it (SIGSTOP), until it [goes on](Self::go_on).
    pub async fn pause(&self) -> anyhow::Result<()> {
        self.signal("-STOP").await
    }

    pub async fn go_on(&self) -> anyhow::Result<()> {
        self.signal("-CONT").await
    }

    /// Asks it to finish (SIGTERM); answers how it ended and how long it took.
    pub async fn drain(&mut self, within: Duration) -> anyhow::Result<(ExitStatus, Duration)> {
        self.signal("-TERM").await?;
        let began = Instant::now();
        let name = self.kind.name();
        let child = self.child.as_mut().context("it was not started")?;
        let ended = timeout(within, child.wait()).await;
        let status =
            ended.with_context(|| format!("the {name} did not end within {within:?}"))??;
        self.child = None;
        Ok((status, began.elapsed()))
    }

    /// Whether it ended without having been asked to.
    pub fn is_gone(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// What a panic in it said.
    pub fn panicked(&self) -> Option<String> {
        self.heard.borrow().panicked.clone()
    }

    /// What it wrote down so far.
    pub async fn log(&self) -> String {
        tokio::fs::read_to_string(&self.log).await.unwrap_or_default()
    }

    /// How much memory it takes, in MB, if it runs.
    pub async fn memory(&self) -> Option<u64> {
        let pid = self.child.as_ref()?.id()?;
        let status = tokio::fs::read_to_string(format!("/proc/{pid}/status")).await.ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1_024)
    }

    async fn signal(&self, which: &str) -> anyhow::Result<()> {
        let pid = self.child.as_ref().and_then(Child::id).context("it does not run")?;
        signal(which, pid).await
    }
}

/// Sends a signal, as in `-STOP`, to a process of ours.
pub async fn signal(which: &str, pid: u32) -> anyhow::Result<()> {
    let sent = Command::new("kill").args([which, &pid.to_string()]).output().await?;
    ensure!(sent.status.success(), "kill {which} {pid}: {}", String::from_utf8_lossy(&sent.stderr));
    Ok(())
}

/// Keeps what it says, and hears when it is ready and when something broke.
async fn listen(says: ChildStderr, mut log: File, heard: watch::Sender<Heard>) {
    let mut lines = BufReader::new(says).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.contains("\"ready\"") {
            heard.send_modify(|heard| heard.ready = true);
        }
        if line.contains("panicked at") || line.contains("a handler panicked") {
            heard.send_modify(|heard| heard.panicked = Some(line.clone()));
        }
        // A full disk is no reason to stop listening.
        log.write_all(format!("{line}\n").as_bytes()).await.ok();
    }
}
