//! The router decides: it places leads as they come in, moves them on when
//! nobody took them, and ships events that a crash left behind.
//!
//! Any number of routers share the work without being told of each other.
//! LEADS is shared out by JetStream, in two lines: what comes for one team by the
//! thousand waits apart. Partitions are shared out by a list of who lives
//! ([`share`]). Two routers that sweep the same partition do no harm: the board
//! decides.

mod age_out;
mod audit;
mod away;
mod backlog;
mod dismissal;
mod guarded;
mod misses;
mod options;
mod overlooked;
mod place;
mod reused;
mod room;
mod rounds;
mod seed;
mod share;
mod staff;
mod starved;
mod sweep;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tipoff_board::Board;
use tipoff_roster::Roster;
use tipoff_runtime::{
    ACK_WAIT, Clock, Failing, InFlight, Nats, Publisher, WorkerError, WorkerLimits, worker,
};
use tipoff_wire::{Line, Stream, subject};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::info;

pub use options::Options;

use crate::away::Away;
use crate::overlooked::Overlooked;
use crate::place::Placer;
use crate::reused::Reused;
use crate::room::Room;
use crate::seed::Seeds;
use crate::sweep::{Mover, Progress};

/// More leads are in hand while two of three are placed within this long: so long
/// wait claims and deadlines, and the leads of others, behind a flood.
const SOON: Duration = Duration::from_millis(40);
/// So many times as many as the least, at most.
const MOST_TIMES: usize = 8;

/// Why a router ended before it was stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("leads could not be pulled")]
    Worker(#[from] WorkerError),
    #[error("the deployment's draw secret cannot be read")]
    DrawSecret,
    #[error("wake-up calls could not be subscribed to")]
    Wake(#[source] async_nats::SubscribeError),
}

/// Routes until `stop` is cancelled, then finishes what is in hand.
///
/// Boxed, so that it is compiled here and not in every program that runs it.
pub fn run(
    nats: Nats,
    board: Board,
    roster: Roster,
    clock: Clock,
    options: Options,
    stop: CancellationToken,
) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move {
        let seeds = Seeds::new(&roster.deployment().draw_secret).ok_or(Error::DrawSecret)?;
        let placer = Placer {
            board: board.clone().patient(),
            roster: roster.clone(),
            clock: clock.clone(),
            seeds: seeds.clone(),
            waiting: Failing::default(),
            away: Away::default(),
            reused: Reused {
                board: board.clone(),
                publisher: Publisher::new(nats.clone()),
                clock: clock.clone(),
            },
        };
        let every = Duration::from_secs(options.audit_seconds.max(1));
        let room = Room::new(board.clone());
        let overlooked = Overlooked::new(nats.clone(), board.clone(), placer.clone());
        let (mine, sweeping) = watch::channel(Vec::new());
        let mover = Mover {
            board: board.patient(),
            roster,
            clock: clock.clone(),
            seeds,
            sweeps: Failing::default(),
            moves: Failing::default(),
            progress: Progress::new(),
            seats: Arc::new(Semaphore::new(sweep::AT_ONCE)),
        };

        let [prompt, bulk] = Line::EVERY.map(|line| pulled(line, options));
        let in_bulk = Placer { board: placer.board.clone().of(Line::Bulk), ..placer.clone() };

        info!(in_flight = options.in_flight, "routing");
        let (prompt, bulk, shared, (), ()) = tokio::join!(
            worker::work(nats.clone(), clock.clone(), prompt, placer, stop.clone()),
            worker::work(nats.clone(), clock, bulk, in_bulk, stop.clone()),
            share::share_out(nats, mover, mine, stop.clone()),
            overlooked.watch(every, sweeping, stop.clone()),
            room.watch(stop.clone()),
        );
        prompt?;
        bulk?;
        shared?;
        Ok(())
    })
}

/// How leads of one line are pulled.
fn pulled(line: Line, options: Options) -> WorkerLimits {
    let least = match line {
        Line::Prompt => options.in_flight,
        Line::Bulk => options.bulk_in_flight,
    };
    WorkerLimits {
        stream: Stream::Leads,
        durable: starved::consumer(line).to_owned(),
        filter: Some(subject::leads_new_of(line)),
        since: None,
        in_flight: InFlight::up_to(least, MOST_TIMES, SOON),
        ack_wait: ACK_WAIT,
        most_deliveries: 5,
        drain: Duration::from_secs(options.drain_seconds),
    }
}
