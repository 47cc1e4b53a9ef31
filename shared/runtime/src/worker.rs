//! Pull, handle, settle.
//!
//! A handler never touches NATS. It returns an [`Outcome`], and this module
//! turns that into exactly one acknowledgement. A handler that panics or
//! outlives the ack wait settles nothing, and JetStream delivers the message
//! again; that is why handlers must be safe to run twice.

use std::time::Duration;

use async_nats::HeaderMap;
use bytes::Bytes;
use tipoff_wire::Stream;
use tokio_util::sync::CancellationToken;

use crate::{Clock, Nats};

/// One message, as it was delivered.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub subject: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// 1 for the first time.
    pub deliveries: i64,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Deliver it again after this long.
    RetryIn(Duration),
    /// It can never be handled: set it aside in DEAD with this reason, which
    /// must not repeat contact details.
    GiveUp(String),
}

/// Whoever handles messages.
pub trait Handler: Send + Sync + 'static {
    /// Handles one message; called many times at once.
    fn handle(&self, delivery: Delivery) -> impl Future<Output = Outcome> + Send;
}

/// One durable consumer and how hard to work for it.
#[derive(Debug, Clone)]
pub struct WorkerLimits {
    pub stream: Stream,
    /// Name of the durable consumer; all processes that name the same share the work.
    pub durable: String,
    /// `None`: everything in the stream.
    pub filter: Option<String>,
    /// Messages handled at once by this process.
    pub in_flight: usize,
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
    Consumer { stream: &'static str, durable: String, #[source] source: Box<dyn std::error::Error + Send + Sync> },
}

/// Works until `stop` is cancelled, then finishes what is in hand. Lost
/// connections and lost consumers are waited out and made good.
pub async fn work<H: Handler>(
    nats: Nats,
    clock: Clock,
    limits: WorkerLimits,
    handler: H,
    stop: CancellationToken,
) -> Result<(), WorkerError> {
    let _ = (nats, clock, limits, handler, stop);
    todo!()
}
