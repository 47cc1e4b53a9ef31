//! One stream's messages of one line, in batches as large as the moment asks for.
//!
//! Two flights are on their way at a time; whatever comes meanwhile goes together
//! with the next, as soon as one has landed: as one atomic batch, or message by
//! message while that is cheaper. A batch costs the server much and a message in
//! it little, so the next one leaves only when the one before has landed and as
//! long again has passed. So batches grow with the load and vanish with it, and
//! nothing waits while few come.
//!
//! JetStream refuses a batch as a whole when one message of it is a repeat or
//! does not follow what it expects. Then the batch is halved until the trouble
//! stands alone and is told to whoever published it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_MESSAGE_ID};
use async_nats::{HeaderMap, HeaderName, HeaderValue, Request};
use serde::Deserialize;
use tipoff_wire::{Line, Stream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::{Message, PATIENCE, PublishError, Published, plain};
use crate::Nats;

/// Fewer than this many messages are not worth a batch: one that small costs
/// the server more than its messages one by one.
const FEW: usize = 20;
/// A batch takes nobody along who would make it larger; JetStream takes a thousand.
const LARGEST: usize = 900;
/// On their way at once, of which one at most is a batch: however small, one costs
/// the server as much as two hundred messages of it, so it is better left to grow.
const FLIGHTS: usize = 2;
/// How long the next batch waits at most after one has landed.
const LONGEST_PAUSE: Duration = Duration::from_millis(25);
/// Callers that wait for a place; more have to wait to wait.
const WAITING: usize = 10_000;

/// Messages of one subject that belong together, and who waits for them.
struct Unit {
    messages: Vec<Message>,
    expect: Option<u64>,
    told: oneshot::Sender<Result<Vec<Published>, PublishError>>,
}

impl Unit {
    /// Whoever gave up publishes again with the same id, if it still matters:
    /// after a standstill nobody waits behind messages that are sent for nobody.
    fn is_wanted(&self) -> bool {
        !self.told.is_closed()
    }
}

/// The way into one stream.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) stream: Stream,
    pub(super) line: Line,
    queue: mpsc::Sender<Unit>,
}

impl Lane {
    /// Works until nobody holds it any more.
    pub(super) fn start(stream: Stream, line: Line, nats: Nats) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        tokio::spawn(work(nats, waiting));
        Self { stream, line, queue }
    }

    pub(super) async fn publish(
        &self,
        messages: Vec<Message>,
        expect: Option<u64>,
    ) -> Result<Vec<Published>, PublishError> {
        let subject = messages.first().map(|message| message.subject.clone()).unwrap_or_default();
        let gone = || PublishError::Timeout { subject: subject.clone() };
        let (told, outcome) = oneshot::channel();
        self.queue.send(Unit { messages, expect, told }).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
    }
}

async fn work(nats: Nats, mut waiting: mpsc::Receiver<Unit>) {
    let (flights, batches) = (Arc::new(Semaphore::new(FLIGHTS)), Arc::new(Semaphore::new(1)));
    let mut units = Vec::new();
    while waiting.recv_many(&mut units, FEW).await > 0 {
        let Ok(flight) = flights.clone().acquire_owned().await else { return };
        // Whoever came while there was no flight comes along.
        fill(&mut units, &mut waiting);
        let mut batch = None;
        if count(&units) >= FEW {
            batch = batches.clone().acquire_owned().await.ok();
            fill(&mut units, &mut waiting);
        }
        let (nats, units) = (nats.clone(), std::mem::take(&mut units));
        tokio::spawn(async move {
            let left = Instant::now();
            together(&nats, units).await;
            drop(flight);
            if batch.is_some() {
                sleep(left.elapsed().min(LONGEST_PAUSE)).await;
            }
        });
    }
}

fn fill(units: &mut Vec<Unit>, waiting: &mut mpsc::Receiver<Unit>) {
    let mut messages = count(units);
    while messages < LARGEST
        && let Ok(unit) = waiting.try_recv()
    {
        messages += unit.messages.len();
        units.push(unit);
    }
}

fn count(units: &[Unit]) -> usize {
    units.iter().map(|unit| unit.messages.len()).sum()
}

