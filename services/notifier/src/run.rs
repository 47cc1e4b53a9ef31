//! The notifier's workers, put together.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures::future::BoxFuture;
use tipoff_board::Board;
use tipoff_letters::BadTexts;
use tipoff_roster::Roster;
use tipoff_runtime::{ACK_WAIT, Clock, Nats, Publisher, Turns, WorkerError, WorkerLimits, worker};
use tipoff_wire::link::{BadLink, read_secret};
use tipoff_wire::{Log, Stream, subject};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Options;
use crate::announce::Announcer;
use crate::carrier::Carrier;
use crate::channels::{self, Parts, Unusable};
use crate::deliver::Deliverer;
use crate::flood::Flood;
use crate::letter::{Own, Writer};
use crate::looks::Looks;
use crate::meter::Meter;
use crate::noted::Noted;
use crate::spread::Spreader;
use crate::trial::Tester;
use crate::undelivered::{Setbacks, Undelivered};
use crate::webhook;

/// Tests being sent at once; one that hangs is given up by its channel.
const TESTS_AT_ONCE: usize = 32;
const SETBACKS_AT_ONCE: usize = 32;
/// One after the other: they are told in their order.
const EDITS_AT_ONCE: usize = 1;
const MARGIN: TimeDelta = TimeDelta::minutes(1);
const DRAIN: Duration = Duration::from_secs(20);
/// How often is each notice's own business: it ends with its deadline. This is
/// more than the longest deadline has minutes.
const MOST_DELIVERIES: i64 = 50_000;

/// Why the notifier does not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Channel(#[from] Unusable),
    #[error("the deployment's link secret is of no use")]
    LinkSecret(#[from] BadLink),
    #[error(transparent)]
    Texts(#[from] BadTexts),
    #[error(transparent)]
    Webhooks(#[from] webhook::Unusable),
    #[error("a worker ended")]
    Worker(#[from] WorkerError),
}

/// Tells agents until `stop` is cancelled and what is in hand is finished.
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
        let secret = read_secret(&roster.deployment().link_secret)?;
        let writer = Arc::new(Writer::new(&options.public_url, secret, own_templates(&roster))?);
        let parts = Parts {
            nats: nats.clone(),
            board: board.clone(),
            roster: roster.clone(),
            clock: clock.clone(),
            writer,
        };
        let carriers = channels::open(&parts, &options.channels)?;
        let (noted, writing) = Noted::on(board.clone(), clock.clone());
        let writing = tokio::spawn(writing);
        let mut staff = Staff {
            noted,
            undelivered: Undelivered::new(nats.clone(), board.clone(), roster.clone()),
            nats,
            looks: Looks::at(board.clone()),
            board,
            roster,
            clock,
            workers: JoinSet::new(),
            stop: stop.child_token(),
        };
        staff.test(carriers.clone());
        staff.take_setbacks(carriers.clone());
        let deliverers = carriers.into_iter().map(|carrier| staff.deliver(carrier)).collect();
        staff.spread(deliverers, options.notifier_in_flight);
        staff.announce();
        staff.webhooks(&options)?;
        let ended = staff.work().await;
        // Nobody has anything to note any more.
        writing.await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
        ended
    })
}

fn own_templates(roster: &Roster) -> Box<Own> {
    let roster = roster.clone();
    Box::new(move |entity, piece, locale| roster.template(entity, &piece.to_string(), locale))
}

/// The workers and what they share.
struct Staff {
    nats: Nats,
    board: Board,
    looks: Looks,
    roster: Roster,
    clock: Clock,
    undelivered: Undelivered,
    noted: Noted,
    workers: JoinSet<Result<(), WorkerError>>,
    stop: CancellationToken,
}

impl Staff {
    /// A consumer of its own for every channel: none waits for another. What is
    /// delivered right away shares its turns.
    fn deliver(&mut self, carrier: Arc<dyn Carrier>) -> Arc<Deliverer> {
        let channel = carrier.channel();
        let turns =
            Turns::new(carrier.pace().at_once, carrier.pace().per_second, self.stop.clone());
        let in_hand = turns.in_hand();
        let (looks, roster) = (self.looks.clone(), self.roster.clone());
        let meter = Meter::new(channel);
        let (undelivered, noted) = (self.undelivered.clone(), self.noted.clone());
        let flood = Flood::over(channel);
        let deliverer =
            Arc::new(Deliverer { looks, roster, carrier, flood, turns, undelivered, meter, noted });
        let durable = format!("notify-{}", channel.as_str());
        let filter = Some(subject::notify_channel(channel));
        self.start(limits(Stream::Notify, durable, filter, in_hand), deliverer.clone());
        deliverer
    }

