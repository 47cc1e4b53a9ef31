use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use futures::StreamExt;
use tipoff_runtime::{
    Clock, Delivery, Handler, InFlight, Nats, Outcome, Publisher, WorkerError, WorkerLimits, worker,
};
use tipoff_testkit::NatsServer;
use tipoff_wire::{Dead, Stream};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{bus, connected};

/// Tells the test what came, and answers by what the message says.
struct Scripted {
    came: UnboundedSender<Delivery>,
    /// A message that says `wait` is done when the test lets it.
    gate: Arc<Semaphore>,
}

impl Handler for Scripted {
    async fn handle(&self, delivery: Delivery) -> Outcome {
        self.came.send(delivery.clone()).unwrap();
        match &*delivery.body {
            b"retry" => Outcome::RetryIn(Duration::from_millis(1)),
            b"not now" if delivery.deliveries <= 6 => Outcome::NotNow(Duration::from_millis(1)),
            b"give up" => Outcome::GiveUp("it has no use".to_owned()),
            b"panic" => panic!("as told"),
            b"panic once" if delivery.deliveries == 1 => panic!("as told"),
            b"wait" => {
                self.gate.acquire().await.unwrap().forget();
                Outcome::Done
            }
            _ => Outcome::Done,
        }
    }
}

struct Working {
    came: UnboundedReceiver<Delivery>,
    gate: Arc<Semaphore>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), WorkerError>>,
}

fn limits() -> WorkerLimits {
    WorkerLimits {
        stream: Stream::Leads,
        durable: "test".to_owned(),
        filter: None,
        since: None,
        in_flight: 4.into(),
        ack_wait: Duration::from_millis(300),
        most_deliveries: 3,
        drain: Duration::from_secs(20),
    }
}

fn start(nats: &Nats, limits: WorkerLimits) -> Working {
    let (sender, came) = unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    let stop = CancellationToken::new();
    let handler = Scripted { came: sender, gate: gate.clone() };
    let task =
        tokio::spawn(worker::work(nats.clone(), Clock::system(), limits, handler, stop.clone()));
    Working { came, gate, stop, task }
}

async fn send(nats: &Nats, id: &str, body: &'static str) {
    let publisher = Publisher::new(nats.clone());
    publisher
        .publish("leads.new.1.acme".to_owned(), id, None, HeaderMap::new(), body.into())
        .await
        .unwrap();
}

impl Working {
    async fn next(&mut self) -> (String, i64) {
        let came = tokio::time::timeout(Duration::from_secs(20), self.came.recv())
            .await
            .expect("a message in time");
        let came = came.expect("the worker goes on");
        (String::from_utf8(came.body.to_vec()).unwrap(), came.deliveries)
    }