async fn one_by_one(nats: &Nats, unit: Unit) {
    if !unit.is_wanted() {
        return;
    }
    let outcome = plain::publish(nats, unit.messages, unit.expect).await;
    // Nobody may be left to hear it.
    drop(unit.told.send(outcome));
}

/// As one batch, or as halves of it where it is refused.
async fn together(nats: &Nats, mut units: Vec<Unit>) {
    units.retain(Unit::is_wanted);
    let mut parts = vec![units];
    while let Some(mut units) = parts.pop() {
        if count(&units) < FEW {
            futures::future::join_all(units.into_iter().map(|unit| one_by_one(nats, unit))).await;
            continue;
        }
        match nats.insist(|| batch(nats, &units)).await {
            Said::Written { last } => tell(units, last),
            Said::Refused if units.len() > 1 => {
                let rest = units.split_off(units.len() / 2);
                parts.extend([rest, units]);
            }
            Said::Refused => {
                futures::future::join_all(units.into_iter().map(|unit| one_by_one(nats, unit)))
                    .await;
            }
            Said::Nothing => {
                for unit in units {
                    let subject = unit
                        .messages
                        .into_iter()
                        .next()
                        .map(|message| message.subject)
                        .unwrap_or_default();
                    drop(unit.told.send(Err(PublishError::Timeout { subject })));
                }
            }
        }
    }
}

/// What JetStream said to a batch.
enum Said {
    /// All of it is there; the last message's sequence.
    Written {
        last: u64,
    },
    /// None of it is there.
    Refused,
    Nothing,
}

#[derive(Deserialize)]
struct Ack {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
}

async fn batch(nats: &Nats, units: &[Unit]) -> Said {
    let inbox = nats.client.new_inbox();
    let id = inbox.rsplit('.').next().unwrap_or(&inbox);
    let total = count(units);
    let mut number = 0;
    for unit in units {
        for (index, message) in unit.messages.iter().enumerate() {
            number += 1;
            // The others of a unit follow the first: nothing can come between them.
            let expect = unit.expect.filter(|_| index == 0);
            let headers = in_batch(message, id, number, expect);
            if number == total {
                return commit(nats, message, headers).await;
            }
            let (subject, body) = (message.subject.clone(), message.body.clone());
            if nats.client.publish_with_headers(subject, headers, body).await.is_err() {
                return Said::Nothing;
            }
        }
    }
    Said::Nothing
}

fn in_batch(message: &Message, batch: &str, number: usize, expect: Option<u64>) -> HeaderMap {
    let mut headers = message.headers.clone();
    headers.insert(NATS_MESSAGE_ID, message.id.as_str());
    headers.insert(HeaderName::from_static("Nats-Batch-Id"), batch);
    headers.insert(HeaderName::from_static("Nats-Batch-Sequence"), number.to_string());
    if let Some(sequence) = expect {
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(sequence));
    }
    headers
}

async fn commit(nats: &Nats, last: &Message, mut headers: HeaderMap) -> Said {
    headers.insert(HeaderName::from_static("Nats-Batch-Commit"), "1");
    let request =
        Request::new().headers(headers).payload(last.body.clone()).timeout(Some(PATIENCE));
    let Ok(answer) = nats.client.send_request(last.subject.clone(), request).await else {
        return Said::Nothing;
    };
    match serde_json::from_slice::<Ack>(&answer.payload) {
        Ok(Ack { seq, error: None }) if seq > 0 => Said::Written { last: seq },
        Ok(Ack { error: Some(_), .. }) => Said::Refused,
        Ok(_) | Err(_) => Said::Nothing,
    }
}

/// The messages of a batch stand one after the other in the stream.
fn tell(units: Vec<Unit>, last: u64) {
    let total = u64::try_from(count(&units)).unwrap_or(0);
    let mut sequence = last.saturating_sub(total);
    for unit in units {
        let published = unit.messages.iter().map(|_| {
            sequence += 1;
            Published { sequence, duplicate: false }
        });
        let published = published.collect();
        drop(unit.told.send(Ok(published)));
    }
}
