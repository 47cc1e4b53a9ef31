//! Reading the log as it grows, past every fault.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures::StreamExt;
use tipoff_domain::LeadId;
use tipoff_runtime::Nats;
use tipoff_wire::event::State;
use tipoff_wire::{Event, EventKind, Stream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

const TRY_AGAIN: Duration = Duration::from_millis(100);
/// Longer than the server lets a connection be silent.
const SILENT_TOO_LONG: Duration = Duration::from_secs(10);
/// Whoever reads does not hear that the server knows nothing of it any more.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Where a lead stood when the log was last heard of it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub lead: LeadId,
    pub state: State,
    pub last: Event,
}

#[derive(Debug, Default)]
struct Known {
    by_lead: HashMap<LeadId, Seen>,
    by_key: HashMap<String, LeadId>,
    /// Leads that are on offer.
    waiting: usize,
}

/// Follows EVENTS until it is dropped.
#[derive(Debug)]
pub struct Watching {
    known: Arc<Mutex<Known>>,
    heard: watch::Receiver<u64>,
    following: JoinHandle<()>,
}

impl Watching {
    /// Every event is also handed to `listener`, in order.
    pub fn start(nats: Nats, listener: mpsc::UnboundedSender<Event>) -> Self {
        let known = Arc::<Mutex<Known>>::default();
        let (told, heard) = watch::channel(0);
        let following = tokio::spawn(follow(nats, known.clone(), told, listener));
        Self { known, heard, following }
    }

    /// The lead that was sent with that key, once `wanted` of it.
    pub async fn until(&self, key: &str, wanted: impl Fn(&Seen) -> bool) -> anyhow::Result<Seen> {
        let mut heard = self.heard.clone();
        loop {
            heard.borrow_and_update();
            if let Some(seen) = self.seen(key).filter(&wanted) {
                return Ok(seen);
            }
            heard.changed().await.context("nobody follows the log any more")?;
        }
    }

    /// Where the lead with that key stands.
    pub fn seen(&self, key: &str) -> Option<Seen> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.by_lead.get(known.by_key.get(key)?).cloned()
    }

    /// Whether the log has a lead with that key.
    pub fn knows(&self, key: &str) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).by_key.contains_key(key)
    }

    /// Leads that still wait for somebody, and all leads.
    pub fn waiting(&self) -> (usize, usize) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        (known.waiting, known.by_lead.len())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.following.abort();
    }
}

async fn follow(
    nats: Nats,
    known: Arc<Mutex<Known>>,
    told: watch::Sender<u64>,
    listener: mpsc::UnboundedSender<Event>,
) {
    let mut last = 0;
    loop {
        // Whatever goes wrong, the log is still there in a moment.
        read_on(&nats, &known, &told, &listener, &mut last).await.ok();
        if listener.is_closed() {
            return;
        }
        sleep(TRY_AGAIN).await;
    }
}

async fn read_on(
    nats: &Nats,
    leads: &Mutex<Known>,
    told: &watch::Sender<u64>,
    listener: &mpsc::UnboundedSender<Event>,
    last: &mut u64,
) -> anyhow::Result<()> {
    let stream = nats.jetstream.get_stream(Stream::Events.name()).await?;
    let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: *last + 1 };
    let config = pull::OrderedConfig { deliver_policy, ..pull::OrderedConfig::default() };
    let connections = || nats.client.statistics().connects.load(Relaxed);
    let (known, mut heard) = (connections(), Instant::now());
    let mut messages = stream.create_consumer(config).await?.messages().await?;
    loop {
        let message = match timeout(LOOK_EVERY, messages.next()).await {
            Ok(next) => next.context("the messages ended")??,
            Err(_) if connections() == known && heard.elapsed() < SILENT_TOO_LONG => continue,
            Err(_) => return Ok(()),
        };
        heard = Instant::now();
        let sequence = message.info().map_err(|error| anyhow::anyhow!(error))?.stream_sequence;
        let event: Event = serde_json::from_slice(&message.payload)?;
        note(leads, &event);
        *last = sequence;
        told.send_replace(sequence);
        listener.send(event).context("nobody listens")?;
    }
}

fn note(known: &Mutex<Known>, event: &Event) {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let own = event.payload.as_ref().filter(|_| event.kind == EventKind::Received);
    if let Some(key) = own.and_then(|payload| payload.get("external_id")?.as_str()) {
        known.by_key.insert(key.to_owned(), event.lead.clone());
    }
    let last = Event { decision: None, ..event.clone().without_payload() };
    let seen = Seen { lead: event.lead.clone(), state: event.after.state, last };
    let waits = |seen: &Seen| usize::from(seen.state == State::Offered);
    known.waiting += waits(&seen);
    let before = known.by_lead.insert(event.lead.clone(), seen);
    known.waiting -= before.as_ref().map_or(0, waits);
}
