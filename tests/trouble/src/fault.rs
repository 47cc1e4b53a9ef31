//! What is broken on purpose, and how it is mended again.

mod failover;
mod log;
mod road;
mod store;

use std::fmt;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use tokio::time::sleep;

use crate::service::{Kind, Service, signal};
use crate::system::{System, shifted};
use tipoff_testkit::proxy::Road;

/// One of the two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    Nats,
    Redis,
}

impl Server {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Redis => "redis",
        }
    }
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing does; so that there is something to compare with.
    Nothing,
    Kill(Kind),
    KillServer(Server),
    /// Every service at once, or the servers too.
    KillServices,
    KillAll,
    /// Both servers lose power at the same moment: what they had not synced is gone.
    PowerLoss,
    /// The disk of both servers is full; they come back with more room.
    DiskFull,
    /// Of three servers of NATS the one that leads: it crashes, or is asked to go.
    KillLeader,
    StopLeader,
    /// It loses its disk, or comes back with a damaged one, which is then replaced.
    /// Once it has everything again, another one goes.
    NatsDiskLost,
    NatsDiskDamaged,
    /// It and the other two hear nothing of each other, while services stay connected to all
    /// three; or one that only follows does.
    LeaderCutOff,
    FollowerCutOff,
    /// A master of a Redis cluster dies, and its replica takes over.
    KillMaster,
    /// SIGSTOP for a while.
    Pause(Kind),
    PauseServer(Server),
    /// The roads between one service and one server.
    Cut(Kind, Server),
    HalfOpen(Kind, Server),
    /// The same, where packets are lost one way only: to the server, or from it.
    Mute(Kind, Server),
    Deaf(Kind, Server),
    /// The roads between all services and one server.
    Slow(Server),
    Torn(Server),
    /// Redis answers, but not as it should.
    OutOfMemory,
    ReadOnly,
    Loading,
    Busy,
    NoScript,
    /// Redis has no room on its disk, and ends.
    RedisDiskFull,
    /// EVENTS or LEADS takes no more.
    LogFull,
    /// JetStream has no room on its disk.
    NatsDiskFull,
    /// The clocks of half of the services are ten minutes behind, of the others ten minutes ahead.
    ClocksApart,
    /// JetStream gives the routers nothing for a while.
    ConsumerPaused,
    /// SIGTERM under load.
    Drain(Kind),
    /// Every service is replaced by another, one after the other.
    Rolling,
    /// The routers' consumer skips what waits.
    ConsumerSkips,
    /// Redis comes back without its last second.
    RedisForgets,
    /// Redis comes back without anything that it ever knew.
    RedisEmpty,
    /// A replica that lags behind takes over, and later the first one again.
    RedisFailsOver,
}

impl fmt::Display for Fault {
    /// As on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "nothing"),
            Self::Kill(kind) => write!(f, "kill-{}", kind.name()),
            Self::KillServer(server) => write!(f, "kill-{}", server.name()),
            Self::KillServices => write!(f, "kill-services"),
            Self::KillAll => write!(f, "kill-all"),
            Self::PowerLoss => write!(f, "power-loss"),
            Self::DiskFull => write!(f, "disk-full"),
            Self::KillLeader => write!(f, "kill-nats-leader"),
            Self::StopLeader => write!(f, "stop-nats-leader"),
            Self::NatsDiskLost => write!(f, "nats-disk-lost"),
            Self::NatsDiskDamaged => write!(f, "nats-disk-damaged"),
            Self::LeaderCutOff => write!(f, "cut-off-nats-leader"),
            Self::FollowerCutOff => write!(f, "cut-off-nats-follower"),
            Self::KillMaster => write!(f, "kill-redis-master"),
            Self::Pause(kind) => write!(f, "pause-{}", kind.name()),
            Self::PauseServer(server) => write!(f, "pause-{}", server.name()),
            Self::Cut(kind, server) => write!(f, "cut-{}-{}", kind.name(), server.name()),
            Self::HalfOpen(kind, server) => {
                write!(f, "half-open-{}-{}", kind.name(), server.name())
            }
            Self::Mute(kind, server) => write!(f, "mute-{}-{}", kind.name(), server.name()),
            Self::Deaf(kind, server) => write!(f, "deaf-{}-{}", kind.name(), server.name()),
            Self::Slow(server) => write!(f, "slow-{}", server.name()),
            Self::Torn(server) => write!(f, "torn-{}", server.name()),
            Self::OutOfMemory => write!(f, "redis-out-of-memory"),
            Self::ReadOnly => write!(f, "redis-read-only"),
            Self::Loading => write!(f, "redis-loading"),
            Self::Busy => write!(f, "redis-busy"),
            Self::NoScript => write!(f, "redis-no-script"),
            Self::RedisDiskFull => write!(f, "redis-disk-full"),
            Self::LogFull => write!(f, "log-full"),
            Self::NatsDiskFull => write!(f, "nats-disk-full"),
            Self::ClocksApart => write!(f, "clocks-apart"),
            Self::ConsumerPaused => write!(f, "consumer-paused"),
            Self::Drain(kind) => write!(f, "drain-{}", kind.name()),
            Self::Rolling => write!(f, "rolling-restart"),
            Self::ConsumerSkips => write!(f, "consumer-skips"),
            Self::RedisForgets => write!(f, "redis-forgets"),
            Self::RedisEmpty => write!(f, "redis-empty"),
            Self::RedisFailsOver => write!(f, "redis-fails-over"),
        }
    }
}

