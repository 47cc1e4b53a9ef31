//! The services, each alone or all in one process.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use clap::Args;
use tipoff_board::Board;
use tipoff_roster::Roster;
use tipoff_runtime::streams::{self, StreamError};
use tipoff_runtime::{Backoff, Clock, Nats, Redis, Settings, connect, health, shutdown, telemetry};
use tipoff_wire::partition::DEFAULT_PARTITIONS;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::exit::Unavailable;
use crate::reach;

/// Where leads are taken in.
#[derive(Debug, Args)]
pub(crate) struct IntakeListen {
    /// Address that takes leads in
    #[arg(long, env = "TIPOFF_INTAKE_LISTEN", default_value = "127.0.0.1:7081")]
    intake_listen: SocketAddr,
}

/// Where the API is served.
#[derive(Debug, Args)]
pub(crate) struct ApiListen {
    /// Address that serves the API and the claim pages
    #[arg(long, env = "TIPOFF_API_LISTEN", default_value = "127.0.0.1:7080")]
    api_listen: SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    listen: IntakeListen,
    #[command(flatten)]
    options: tipoff_ingest::Options,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
pub(crate) struct RouterArgs {
    #[command(flatten)]
    options: tipoff_router::Options,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
pub(crate) struct NotifierArgs {
    #[command(flatten)]
    options: tipoff_notifier::Options,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
pub(crate) struct ApiArgs {
    #[command(flatten)]
    listen: ApiListen,
    #[command(flatten)]
    options: tipoff_api::Options,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Args)]
pub(crate) struct AllArgs {
    #[command(flatten)]
    intake: IntakeListen,
    #[command(flatten)]
    api: ApiListen,
    #[command(flatten)]
    ingest_options: tipoff_ingest::Options,
    #[command(flatten)]
    router_options: tipoff_router::Options,
    #[command(flatten)]
    notifier_options: tipoff_notifier::Options,
    #[command(flatten)]
    api_options: tipoff_api::Options,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn ingest(args: IngestArgs) -> anyhow::Result<()> {
    let _telemetry = telemetry::start("ingest");
    let stop = shutdown::on_signal();
    let base = Base::open(&args.settings, "tipoff-ingest", &stop).await?;
    let mut running = Running::new(stop);
    running.admin(&args.settings, &base, None);
    running.ingest(listen(args.listen.intake_listen).await?, &base, args.options);
    running.until_stopped().await
}

pub(crate) async fn router(args: RouterArgs) -> anyhow::Result<()> {
    let _telemetry = telemetry::start("router");
    let stop = shutdown::on_signal();
    let base = Base::without_keys(&args.settings, "tipoff-router", &stop).await?;
    let redis = connect::redis(&args.settings, &stop).await?;
    let mut running = Running::new(stop);
    running.admin(&args.settings, &base, Some(redis.clone()));
    running.router(base.board(redis), &base, args.options);
    running.until_stopped().await
}

pub(crate) async fn notifier(args: NotifierArgs) -> anyhow::Result<()> {
    let _telemetry = telemetry::start("notifier");
    let stop = shutdown::on_signal();
    let base = Base::without_keys(&args.settings, "tipoff-notifier", &stop).await?;
    let redis = connect::redis(&args.settings, &stop).await?;
    let mut running = Running::new(stop);
    running.admin(&args.settings, &base, Some(redis.clone()));
    running.notifier(base.board(redis), &base, args.options);
    running.until_stopped().await
}

pub(crate) async fn api(args: ApiArgs) -> anyhow::Result<()> {
    let _telemetry = telemetry::start("api");
    let stop = shutdown::on_signal();
    let base = Base::open(&args.settings, "tipoff-api", &stop).await?;
    let redis = connect::redis(&args.settings, &stop).await?;
    let mut running = Running::new(stop);
    running.admin(&args.settings, &base, Some(redis.clone()));
    let app = base.api(base.board(redis), &args.options, &running.stop);
    running.api(listen(args.listen.api_listen).await?, app);
    running.until_stopped().await
}

pub(crate) async fn all(args: AllArgs) -> anyhow::Result<()> {
    let _telemetry = telemetry::start("tipoff");
    let stop = shutdown::on_signal();
    let base = Base::open(&args.settings, "tipoff", &stop).await?;
    let redis = connect::redis(&args.settings, &stop).await?;
    let board = base.board(redis.clone());
    let mut running = Running::new(stop);
    running.admin(&args.settings, &base, Some(redis.clone()));
    running.router(base.board(redis), &base, args.router_options);
    running.notifier(board.clone(), &base, args.notifier_options);
    let app = base.api(board, &args.api_options, &running.stop);
    running.api(listen(args.api.api_listen).await?, app);
    running.ingest(listen(args.intake.intake_listen).await?, &base, args.ingest_options);
    running.until_stopped().await
}

async fn listen(on: SocketAddr) -> anyhow::Result<TcpListener> {
    let taken = |error| Unavailable {
        what: format!("nothing can listen on {on} ({error})"),
        remedy: "free it, or choose another address",
    };
    Ok(TcpListener::bind(on).await.map_err(taken)?)
}

/// What every service needs.
pub(crate) struct Base {
    pub(crate) nats: Nats,
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
}

impl Base {
    /// Waits for NATS, makes sure of the streams and opens the roster. Where
    /// this user may not make them, waits until `tipoff init` has.
    pub(crate) async fn open(
        settings: &Settings,
        name: &str,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let nats = ready(settings, name, stop).await?;
        let roster = Roster::open(&nats, DEFAULT_PARTITIONS, settings.replicas, stop.clone());
        Ok(Self { roster: roster.await?, nats, clock: Clock::system() })
    }