    async fn finish(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// How many messages the consumer has not been told about.
async fn unsettled(nats: &Nats) -> u64 {
    let stream = nats.jetstream.get_stream("LEADS").await.unwrap();
    let info = stream.consumer_info("test").await.unwrap();
    info.num_pending + u64::try_from(info.num_ack_pending).unwrap()
}

/// The server may still be at acknowledgements that it has.
async fn until_unsettled(nats: &Nats, wanted: u64) {
    let asking = async { while unsettled(nats).await != wanted {} };
    let settled = tokio::time::timeout(Duration::from_secs(20), asking).await;
    assert!(settled.is_ok(), "{} messages are unsettled, not {wanted}", unsettled(nats).await);
}

#[tokio::test]
async fn what_waits_for_a_server_is_never_set_aside() {
    let (_server, nats) = bus().await;
    let mut working = start(&nats, limits());
    send(&nats, "one", "not now").await;
    for delivery in 1..=7 {
        assert_eq!(working.next().await, ("not now".to_owned(), delivery));
    }
    working.finish().await;
    until_unsettled(&nats, 0).await;
}

#[tokio::test]
async fn what_asks_again_and_again_ends_in_dead_with_the_message_itself() {
    let (_server, nats) = bus().await;
    let mut dead = nats.client.subscribe("dead.>").await.unwrap();
    let mut working = start(&nats, limits());
    send(&nats, "one", "retry").await;

    for delivery in 1..=3 {
        assert_eq!(working.next().await, ("retry".to_owned(), delivery));
    }
    let set_aside = dead.next().await.unwrap();
    assert_eq!(set_aside.subject.as_str(), "dead.LEADS");
    let set_aside: Dead = serde_json::from_slice(&set_aside.payload).unwrap();
    assert_eq!((set_aside.subject.as_str(), set_aside.sequence), ("leads.new.1.acme", 1));
    assert_eq!((set_aside.consumer.as_str(), set_aside.deliveries), ("test", 3));
    assert_eq!(set_aside.error, "tried 3 times without success");
    assert_eq!(set_aside.body, "cmV0cnk=");

    working.finish().await;
    until_unsettled(&nats, 0).await;
}

#[tokio::test]
async fn what_is_given_up_goes_to_dead_at_once_with_its_reason() {
    let (_server, nats) = bus().await;
    let mut dead = nats.client.subscribe("dead.>").await.unwrap();
    let working = start(&nats, limits());
    send(&nats, "one", "give up").await;
    let set_aside: Dead = serde_json::from_slice(&dead.next().await.unwrap().payload).unwrap();
    assert_eq!((set_aside.error.as_str(), set_aside.deliveries), ("it has no use", 1));
    working.finish().await;
}

#[tokio::test]
async fn a_handler_that_panics_hurts_nobody_else() {
    let (_server, nats) = bus().await;
    let mut dead = nats.client.subscribe("dead.>").await.unwrap();
    let mut working = start(&nats, limits());
    send(&nats, "one", "panic once").await;
    send(&nats, "two", "fine").await;
    let first = [working.next().await.0, working.next().await.0];
    assert!(first.contains(&"fine".to_owned()));
    assert_eq!(working.next().await, ("panic once".to_owned(), 2));

    send(&nats, "three", "panic").await;
    let set_aside: Dead = serde_json::from_slice(&dead.next().await.unwrap().payload).unwrap();
    assert_eq!(set_aside.error, "the handler panicked every time");
    working.finish().await;
}

#[tokio::test]
async fn a_message_that_breaks_its_handler_is_set_aside_however_patient_the_worker_is() {
    let (_server, nats) = bus().await;
    let mut dead = nats.client.subscribe("dead.>").await.unwrap();
    let ack_wait = Duration::from_millis(100);
    let working = start(&nats, WorkerLimits { most_deliveries: 1_000, ack_wait, ..limits() });
    send(&nats, "one", "panic").await;
    let set_aside: Dead = serde_json::from_slice(&dead.next().await.unwrap().payload).unwrap();
    assert_eq!(set_aside.deliveries, 5);
    working.finish().await;
}

#[tokio::test]
async fn a_slow_handler_keeps_its_message() {
    let (_server, nats) = bus().await;
    let ack_wait = Duration::from_millis(100);
    let mut working = start(&nats, WorkerLimits { ack_wait, ..limits() });
    send(&nats, "one", "wait").await;
    assert_eq!(working.next().await, ("wait".to_owned(), 1));
    // Nothing may come in five times the ack wait; that is the point.
    let again = tokio::time::timeout(ack_wait * 5, working.came.recv()).await;
    assert!(again.is_err(), "it came again: {again:?}");
    working.gate.add_permits(1);
    working.finish().await;
    until_unsettled(&nats, 0).await;
}

#[tokio::test]
async fn more_messages_are_in_hand_where_they_come_through_soon() {
    let (_server, nats) = bus().await;
    let in_flight = InFlight::up_to(1, 4, Duration::from_mins(1));
    let mut working = start(&nats, WorkerLimits { in_flight, ..limits() });
    for number in 0..12 {
        send(&nats, &number.to_string(), "wait").await;
    }
    for _ in 0..10 {
        working.next().await;
        working.gate.add_permits(1);
    }
    working.next().await;
    // The one before is in hand still.
    working.next().await;
    working.gate.add_permits(2);
    working.finish().await;
    until_unsettled(&nats, 0).await;
}

#[tokio::test]
async fn stopping_finishes_what_is_in_hand_and_hands_back_the_rest() {
    let (_server, nats) = bus().await;
    let ack_wait = Duration::from_mins(1);
    let mut working = start(&nats, WorkerLimits { in_flight: 2.into(), ack_wait, ..limits() });
    for id in ["one", "two", "three", "four"] {
        send(&nats, id, "wait").await;
    }
    working.next().await;
    working.next().await;

    working.stop.cancel();
    assert!(!working.task.is_finished());
    working.gate.add_permits(2);
    working.task.await.unwrap().unwrap();

    until_unsettled(&nats, 2).await;
    // Had they not been handed back, this would take the whole ack wait.
    let mut other = start(&nats, WorkerLimits { ack_wait, ..limits() });
    other.gate.add_permits(2);
    other.next().await;
    other.next().await;
    other.finish().await;
    until_unsettled(&nats, 0).await;
}

/// Sends until it is told that this is enough; answers how many.
async fn pour(nats: Nats, enough: CancellationToken) -> usize {
    let publisher = Publisher::new(nats);
    let goes_on = |_: &usize| std::future::ready(!enough.is_cancelled());
    let sending = futures::stream::iter(0_usize..).take_while(goes_on).map(|number| {
        let (publisher, id) = (publisher.clone(), number.to_string());
        async move {
            let subject = "leads.new.1.acme".to_owned();
            publisher.publish(subject, &id, None, HeaderMap::new(), "fine".into()).await.unwrap();
        }
    });
    sending.buffer_unordered(8).count().await
}

/// What was sent just when a worker stopped asking would wait for its ack wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_with_workers_that_stop_while_messages_pour_in() {
    let (_server, nats) = bus().await;
    let enough = CancellationToken::new();
    let pouring = tokio::spawn(pour(nats.clone(), enough.clone()));
    let limits =
        || WorkerLimits { in_flight: 8.into(), ack_wait: Duration::from_mins(1), ..limits() };
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let mut working = start(&nats, limits());
        for _ in 0..20 {
            seen.insert(working.came.recv().await.unwrap().sequence);
        }
        working.stop.cancel();
        working.task.await.unwrap().unwrap();
        while let Ok(came) = working.came.try_recv() {
            seen.insert(came.sequence);
        }
    }
    enough.cancel();
    let sent = pouring.await.unwrap();
    let mut last = start(&nats, limits());
    while seen.len() < sent {
        let came = tokio::time::timeout(Duration::from_secs(20), last.came.recv()).await;
        seen.insert(
            came.unwrap_or_else(|_| panic!("{} of {sent} came", seen.len())).unwrap().sequence,
        );
    }
    last.finish().await;
}