impl Fault {
    /// All of them, the gentle ones first.
    pub fn all() -> Vec<Self> {
        use Server::{Nats, Redis};
        let mut all = vec![Self::Nothing];
        all.extend(Kind::ALL.map(Self::Drain));
        all.push(Self::Rolling);
        all.extend(Kind::ALL.map(Self::Kill));
        all.extend([Redis, Nats].map(Self::KillServer));
        all.extend([Self::KillServices, Self::KillAll, Self::PowerLoss]);
        all.extend(Kind::ALL.map(Self::Pause));
        all.extend([Redis, Nats].map(Self::PauseServer));
        let roads =
            [(Kind::Router, Redis), (Kind::Router, Nats), (Kind::Api, Redis), (Kind::Api, Nats)];
        let more = [(Kind::Ingest, Nats), (Kind::Notifier, Nats), (Kind::Notifier, Redis)];
        let every = || roads.into_iter().chain(more);
        all.extend(every().map(|(kind, server)| Self::Cut(kind, server)));
        all.extend(roads.map(|(kind, server)| Self::HalfOpen(kind, server)));
        all.extend(every().map(|(kind, server)| Self::Mute(kind, server)));
        all.extend(every().map(|(kind, server)| Self::Deaf(kind, server)));
        all.extend([Redis, Nats].map(Self::Slow));
        all.extend([Redis, Nats].map(Self::Torn));
        all.extend([Self::OutOfMemory, Self::ReadOnly, Self::Loading, Self::Busy, Self::NoScript]);
        all.extend([Self::LogFull, Self::RedisDiskFull, Self::NatsDiskFull, Self::DiskFull]);
        all.extend([
            Self::ClocksApart,
            Self::ConsumerPaused,
            Self::ConsumerSkips,
            Self::RedisForgets,
            Self::RedisEmpty,
            Self::RedisFailsOver,
        ]);
        all
    }

    /// What is different where NATS has three servers.
    pub fn of_three() -> Vec<Self> {
        let (nats, router) = (Self::KillServer(Server::Nats), Self::Kill(Kind::Router));
        let leader = [
            Self::KillLeader,
            Self::StopLeader,
            Self::LeaderCutOff,
            Self::FollowerCutOff,
            Self::NatsDiskLost,
            Self::NatsDiskDamaged,
        ];
        let all = [nats, Self::PowerLoss, router];
        [Self::Nothing].into_iter().chain(leader).chain(all).collect()
    }

    /// What is different where Redis is a cluster.
    pub fn of_cluster() -> Vec<Self> {
        let (redis, router) = (Self::KillServer(Server::Redis), Self::Kill(Kind::Router));
        vec![Self::Nothing, Self::KillMaster, redis, router]
    }

    /// The deaths of one process.
    pub fn kills() -> Vec<Self> {
        let servers = [Server::Redis, Server::Nats].map(Self::KillServer);
        Kind::ALL.map(Self::Kill).into_iter().chain(servers).collect()
    }

    /// Whether the servers' data must lie on a disk of their own, which only root can have.
    pub fn needs_a_disk(self) -> bool {
        matches!(self, Self::PowerLoss | Self::DiskFull)
    }

