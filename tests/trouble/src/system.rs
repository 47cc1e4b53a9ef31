//! A whole Tipoff to break: servers and services in processes of their own,
//! every service with roads of its own to the servers.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use redis::{AsyncConnectionConfig, FromRedisValue};
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Nats, Settings, connect, streams};
use tipoff_testkit::sink::Relay;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::disk::Disk;
use crate::forgotten::Forgotten;
use crate::service::{Kind, Roads, Service};
use crate::stores::{Layout, Stores};
use crate::team::{Team, teams};
use tipoff_testkit::proxy::Proxy;

const PARTITIONS: u16 = 8;
const ELECTED_WITHIN: Duration = Duration::from_mins(1);

/// How the system is put together.
#[derive(Debug, Clone)]
pub struct Build {
    /// The `tipoff` program.
    pub program: PathBuf,
    /// Processes of each service.
    pub each: usize,
    /// Servers of NATS: one, or three.
    pub nats_nodes: usize,
    pub redis: Layout,
    /// Where logs and data go; it must exist.
    pub directory: PathBuf,
    /// What Redis finds in its environment.
    pub redis_environment: Vec<(String, String)>,
    /// The servers' data lie on a disk that can lose power; only root may have one.
    pub own_disk: bool,
}

impl Build {
    /// Two processes of each service.
    pub fn new(program: impl Into<PathBuf>, directory: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            each: 2,
            nats_nodes: 1,
            redis: Layout::One,
            directory: directory.into(),
            redis_environment: Vec::new(),
            own_disk: false,
        }
    }
}

/// The system. Everything goes with the value.
pub struct System {
    pub clock: Clock,
    /// Our own connection, past every proxy.
    pub nats: Nats,
    pub roster: Roster,
    pub relay: Relay,
    pub teams: Vec<Team>,
    pub nats_server: Mutex<Bus>,
    pub redis_server: Mutex<Stores>,
    pub forgotten: Forgotten,
    /// Where Redis keeps its data.
    pub redis_data: PathBuf,
    /// Where everything else is kept.
    pub directory: PathBuf,
    pub services: Vec<Mutex<Service>>,
    /// Of ingest and api, in the order of `services`.
    pub intakes: Vec<SocketAddr>,
    pub apis: Vec<SocketAddr>,
    redis_url: String,
    stop: CancellationToken,
    /// After the servers: they go first.
    pub disk: Option<Mutex<Disk>>,
}

impl System {
    /// Servers and a team for each strategy; no service runs yet.
    pub async fn without_services(build: &Build) -> anyhow::Result<Self> {
        // Somebody else may have been first; either will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let kept = build.directory.join("data");
        let disk = if build.own_disk { Some(Mutex::new(Disk::new(&kept).await?)) } else { None };
        let redis_server = match build.redis {
            Layout::One => Stores::one(&kept, &build.redis_environment).await?,
            Layout::Watched => Stores::watched(&kept).await?,
            Layout::Cluster => Stores::cluster(&kept).await?,
        };
        let nats_server = Bus::start(build.nats_nodes, &kept).await?;
        let nats_at = nats_server.addresses()?;
        let (nats_url, redis_url) = (nats_urls(nats_at.iter().copied()), redis_server.url());
        let stop = CancellationToken::new();
        let nats = connect::nats(&Settings::at(&nats_url, &redis_url), "trouble", &stop).await?;
        timeout(ELECTED_WITHIN, async {
            // Three servers have to choose one of them first.
            while streams::ensure(&nats, build.nats_nodes).await.is_err() {
                sleep(Duration::from_millis(100)).await;
            }
        })
        .await
        .context("JetStream takes no streams")?;
        let roster = Roster::open(&nats, PARTITIONS, build.nats_nodes, stop.clone()).await?;
        let clock = Clock::system();
        let mut system = Self {
            relay: Relay::start(clock.clone()).await?,
            teams: teams(&roster).await?,
            clock,
            nats,
            roster,
            nats_server: Mutex::new(nats_server),
            redis_server: Mutex::new(redis_server),
            forgotten: Forgotten::default(),
            redis_data: kept.join("redis"),
            disk,
            directory: build.directory.clone(),
            services: Vec::new(),
            intakes: Vec::new(),
            apis: Vec::new(),
            redis_url,
            stop,
        };
        system.add_services(build, &nats_at).await?;
        Ok(system)
    }

    /// The same with every service at work.
    pub async fn start(build: &Build) -> anyhow::Result<Self> {
        let system = Self::without_services(build).await?;
        try_join_all(
            system.services.iter().map(async |service| service.lock().await.start(&[]).await),
        )
        .await?;
        Ok(system)
    }

    async fn add_services(&mut self, build: &Build, nats_at: &[SocketAddr]) -> anyhow::Result<()> {
        // Where there are several they tell where the others are: no road can be put before them.
        let alone = build.redis == Layout::One;
        let redis_at = if alone { Some(address(&self.redis_url)?) } else { None };
        let sentinel = self.redis_server.lock().await.sentinel();
        let settings = [
            ("TIPOFF_REDIS_URL", self.redis_url.clone()),
            ("TIPOFF_SMTP_URL", self.relay.url()),
            ("TIPOFF_REPLICAS", build.nats_nodes.to_string()),
            ("TIPOFF_INGEST_SOURCE_RATE", "0".to_owned()),
            ("TIPOFF_INGEST_ENTITY_RATE", "0".to_owned()),
        ];
        let sentinel = sentinel.map(|name| ("TIPOFF_REDIS_SENTINEL", name.to_owned()));
        let settings: Vec<_> = settings
            .into_iter()
            .chain(sentinel)
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        for kind in Kind::ALL {
            for number in 0..build.each {
                let roads = Roads {
                    nats: try_join_all(nats_at.iter().map(|at| Proxy::to(*at))).await?,
                    redis: try_join_all(redis_at.map(Proxy::to)).await?,
                };
                let log = build.directory.join(format!("{}-{number}.log", kind.name()));
                let service = Service::new(kind, build.program.clone(), roads, log, &settings)?;
                match kind {
                    Kind::Ingest => self.intakes.push(service.listen),
                    Kind::Api => self.apis.push(service.listen),
                    Kind::Router | Kind::Notifier => {}
                }
                self.services.push(Mutex::new(service));
            }
        }
        Ok(())
    }