    /// Few are asked for, so those of all channels have one consumer.
    fn test(&mut self, carriers: Vec<Arc<dyn Carrier>>) {
        let handler = Tester { roster: self.roster.clone(), clock: self.clock.clone(), carriers };
        let filter = Some(subject::TRIALS.to_owned());
        let durable = "notify-tests".to_owned();
        self.start(limits(Stream::Notify, durable, filter, TESTS_AT_ONCE), handler);
    }

    /// What providers say afterwards.
    fn take_setbacks(&mut self, carriers: Vec<Arc<dyn Carrier>>) {
        let (board, roster) = (self.board.clone(), self.roster.clone());
        let undelivered = self.undelivered.clone();
        let handler = Setbacks { board, roster, undelivered, carriers };
        let filter = Some(subject::SETBACKS.to_owned());
        let durable = "notify-failed".to_owned();
        self.start(limits(Stream::Notify, durable, filter, SETBACKS_AT_ONCE), handler);
    }

    fn spread(&mut self, deliverers: Vec<Arc<Deliverer>>, in_flight: usize) {
        // However many channels answer nothing: there must be events in hand for the others.
        let seats: usize = deliverers.iter().map(|one| one.carrier.pace().at_once).sum();
        let handler = Spreader {
            right_away: seats.saturating_mul(2) <= in_flight,
            publisher: Publisher::new(self.nats.clone()),
            board: self.board.clone(),
            roster: self.roster.clone(),
            clock: self.clock.clone(),
            undelivered: self.undelivered.clone(),
            deliverers,
        };
        let limits = limits(Stream::Events, "notifier".to_owned(), None, in_flight);
        self.start(limits, handler);
    }

    /// From the first time on that a notifier is there, and a little before: clocks differ.
    fn announce(&mut self) {
        let publisher = Publisher::new(self.nats.clone());
        let handler = Announcer { roster: self.roster.clone(), publisher };
        let limits = limits(Stream::Roster, "announcements".to_owned(), None, EDITS_AT_ONCE);
        self.start(WorkerLimits { since: Some(self.clock.now() - MARGIN), ..limits }, handler);
    }

    fn webhooks(&mut self, options: &Options) -> Result<(), webhook::Unusable> {
        let (nats, board, roster) = (self.nats.clone(), self.board.clone(), self.roster.clone());
        let clock = self.clock.clone();
        for log in [Log::Events, Log::Changes] {
            let limits = limits(log.stream(), String::new(), None, options.notifier_in_flight);
            let (nats, roster, stop) = (nats.clone(), roster.clone(), self.stop.clone());
            let reading = webhook::fan_out(log, nats, roster, clock.clone(), limits, stop);
            self.workers.spawn(reading);
        }
        let stop = self.stop.clone();
        let staff = webhook::Staff::new(nats, board, roster, clock, &options.webhooks, stop)?;
        self.workers.spawn(staff.run());
        Ok(())
    }

    fn start(&mut self, limits: WorkerLimits, handler: impl tipoff_runtime::Handler) {
        self.workers.spawn(worker::work(
            self.nats.clone(),
            self.clock.clone(),
            limits,
            handler,
            self.stop.clone(),
        ));
    }

    /// Until all have ended. When one cannot go on, the others finish what they have.
    async fn work(mut self) -> Result<(), Error> {
        let mut ended = Ok(());
        while let Some(worker) = self.workers.join_next().await {
            let worker =
                worker.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
            if let Err(error) = worker {
                self.stop.cancel();
                ended = Err(error.into());
            }
        }
        ended
    }
}

fn limits(
    stream: Stream,
    durable: String,
    filter: Option<String>,
    in_flight: usize,
) -> WorkerLimits {
    WorkerLimits {
        stream,
        durable,
        filter,
        since: None,
        in_flight: in_flight.into(),
        ack_wait: ACK_WAIT,
        most_deliveries: MOST_DELIVERIES,
        drain: DRAIN,
    }
}
