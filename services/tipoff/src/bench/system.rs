//! A whole system to measure.

use std::net::{Ipv4Addr, SocketAddr};

use tipoff_board::Board;
use tipoff_runtime::{Redis, connect};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::children::Children;
use super::cost::Probe;
use super::relay::Relay;
use super::setup::{Servers, Setup};
use super::team::{Like, Team, teams};
use crate::services::{Base, Running};

/// Which services run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts {
    pub(super) ingest: bool,
    pub(super) routers: usize,
    pub(super) notifiers: usize,
    pub(super) api: bool,
}

impl Parts {
    /// From a lead's arrival to its notice.
    pub(super) fn whole(setup: &Setup) -> Self {
        Self { ingest: true, routers: setup.routers, notifiers: setup.notifiers, api: false }
    }
}

/// Servers, services and a mail relay that counts.
pub(super) struct System {
    pub(super) base: Base,
    pub(super) board: Board,
    pub(super) redis: Redis,
    pub(super) relay: Relay,
    pub(super) intake: SocketAddr,
    pub(super) api: SocketAddr,
    /// What the names of this run's entities begin with.
    pub(super) prefix: String,
    running: Running,
    children: Children,
    servers: Servers,
}

impl System {
    /// These services run, nothing is configured.
    pub(super) async fn start(setup: &Setup, parts: Parts) -> anyhow::Result<Self> {
        let servers = Servers::start(setup).await?;
        let stop = CancellationToken::new();
        let base = Base::without_board(&servers.settings, "tipoff-bench", &stop).await?;
        let redis = connect::redis(&servers.settings, &stop).await?;
        let relay = Relay::start(base.clock.clone()).await?;
        let (intake, api) = (listen().await?, listen().await?);
        let mut system = Self {
            board: base.board(redis.clone()),
            prefix: format!("bench-{:08x}", base.clock.now().timestamp_millis() & 0xffff_ffff),
            intake: intake.local_addr()?,
            api: api.local_addr()?,
            running: Running::new(stop),
            children: Children::none(),
            base,
            redis,
            relay,
            servers,
        };
        if setup.processes {
            drop((intake, api));
            system.spawn(parts).await?;
        } else {
            system.run(parts, intake, api)?;
        }
        Ok(system)
    }

    fn run(&mut self, parts: Parts, intake: TcpListener, api: TcpListener) -> anyhow::Result<()> {
        let Self { base, board, running, relay, redis, .. } = self;
        for _ in 0..parts.routers {
            running.router(redis.clone(), base, tipoff_router::Options::default());
        }
        for _ in 0..parts.notifiers {
            let options = crate::dev::options::notifier(&relay.url(), "http://127.0.0.1:1")?;
            running.notifier(board.clone(), base, options);
        }
        if parts.ingest {
            running.ingest(intake, base, tipoff_ingest::Options::unlimited());
        }
        if parts.api {
            let app = base.api(board.clone(), &tipoff_api::Options::default(), &running.stop);
            running.api(api, app);
        }
        Ok(())
    }

    async fn spawn(&mut self, parts: Parts) -> anyhow::Result<()> {
        let (settings, smtp) = (&self.servers.settings, self.relay.url());
        let children = &mut self.children;
        for _ in 0..parts.routers {
            children.start("router", settings, &[])?;
        }
        for _ in 0..parts.notifiers {
            children.start("notifier", settings, &[("TIPOFF_SMTP_URL", &smtp)])?;
        }
        if parts.ingest {
            let at = self.intake.to_string();
            children.start("ingest", settings, &[("TIPOFF_INTAKE_LISTEN", &at)])?;
            Children::ready(self.intake).await?;
        }
        if parts.api {
            let at = self.api.to_string();
            children.start("api", settings, &[("TIPOFF_API_LISTEN", &at)])?;
            Children::ready(self.api).await?;
        }
        let wanted = (parts.routers > 0, parts.notifiers > 0);
        Children::at_work(&self.base.nats, wanted.0, wanted.1).await
    }

    /// So many entities with agents, a source and routes.
    pub(super) async fn teams(&self, count: usize, like: &Like) -> anyhow::Result<Vec<Team>> {
        teams(&self.base.roster, &self.prefix, count, like).await
    }

    /// To find out what a run costs.
    pub(super) fn probe(&self) -> Probe {
        let mut processes = self.servers.processes();
        processes.extend(self.children.processes());
        let own = if self.children.is_empty() { "tipoff and load" } else { "load" };
        processes.push((own.to_owned(), std::process::id()));
        Probe { processes, redis: self.redis.clone(), nats: self.base.nats.clone() }
    }

    /// Process ids of the routers, where they have processes of their own.
    pub(super) fn routers(&self) -> Vec<u32> {
        let processes = self.children.processes().into_iter();
        processes.filter(|(what, _)| what == "router").map(|(_, pid)| pid).collect()
    }

    /// Stops the services, then the servers.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.children.stop().await;
        self.running.stop.cancel();
        self.running.finished().await
    }
}

async fn listen() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}