    /// The same for services that nobody shows a key to.
    pub(crate) async fn without_keys(
        settings: &Settings,
        name: &str,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let nats = ready(settings, name, stop).await?;
        let (replicas, stop) = (settings.replicas, stop.clone());
        let roster = Roster::open_without_keys(&nats, DEFAULT_PARTITIONS, replicas, stop);
        Ok(Self { roster: roster.await?, nats, clock: Clock::system() })
    }

    /// The same configuration and clock, over a connection of one's own.
    pub(crate) async fn connected_as(
        &self,
        settings: &Settings,
        name: &str,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let nats = connect::nats(settings, name, stop).await?;
        Ok(Self { nats, roster: self.roster.clone(), clock: self.clock.clone() })
    }

    pub(crate) fn board(&self, redis: Redis) -> Board {
        reach::board(redis, &self.nats, &self.roster)
    }

    pub(crate) fn api(
        &self,
        board: Board,
        options: &tipoff_api::Options,
        stop: &CancellationToken,
    ) -> Router {
        let Self { nats, roster, clock } = self;
        tipoff_api::app(nats.clone(), board, roster.clone(), clock.clone(), options, stop.clone())
    }
}

/// NATS, once it is there and has every stream.
async fn ready(settings: &Settings, name: &str, stop: &CancellationToken) -> anyhow::Result<Nats> {
    let nats = connect::nats(settings, name, stop).await?;
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    while let Err(error) = streams::ensure(&nats, settings.replicas).await {
        if !matches!(error, StreamError::NotReady { .. } | StreamError::Silent { .. }) {
            return Err(error.into());
        }
        warn!("{error}; waiting for it");
        if !backoff.wait(stop).await {
            return Err(error.into());
        }
    }
    Ok(nats)
}

type Ended = (&'static str, anyhow::Result<()>);

/// Services at work in this process.
pub(crate) struct Running {
    pub(crate) stop: CancellationToken,
    tasks: JoinSet<Ended>,
}

impl Running {
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self { stop, tasks: JoinSet::new() }
    }

    pub(crate) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        self.tasks.spawn(async move { (name, task.await) });
    }

    /// Health and metrics, where they were asked for.
    pub(crate) fn admin(&mut self, settings: &Settings, base: &Base, redis: Option<Redis>) {
        if let Some(on) = settings.admin_listen {
            let (nats, stop) = (base.nats.clone(), self.stop.clone());
            self.spawn("admin", async move { Ok(health::serve(on, nats, redis, stop).await?) });
        }
    }

    pub(crate) fn ingest(
        &mut self,
        listener: TcpListener,
        base: &Base,
        options: tipoff_ingest::Options,
    ) {
        let (nats, roster, clock, stop) = self.parts(base);
        self.spawn("ingest", async move {
            Ok(tipoff_ingest::run(listener, nats, roster, clock, options, stop).await?)
        });
    }

    pub(crate) fn router(&mut self, board: Board, base: &Base, options: tipoff_router::Options) {
        let (nats, roster, clock, stop) = self.parts(base);
        self.spawn("router", async move {
            Ok(Box::pin(tipoff_router::run(nats, board, roster, clock, options, stop)).await?)
        });
    }

    pub(crate) fn notifier(
        &mut self,
        board: Board,
        base: &Base,
        options: tipoff_notifier::Options,
    ) {
        let (nats, roster, clock, stop) = self.parts(base);
        self.spawn("notifier", async move {
            Ok(tipoff_notifier::run(nats, board, roster, clock, options, stop).await?)
        });
    }

    pub(crate) fn api(&mut self, listener: TcpListener, app: Router) {
        let stop = self.stop.clone();
        self.spawn("api", async move { Ok(tipoff_api::serve(listener, app, stop).await?) });
    }

    fn parts(&self, base: &Base) -> (Nats, Roster, Clock, CancellationToken) {
        (base.nats.clone(), base.roster.clone(), base.clock.clone(), self.stop.clone())
    }

    /// Resolves when a service has ended, which none should before it is told to.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        match self.tasks.join_next().await {
            None => Ok(()),
            Some(Ok((name, Ok(())))) if self.stop.is_cancelled() => {
                info!(service = name, "stopped");
                Ok(())
            }
            Some(Ok((name, Ok(())))) => anyhow::bail!("{name} stopped without being told to"),
            Some(Ok((name, Err(error)))) => Err(error.context(format!("{name} failed"))),
            Some(Err(error)) => Err(anyhow::Error::new(error).context("a service broke down")),
        }
    }

    /// Works until stopped, or until one fails: then all the others stop too.
    pub(crate) async fn until_stopped(self) -> anyhow::Result<()> {
        info!("ready");
        self.finished().await
    }

    /// All have ended. The first failure is told, the others are logged.
    pub(crate) async fn finished(mut self) -> anyhow::Result<()> {
        let mut first = Ok(());
        while !self.tasks.is_empty() {
            let ended = self.ended().await;
            self.stop.cancel();
            match ended {
                Err(error) if first.is_ok() => first = Err(error),
                Err(error) => {
                    error!(error = &*error as &dyn std::error::Error, "failed while stopping");
                }
                Ok(()) => {}
            }
        }
        first
    }
}
