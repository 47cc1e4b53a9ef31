//! Pull, handle, settle.
//!
//! A handler never touches NATS. It returns an [`Outcome`], and this module
//! turns that into exactly one acknowledgement. A process that dies or a
//! handler that panics settles nothing, and JetStream delivers the message
//! again; that is why handlers must be safe to run twice.

mod consumer;
mod measure;
mod pull;
mod seats;
mod settle;

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tipoff_wire::Stream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, info_span, warn};

use crate::{Backoff, Clock, Nats, telemetry};
use pull::Pull;
pub use seats::InFlight;
use seats::{Seat, Seats};
use settle::Settler;

/// After so long what a process that died had in hand goes to another: soon enough
/// that an agent who is asked for ten seconds still hears of it. Work that takes
/// longer is kept alive, twice in that time.
pub const ACK_WAIT: Duration = Duration::from_secs(5);

/// One message, as it was delivered. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub subject: Subject,
    pub headers: Arc<HeaderMap>,
    pub body: Bytes,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// When it was published, the same at every delivery.
    pub published: DateTime<Utc>,
    /// 1 for the first time.
    pub deliveries: i64,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Deliver it again after this long.
    RetryIn(Duration),
    /// Nothing is wrong with it, but what it needs is away: deliver it again
    /// after this long, however often that takes.
    NotNow(Duration),
    /// It can never be handled: set it aside in DEAD with this reason, which
    /// must not repeat contact details.
    GiveUp(String),
}

/// Whoever handles messages.
pub trait Handler: Send + Sync + 'static {
    /// Handles one message; called many times at once.
    fn handle(&self, delivery: Delivery) -> impl Future<Output = Outcome> + Send;
}

impl<H: Handler> Handler for Arc<H> {
    fn handle(&self, delivery: Delivery) -> impl Future<Output = Outcome> + Send {
        self.as_ref().handle(delivery)
    }
}

/// One durable consumer and how hard to work for it.
#[derive(Debug, Clone)]
pub struct WorkerLimits {
    pub stream: Stream,
    /// Name of the durable consumer; all processes that name the same share the work.
    pub durable: String,
    /// `None`: everything in the stream.
    pub filter: Option<String>,
    /// Where the durable consumer begins when it is made; `None`: with the first message.
    pub since: Option<DateTime<Utc>>,
    /// Messages handled at once by this process.
    pub in_flight: InFlight,
    /// After this long without an answer JetStream delivers again.
    pub ack_wait: Duration,
    /// After this many deliveries that asked for a retry, the message goes to DEAD.
    pub most_deliveries: i64,
    /// How long to wait for work in hand when stopping.
    pub drain: Duration,
}

/// Why a worker ended before it was stopped.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error("consumer {durable} of {stream} could not be made ready")]
    Consumer {
        stream: &'static str,
        durable: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Without a message for this long, ask whether there should have been one.
const WATCHDOG: Duration = Duration::from_secs(15);

/// Works until `stop` is cancelled, then finishes what is in hand. Lost
/// connections and lost consumers are waited out and made good.
pub async fn work<H: Handler>(
    nats: Nats,
    clock: Clock,
    limits: WorkerLimits,
    handler: H,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let settler = Settler::new(nats.clone(), clock, &limits);
    let seats = Arc::new(Seats::new(limits.in_flight));
    settler.measures.at_once(seats.count());
    let tasks = TaskTracker::new();
    let worker = Worker {
        nats,
        limits,
        handler: Arc::new(handler),
        settler: Arc::new(settler),
        seats,
        tasks,
        stop,
    };
    let ended = worker.run().await;
    worker.drain().await;
    ended
}

struct Worker<H> {
    nats: Nats,
    limits: WorkerLimits,
    handler: Arc<H>,
    settler: Arc<Settler>,
    seats: Arc<Seats>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl<H: Handler> Worker<H> {
    /// Pulls until stopped, from a new pull stream whenever one ends.
    async fn run(&self) -> Result<(), WorkerError> {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
        let mut opened_before = false;
        while !self.stop.is_cancelled() {
            let opened = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                opened = consumer::open(&self.nats, &self.limits) => opened,
            };
            match opened {
                Ok(consumer) => {
                    opened_before = true;
                    self.pull(&consumer, &mut backoff).await;
                }
                Err(error) if !opened_before && error.is_final() => {
                    return Err(self.not_ready(error));
                }
                Err(error) => warn!(
                    error = &error as &dyn std::error::Error,
                    consumer = self.limits.durable,
                    "the consumer cannot be reached, trying again"
                ),
            }
            backoff.wait(&self.stop).await;
        }
        Ok(())
    }

    /// Hands messages out until stopped or until something is wrong with the stream.
    async fn pull(&self, consumer: &consumer::Durable, backoff: &mut Backoff) {
        let opened = Pull::open(&self.nats, consumer).await;
        let mut messages = match opened {
            Ok(messages) => messages,
            Err(error) => return self.lost(&error),
        };
        while let Some(seat) = self.seat().await {
            let next = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                next = timeout(WATCHDOG, messages.next(self.seats.count())) => next,
            };
            match next {
                Ok(Ok(message)) => {
                    backoff.reset();
                    self.spawn(message, seat);
                }
                Ok(Err(error)) => {
                    self.lost(&error);
                    break;
                }
                Err(_) if consumer::is_starved(consumer).await => {
                    warn!(
                        consumer = self.limits.durable,
                        "messages wait but none comes, pulling anew"
                    );
                    break;
                }
                Err(_) => {}
            }
        }
        // What was fetched and not begun goes to somebody else at once.
        for message in messages.end().await {
            self.settler.hand_back(&message).await;
        }
    }

    /// A free place for one more message; `None`: stopped.
    async fn seat(&self) -> Option<Seat> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            seat = self.seats.take() => seat,
        }
    }

    fn lost(&self, error: &(dyn std::error::Error + 'static)) {
        warn!(error, consumer = self.limits.durable, "pulling failed, trying again");
    }

    fn spawn(&self, message: jetstream::Message, seat: Seat) {
        let span =
            info_span!("message", subject = %message.subject, consumer = self.limits.durable);
        if let Some(headers) = &message.headers {
            telemetry::adopt(&span, headers);
        }
        let (handler, settler, seats) =
            (self.handler.clone(), self.settler.clone(), self.seats.clone());
        let task = async move {
            let done_in = settler.see_through(&*handler, message).await;
            if let Some(seats) = seats.leave(seat, done_in) {
                settler.measures.at_once(seats);
            }
        };
        self.tasks.spawn(task.instrument(span));
    }

    async fn drain(&self) {
        self.tasks.close();
        if timeout(self.limits.drain, self.tasks.wait()).await.is_err() {
            let unfinished = self.tasks.len();
            warn!(
                unfinished,
                consumer = self.limits.durable,
                "stopping without waiting longer; JetStream delivers again"
            );
        }
    }

    fn not_ready(&self, error: consumer::OpenError) -> WorkerError {
        let (stream, durable) = (self.limits.stream.name(), self.limits.durable.clone());
        WorkerError::Consumer { stream, durable, source: Box::new(error) }
    }
}
