//! A whole system to measure.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tipoff_board::Board;
use tipoff_runtime::{Redis, connect};
use tipoff_testkit::sink::Relay;
use tipoff_wire::Stream;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::children::Children;
use super::cost::Probe;
use super::ledger::drained;
use super::setup::{Elsewhere, Servers, Setup};
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
    /// As in `http://127.0.0.1:7081`.
    pub(super) intake: String,
    pub(super) api: String,
    /// Tells this run from others on the same servers.
    pub(super) run: u32,
    /// What the names of this run's entities begin with.
    pub(super) prefix: String,
    /// It ran already, and goes on when the run is over.
    pub(super) elsewhere: Option<Elsewhere>,
    running: Running,
    children: Children,
    servers: Servers,
}

impl System {
    /// These services run, nothing is configured. Of a system that runs
    /// already, whatever it has.
    pub(super) async fn start(setup: &Setup, parts: Parts) -> anyhow::Result<Self> {
        let servers = Servers::start(setup).await?;
        let stop = CancellationToken::new();
        let base = Base::open(&servers.settings, "tipoff-bench", &stop).await?;
        let redis = connect::redis(&servers.settings, &stop).await?;
        let relay = Relay::start(base.clock.clone()).await?;
        let (intake, api) = (listen().await?, listen().await?);
        let at = |listener: &TcpListener| {
            listener.local_addr().map(|address| format!("http://{address}"))
        };
        // Unique for seven weeks.
        let run = u32::try_from(base.clock.now().timestamp_millis() & 0xffff_ffff)?;
        let elsewhere = setup.elsewhere()?;
        let there = elsewhere.as_ref();
        let mut system = Self {
            board: base.board(redis.clone()),
            run,
            prefix: format!("bench-{run:08x}"),
            intake: there.map_or_else(|| at(&intake), |there| Ok(there.intake.clone()))?,
            api: there.map_or_else(|| at(&api), |there| Ok(there.api.clone()))?,
            elsewhere,
            running: Running::new(stop),
            children: Children::none(),
            base,
            redis,
            relay,
            servers,
        };
        if system.elsewhere.is_some() {
            return Ok(system);
        }
        if setup.processes {
            let at = (intake.local_addr()?, api.local_addr()?);
            drop((intake, api));
            system.spawn(parts, at, setup.in_hand).await?;
        } else {
            system.run(parts, intake, api)?;
        }
        Ok(system)
    }

    fn run(&mut self, parts: Parts, intake: TcpListener, api: TcpListener) -> anyhow::Result<()> {
        let Self { base, board, running, relay, redis, .. } = self;
        for _ in 0..parts.routers {
            let options = tipoff_router::Options::default();
            running.router(base.board(redis.clone()), base, options);
        }
        for _ in 0..parts.notifiers {
            let options = crate::dev::options::notifier(&relay.url(), "http://127.0.0.1:1")?;
            running.notifier(board.clone(), base, options);
        }
        if parts.ingest {
            running.ingest(intake, base, tipoff_ingest::Options::unlimited());
        }
        if parts.api {
            let options = tipoff_api::Options::unlimited();
            let app = base.api(board.clone(), &options, &running.stop);
            running.api(api, app);
        }
        Ok(())
    }

    /// Another notifier, set as a scenario needs it.
    pub(super) fn notify(&mut self, options: tipoff_notifier::Options) {
        self.running.notifier(self.board.clone(), &self.base, options);
    }

    async fn spawn(
        &mut self,
        parts: Parts,
        (intake, api): (SocketAddr, SocketAddr),
        in_hand: Option<usize>,
    ) -> anyhow::Result<()> {
        let in_hand = in_hand.map(|in_hand| in_hand.to_string());
        for _ in 0..parts.notifiers {
            self.notifier(in_hand.as_deref())?;
        }
        let (settings, children) = (&self.servers.settings, &mut self.children);
        for _ in 0..parts.routers {
            let more = in_hand.as_deref().map(|in_hand| ("TIPOFF_ROUTER_IN_FLIGHT", in_hand));
            children.start("router", settings, more.as_slice())?;
        }
        if parts.ingest {
            let at = intake.to_string();
            let unlimited =
                [("TIPOFF_INGEST_SOURCE_RATE", "0"), ("TIPOFF_INGEST_ENTITY_RATE", "0")];
            let more = [&[("TIPOFF_INTAKE_LISTEN", at.as_str())][..], &unlimited].concat();
            children.start("ingest", settings, &more)?;
            Children::ready(intake).await?;
        }
        if parts.api {
            children.start("api", settings, &[("TIPOFF_API_LISTEN", &api.to_string())])?;
            Children::ready(api).await?;
        }
        let wanted = (parts.routers > 0, parts.notifiers > 0);
        Children::at_work(&self.base.nats, wanted.0, wanted.1).await
    }

    /// So many entities with agents, a source and routes.
    pub(super) async fn teams(&self, count: usize, like: &Like) -> anyhow::Result<Vec<Team>> {
        self.teams_called(&self.prefix, count, like).await
    }

    /// The same, whose names begin with `prefix`.
    pub(super) async fn teams_called(
        &self,
        prefix: &str,
        count: usize,
        like: &Like,
    ) -> anyhow::Result<Vec<Team>> {
        teams(&self.base.nats, &self.base.roster, prefix, count, like).await
    }

    /// To find out what a run costs.
    pub(super) fn probe(&self) -> Probe {
        let mut processes = self.servers.processes();
        processes.extend(self.children.processes());
        let is_whole = self.children.is_empty() && self.elsewhere.is_none();
        let own = if is_whole { "tipoff and load" } else { "load" };
        processes.push((own.to_owned(), std::process::id()));
        let nats = is_whole.then(|| self.base.nats.clone());
        Probe { processes, redis: self.redis.clone(), nats }
    }

    /// Process ids of the routers, where they have processes of their own.
    pub(super) fn routers(&self) -> Vec<u32> {
        let processes = self.children.processes().into_iter();
        processes.filter(|(what, _)| what == "router").map(|(_, pid)| pid).collect()
    }

    /// The process id of the first service of that kind, where it has a process of its own.
    pub(super) fn pid(&self, service: &str) -> Option<u32> {
        let mut processes = self.children.processes().into_iter();
        processes.find(|(what, _)| what == service).map(|(_, pid)| pid)
    }

    /// Ends all services of that kind that have processes of their own.
    pub(super) async fn end(&mut self, service: &str) {
        self.children.end(service).await;
    }

    /// Starts notifiers again, and waits until nothing is left for them to do, but not for ever.
    pub(super) async fn notify_again(&mut self, count: usize) -> anyhow::Result<Duration> {
        let began = Instant::now();
        for _ in 0..count {
            self.notifier(None)?;
        }
        drained(&self.base.nats, &[Stream::Events, Stream::Notify]).await?;
        Ok(began.elapsed())
    }

    fn notifier(&mut self, in_hand: Option<&str>) -> anyhow::Result<()> {
        let smtp = self.relay.url();
        let mut more = vec![("TIPOFF_SMTP_URL", smtp.as_str())];
        more.extend(in_hand.map(|in_hand| ("TIPOFF_NOTIFIER_IN_FLIGHT", in_hand)));
        self.children.start("notifier", &self.servers.settings, &more)
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