#[tokio::test]
async fn a_server_that_dies_and_comes_back_does_not_end_the_worker() {
    let (mut server, nats) = bus().await;
    let mut working = start(&nats, limits());
    send(&nats, "one", "before").await;
    assert_eq!(working.next().await.0, "before");

    server.restart().await.unwrap();
    let nats = connected(&server).await;
    send(&nats, "two", "after").await;

    loop {
        // The first may come again: its acknowledgement may have died with the server.
        if working.next().await.0 == "after" {
            break;
        }
    }
    working.finish().await;
}

#[tokio::test]
async fn a_deleted_consumer_is_made_anew() {
    let (_server, nats) = bus().await;
    let mut working = start(&nats, limits());
    send(&nats, "one", "before").await;
    assert_eq!(working.next().await.0, "before");
    nats.jetstream.get_stream("LEADS").await.unwrap().delete_consumer("test").await.unwrap();
    send(&nats, "two", "after").await;
    while working.next().await.0 != "after" {}
    working.finish().await;
}

/// As when a new release finds the consumer of an old one.
#[tokio::test]
async fn a_consumer_that_was_made_for_everything_takes_its_part_from_then_on() {
    let (_server, nats) = bus().await;
    let mut working = start(&nats, limits());
    send(&nats, "one", "first").await;
    assert_eq!(working.next().await.0, "first");
    working.finish().await;
    until_unsettled(&nats, 0).await;

    let elsewhere = Publisher::new(nats.clone());
    let subject = "leads.new.1.acme.bulk".to_owned();
    elsewhere.publish(subject, "two", None, HeaderMap::new(), "apart".into()).await.unwrap();
    send(&nats, "three", "last").await;
    let part = WorkerLimits { filter: Some("leads.new.*.*".to_owned()), ..limits() };
    let mut working = start(&nats, part);
    assert_eq!(working.next().await, ("last".to_owned(), 1));
    working.finish().await;
    until_unsettled(&nats, 0).await;
}

#[tokio::test]
async fn a_stream_that_does_not_exist_is_said_at_once() {
    let server = NatsServer::start().await.unwrap();
    let nats = connected(&server).await;
    let ended = start(&nats, limits()).task.await.unwrap();
    assert!(ended.unwrap_err().to_string().contains("LEADS"));
}

#[tokio::test]
async fn two_processes_share_the_work() {
    let (_server, nats) = bus().await;
    let (mut one, mut other) = (start(&nats, limits()), start(&nats, limits()));
    for id in 0..20 {
        send(&nats, &id.to_string(), "fine").await;
    }
    let mut came = 0;
    while came < 20 {
        tokio::select! {
            _ = one.next() => came += 1,
            _ = other.next() => came += 1,
        }
    }
    one.finish().await;
    other.finish().await;
    until_unsettled(&nats, 0).await;
}
