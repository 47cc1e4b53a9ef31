//! `tipoff dev`: a whole private system on this machine.
//!
//! The same services as anywhere else, on a nats-server and a redis-server of
//! their own, with sinks instead of everything that messages go out over.

mod addresses;
mod keys;
mod leads;
mod mail;
pub(crate) mod options;
mod ports;
mod servers;
mod sinks;
mod subscribe;
mod teams;
mod ticker;
mod welcome;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tipoff_domain::Span;
use tipoff_runtime::{Clock, Redis, Settings, User, connect, shutdown, telemetry};
use tipoff_testkit::sink::Mailbox;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::addresses::Addresses;
use self::keys::Keys;
use self::ports::{Moved, Ports};
use self::servers::Servers;
use self::sinks::Sinks;
use crate::services::{Base, Running};
use crate::{exit, term};

/// Routers at work; more than one, so that what they share shows.
const ROUTERS: usize = 2;
/// How long the services may take to finish what they have in hand.
const DRAIN: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also make two demo teams, with agents, sources, routes and keys
    #[arg(long)]
    demo: bool,
    /// For programs: print one line of JSON with every address and key, then nothing more
    #[arg(long)]
    json: bool,
    /// First of the ports to use; 0: whichever are free
    #[arg(long, value_name = "PORT")]
    ports: Option<u16>,
    /// Keep the data, and the keys, in this directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Send a made-up lead to a demo team this often, as in 5s
    #[arg(long, value_name = "SPAN", requires = "demo")]
    leads_every: Option<Span>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    // What happens to leads is told below; the log only what goes wrong.
    let _telemetry = telemetry::start_at("dev", "warn");
    let stop = shutdown::on_signal();
    let Some(system) = stop.run_until_cancelled(Box::pin(System::start(&args, &stop))).await else {
        return Ok(ExitCode::SUCCESS);
    };
    system?.until_stopped(&args).await
}

/// Everything that runs.
struct System {
    servers: Servers,
    base: Base,
    running: Running,
    addresses: Addresses,
    /// Gone with the system.
    _sinks: Arc<Sinks>,
}

impl System {
    async fn start(args: &Args, stop: &CancellationToken) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let began = clock.now();
        let mut moved = Vec::new();
        let place = Place::take(args.ports, &mut moved).await?;
        let servers = Servers::start(args.data.as_deref(), &place.ports, &mut moved).await?;
        let settings = place.settings(&servers);
        let base = Base::open(&settings, "tipoff-dev", stop).await?;
        tipoff_api::make_memory(&base.nats).await?;
        let staff = Staff::connect(&servers, &base, stop).await?;

        let mailbox = Mailbox::new(clock.clone());
        let sinks = Arc::new(Sinks::start(&mailbox).await?);
        let keys = keys::prepare(&base.roster, args.data.as_deref(), args.demo).await?;
        let addresses = Addresses::new(&place, &settings, keys)?;

        let mut running = Running::new(stop.clone());
        let (router, redis) = &staff.router;
        running.admin(&settings, &base, Some(redis.clone()));
        for _ in 0..ROUTERS {
            running.router(router.board(redis.clone()), router, options::router());
        }
        let (notifier, redis) = staff.notifier;
        running.notifier(notifier.board(redis), &notifier, sinks.notifier(&addresses.api)?);
        let (api, redis) = staff.api;
        let serving = options::api(&addresses.intake, &addresses.api);
        let app = api.api(api.board(redis), &serving, stop);
        let app = app.merge(mail::pages(mailbox, stop.clone()));
        running.api(place.api, app);
        running.ingest(place.intake, &staff.ingest, options::ingest());
        if args.demo {
            subscribe::rooms(&base.roster, &sinks.rooms).await?;
        }
        running.spawn(
            "push subscriptions",
            subscribe::everybody(base.roster.clone(), sinks.clone(), stop.clone()),
        );

        let system = Self { servers, base, running, addresses, _sinks: sinks };
        if args.json {
            term::out(&format!("{}\n", serde_json::to_string(&system.addresses)?));
        } else {
            let took = clock.now() - began;
            let System { addresses, servers, base, .. } = &system;
            term::out(&welcome::text(addresses, servers, &base.roster, args, &moved, took)?);
        }
        Ok(system)
    }

    /// Ends when told to, or when anything in it ends by itself.
    async fn until_stopped(self, args: &Args) -> anyhow::Result<ExitCode> {
        let Self { mut servers, base, mut running, addresses, .. } = self;
        let stop = running.stop.clone();
        if !args.json {
            running.spawn(
                "ticker",
                ticker::tick(base.nats.clone(), base.roster.clone(), stop.clone()),
            );
        }
        if let Some(every) = args.leads_every {
            running.spawn("leads", leads::send(addresses, every, base.clock.clone(), stop.clone()));
        }
        let outcome = tokio::select! {
            () = stop.cancelled() => Ok(()),
            gone = servers.ended() => Err(gone),
            ended = running.ended() => ended,
        };
        let code = match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                term::err(&format!("tipoff: {error:#}; stopping everything else\n"));
                exit::WRONG.into()
            }
        };
        stop.cancel();
        match tokio::time::timeout(DRAIN, running.finished()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => term::err(&format!("tipoff: {error:#}\n")),
            Err(_) => term::err("tipoff: not everything finished in time\n"),
        }
        Ok(code)
    }
}

/// Every service's own connections, each as the user that it is anywhere else.
/// All share one view of the configuration, so that whoever edits it sees it at
/// work at once.
struct Staff {
    ingest: Base,
    router: (Base, Redis),
    notifier: (Base, Redis),
    api: (Base, Redis),
}

impl Staff {
    async fn connect(
        servers: &Servers,
        base: &Base,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let nats = async |user: User| {
            let name = format!("tipoff-{}", user.name());
            base.connected_as(&servers.settings(user), &name, stop).await
        };
        let both = async |user: User| {
            let redis = connect::redis(&servers.settings(user), stop).await?;
            anyhow::Ok((nats(user).await?, redis))
        };
        let (ingest, router, notifier, api) = tokio::try_join!(
            nats(User::Ingest),
            both(User::Router),
            both(User::Notifier),
            both(User::Api),
        )?;
        Ok(Self { ingest, router, notifier, api })
    }
}

/// Where the services listen.
struct Place {
    ports: Ports,
    api: TcpListener,
    intake: TcpListener,
    admin: SocketAddr,
}

impl Place {
    async fn take(base: Option<u16>, moved: &mut Vec<Moved>) -> anyhow::Result<Self> {
        let ports = Ports::from(base);
        let api = ports::listen("the API", ports.api, moved).await?;
        let intake = ports::listen("the intake", ports.intake, moved).await?;
        // Health takes an address, so this one is taken and given back.
        let admin = ports::listen("health", ports.admin, moved).await?.local_addr()?;
        Ok(Self { ports, api, intake, admin })
    }

    fn settings(&self, servers: &Servers) -> Settings {
        Settings {
            admin_listen: Some(self.admin),
            ..Settings::at(servers.nats.url(), servers.redis.url())
        }
    }
}

fn url(listener: &TcpListener) -> anyhow::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}