    /// One of the processes of a service.
    pub async fn service(
        &self,
        kind: Kind,
        number: usize,
    ) -> anyhow::Result<tokio::sync::MutexGuard<'_, Service>> {
        let mut of_kind = Vec::new();
        for service in &self.services {
            let service = service.lock().await;
            if service.kind == kind {
                of_kind.push(service);
            }
        }
        let at = number % of_kind.len().max(1);
        ensure!(at < of_kind.len(), "no {} was started", kind.name());
        Ok(of_kind.swap_remove(at))
    }

    /// Starts again whatever ended by itself, as a supervisor would; answers what that was.
    pub async fn revive(&self) -> anyhow::Result<Vec<&'static str>> {
        let mut gone = Vec::new();
        for service in &self.services {
            let mut service = service.lock().await;
            if service.is_gone() {
                gone.push(service.kind.name());
                service.start(&[]).await?;
            }
        }
        Ok(gone)
    }

    /// What panicked, anywhere.
    pub async fn panics(&self) -> Vec<String> {
        let mut found = Vec::new();
        for service in &self.services {
            let service = service.lock().await;
            found.extend(service.panicked().map(|line| format!("{}: {line}", service.kind.name())));
        }
        found
    }

    /// A Redis died with what it alone knew, or another one that knows less took over.
    pub fn board_forgets(&self) {
        self.forgotten.at(self.clock.now());
    }

    /// Redis itself, past every proxy.
    pub fn redis_url(&self) -> &str {
        &self.redis_url
    }

    /// A command for Redis itself, past every proxy.
    pub async fn redis<T: FromRedisValue>(&self, words: &[&str]) -> anyhow::Result<T> {
        ask(address(&self.redis_url)?, words).await
    }

    /// Lets no file that the process writes grow beyond this, as a full disk would.
    pub async fn limit_files(pid: u32, most: &str) -> anyhow::Result<()> {
        let limit = format!("--fsize={most}");
        let done =
            Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).output().await?;
        ensure!(done.status.success(), "prlimit: {}", String::from_utf8_lossy(&done.stderr));
        Ok(())
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// As in `nats://127.0.0.1:4222,nats://127.0.0.1:4223`.
pub(crate) fn nats_urls(at: impl Iterator<Item = SocketAddr>) -> String {
    at.map(|at| format!("nats://{at}")).collect::<Vec<_>>().join(",")
}

/// A Redis that takes another's data over is busy with that.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// A command for a Redis.
pub(crate) async fn ask<T: FromRedisValue>(at: SocketAddr, words: &[&str]) -> anyhow::Result<T> {
    let client = redis::Client::open(format!("redis://{at}"))?;
    let patient = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(ANSWERS_WITHIN))
        .set_response_timeout(Some(ANSWERS_WITHIN));
    let mut connection = client.get_multiplexed_async_connection_with_config(&patient).await?;
    let mut command = redis::cmd(words.first().copied().unwrap_or("PING"));
    for word in words.iter().skip(1) {
        command.arg(*word);
    }
    Ok(command.query_async(&mut connection).await?)
}

/// `127.0.0.1:4222` of `nats://127.0.0.1:4222`.
pub fn address(url: &str) -> anyhow::Result<SocketAddr> {
    let place = url.split_once("://").map_or(url, |(_, place)| place);
    place.parse().with_context(|| format!("`{url}` is no address"))
}

/// A program that shifts the clocks of those who are started with it.
pub mod shifted {
    use super::{Command, Context, Duration, Path, PathBuf, ensure};

    const SHIM: &str = include_str!("shim.c");

    /// Compiles the shim into `directory`; answers the environment under which
    /// the clock of a process is `by` ahead, and the file that says so: whoever
    /// writes another number of seconds there moves the clock while it runs.
    pub async fn clock(
        directory: &Path,
        name: &str,
        by: i64,
    ) -> anyhow::Result<(Vec<(String, String)>, PathBuf)> {
        let (source, shim) = (directory.join("shim.c"), directory.join("shim.so"));
        let offset = directory.join(format!("{name}.offset"));
        tokio::fs::write(&source, SHIM).await?;
        tokio::fs::write(&offset, by.to_string()).await?;
        let mut compile = Command::new("cc");
        compile.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&shim).arg(&source).arg("-ldl");
        let compiled = tokio::time::timeout(Duration::from_mins(1), compile.output()).await;
        let compiled =
            compiled.context("cc takes too long")?.context("`cc` is needed to shift clocks")?;
        ensure!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let (shim, file) = (shim.display().to_string(), offset.display().to_string());
        let environment = [("LD_PRELOAD", shim), ("TROUBLE_CLOCK", file)];
        Ok((environment.map(|(name, value)| (name.to_owned(), value)).to_vec(), offset))
    }
}