    /// Whether deadlines may be late while it lasts.
    pub fn delays_deadlines(self) -> bool {
        !matches!(
            self,
            Self::Nothing
                | Self::NoScript
                | Self::ClocksApart
                | Self::Kill(Kind::Ingest | Kind::Notifier | Kind::Api)
                | Self::Pause(Kind::Ingest | Kind::Notifier | Kind::Api)
                | Self::Cut(Kind::Ingest | Kind::Notifier | Kind::Api, _)
                | Self::HalfOpen(Kind::Ingest | Kind::Notifier | Kind::Api, _)
                | Self::Mute(Kind::Ingest | Kind::Notifier | Kind::Api, _)
                | Self::Deaf(Kind::Ingest | Kind::Notifier | Kind::Api, _)
                | Self::Drain(_)
                | Self::Rolling
        )
    }

    /// Whether agents may go untold while it lasts.
    pub fn silences(self) -> bool {
        self.delays_deadlines()
            || matches!(
                self,
                Self::Kill(Kind::Notifier)
                    | Self::Pause(Kind::Notifier)
                    | Self::Cut(Kind::Notifier, _)
                    | Self::HalfOpen(Kind::Notifier, _)
                    | Self::Mute(Kind::Notifier, _)
                    | Self::Deaf(Kind::Notifier, _)
                    | Self::Drain(Kind::Notifier)
                    | Self::ClocksApart
                    | Self::Rolling
            )
    }

    /// Breaks it, lets that last for `hold`, and mends it. `dice` says which of several.
    pub async fn happen(self, system: &System, hold: Duration, dice: usize) -> anyhow::Result<()> {
        match self {
            Self::Nothing => sleep(hold).await,
            Self::Kill(kind) => {
                let mut service = system.service(kind, dice).await?;
                service.kill().await?;
                service.start(&[]).await?;
            }
            Self::KillServer(Server::Nats) => system.nats_server.lock().await.restart().await?,
            Self::KillServer(Server::Redis) => system.redis_server.lock().await.restart().await?,
            Self::KillServices => kill_services(system).await?,
            Self::KillAll => {
                system.nats_server.lock().await.kill().await?;
                system.redis_server.lock().await.kill().await?;
                kill_services(system).await?;
            }
            Self::PowerLoss => power_loss(system).await?,
            Self::DiskFull => disk_full(system, hold).await?,
            Self::KillLeader => log::lose_leader(system, "-KILL", hold).await?,
            Self::StopLeader => log::lose_leader(system, "-TERM", hold).await?,
            Self::LeaderCutOff => log::leader_cut_off(system, hold).await?,
            Self::FollowerCutOff => log::follower_cut_off(system, hold).await?,
            Self::NatsDiskLost => log::disk_lost(system, hold).await?,
            Self::NatsDiskDamaged => log::disk_damaged(system, hold).await?,
            Self::KillMaster => {
                let died = || system.board_forgets();
                system.redis_server.lock().await.lose_master(dice, hold, died).await?;
            }
            Self::Pause(kind) => {
                let service = system.service(kind, dice).await?;
                service.pause().await?;
                sleep(hold).await;
                service.go_on().await?;
            }
            Self::PauseServer(server) => pause_server(system, server, hold).await?,
            Self::Cut(kind, server) => {
                road::while_it_is(Road::Cut, system, Some(kind), server, hold).await;
            }
            Self::HalfOpen(kind, server) => {
                road::while_it_is(Road::HalfOpen, system, Some(kind), server, hold).await;
            }
            Self::Mute(kind, server) => {
                road::while_it_is(Road::Mute, system, Some(kind), server, hold).await;
            }
            Self::Deaf(kind, server) => {
                road::while_it_is(Road::Deaf, system, Some(kind), server, hold).await;
            }
            Self::Slow(server) => {
                let slow = Road::Slow(Duration::from_millis(100));
                road::while_it_is(slow, system, None, server, hold).await;
            }
            Self::Torn(server) => road::while_it_is(Road::Torn, system, None, server, hold).await,
            Self::Loading => {
                let says = Road::Says("LOADING Redis is loading the dataset in memory");
                road::while_it_is(says, system, None, Server::Redis, hold).await;
            }
            Self::OutOfMemory => store::out_of_memory(system, hold).await?,
            Self::ReadOnly => store::read_only(system, hold).await?,
            Self::Busy => store::busy(system, hold).await?,
            Self::NoScript => store::no_script(system, hold).await?,
            Self::RedisDiskFull => store::disk_full(system).await?,
            Self::RedisForgets => store::forgets(system).await?,
            Self::RedisEmpty => store::comes_back_empty(system).await?,
            Self::RedisFailsOver => failover::redis(system, hold).await?,
            Self::LogFull => log::full(system, hold).await?,
            Self::NatsDiskFull => log::disk_full(system, hold).await?,
            Self::ConsumerPaused => log::consumer_paused(system, hold).await?,
            Self::ConsumerSkips => log::consumer_skips(system).await?,
            Self::ClocksApart => clocks_apart(system, hold).await?,
            Self::Drain(kind) => drain(&mut *system.service(kind, dice).await?, &[]).await?,
            Self::Rolling => {
                for service in &system.services {
                    drain(&mut *service.lock().await, &[]).await?;
                }
            }
        }
        Ok(())
    }
}

async fn pause_server(system: &System, server: Server, hold: Duration) -> anyhow::Result<()> {
    let pids = pids(system, server).await;
    for pid in &pids {
        signal("-STOP", *pid).await?;
    }
    sleep(hold).await;
    for pid in &pids {
        signal("-CONT", *pid).await?;
    }
    Ok(())
}

async fn disk_full(system: &System, hold: Duration) -> anyhow::Result<()> {
    let disk = system.disk.as_ref().context(NO_DISK)?.lock().await;
    disk.fill().await?;
    sleep(hold).await;
    disk.make_room().await?;
    // What has met a full disk does not work again by itself.
    let (mut nats, mut redis) = (system.nats_server.lock().await, system.redis_server.lock().await);
    let (nats, redis) = tokio::join!(nats.restart(), redis.restart());
    nats.and(redis)
}

const NO_DISK: &str = "the servers' data lie on no disk of their own";

async fn power_loss(system: &System) -> anyhow::Result<()> {
    let disk = system.disk.as_ref().context(NO_DISK)?;
    let mut disk = disk.lock().await;
    let (mut nats, mut redis) = (system.nats_server.lock().await, system.redis_server.lock().await);
    for pid in nats.pids().into_iter().chain(redis.pids()) {
        signal("-STOP", pid).await?;
    }
    let kept = disk.what_was_kept().await?;
    nats.kill().await?;
    redis.kill().await?;
    disk.come_back_as(kept).await?;
    let (nats, redis) = tokio::join!(nats.restart(), redis.restart());
    nats.and(redis)
}

async fn pids(system: &System, server: Server) -> Vec<u32> {
    match server {
        Server::Nats => system.nats_server.lock().await.pids(),
        Server::Redis => system.redis_server.lock().await.pids(),
    }
}

async fn kill_services(system: &System) -> anyhow::Result<()> {
    for service in &system.services {
        service.lock().await.kill().await?;
    }
    for service in &system.services {
        service.lock().await.spawn(&[]).await?;
    }
    // Where the servers are gone as well, the services are there first and wait.
    let (mut nats, mut redis) = (system.nats_server.lock().await, system.redis_server.lock().await);
    if nats.has_ended() {
        nats.restart().await?;
    }
    if redis.has_ended() {
        redis.restart().await?;
    }
    drop((nats, redis));
    try_join_all(system.services.iter().map(async |service| service.lock().await.ready().await))
        .await?;
    Ok(())
}

/// What a service may take to end after SIGTERM: its grace period and a little.
const GRACE: Duration = Duration::from_secs(25);

/// Ends in order, and another one starts, with `more` in its environment.
async fn drain(service: &mut Service, more: &[(String, String)]) -> anyhow::Result<()> {
    let (status, took) = service.drain(GRACE).await?;
    ensure!(status.success(), "the {} ended with {status} after {took:?}", service.kind.name());
    service.start(more).await
}

const TEN_MINUTES: i64 = 600;

async fn clocks_apart(system: &System, hold: Duration) -> anyhow::Result<()> {
    for (number, service) in system.services.iter().enumerate() {
        let by = if number % 2 == 0 { TEN_MINUTES } else { -TEN_MINUTES };
        let (name, mut service) = (format!("clock-{number}"), service.lock().await);
        let (shift, _) = shifted::clock(&system.directory, &name, by).await?;
        drain(&mut service, &shift).await?;
    }
    sleep(hold).await;
    for service in &system.services {
        drain(&mut *service.lock().await, &[]).await?;
    }
    Ok(())
}
