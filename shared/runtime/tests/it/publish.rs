use std::process::Command;
use std::time::Instant;

use async_nats::HeaderMap;
use tipoff_runtime::publish::Message;
use tipoff_runtime::publish::PATIENCE;
use tipoff_runtime::{Nats, PublishError, Published, Publisher};
use tipoff_testkit::NatsServer;
use tipoff_wire::Line;
use tokio::task::JoinHandle;

use crate::road::Road;
use crate::{at, bus};

async fn send(
    publisher: &Publisher,
    id: &str,
    expect: Option<u64>,
) -> Result<Published, PublishError> {
    publisher
        .publish("events.1.acme.lead_1".to_owned(), id, expect, HeaderMap::new(), "{}".into())
        .await
}

#[tokio::test]
async fn the_same_message_again_is_a_duplicate_of_the_first() {
    let (_server, nats) = bus().await;
    let publisher = Publisher::new(nats);
    let first = send(&publisher, "one", None).await.unwrap();
    let again = send(&publisher, "one", None).await.unwrap();
    assert_eq!(first, Published { sequence: 1, duplicate: false });
    assert_eq!(again, Published { sequence: 1, duplicate: true });
}

#[tokio::test]
async fn a_writer_who_missed_something_is_refused() {
    let (_server, nats) = bus().await;
    let publisher = Publisher::new(nats);
    send(&publisher, "one", Some(0)).await.unwrap();
    let refused = send(&publisher, "two", Some(0)).await;
    assert!(matches!(refused, Err(PublishError::WrongSequence { .. })), "{refused:?}");
    assert_eq!(send(&publisher, "two", Some(1)).await.unwrap().sequence, 2);
}

#[tokio::test]
async fn a_subject_that_nobody_stores_is_refused_at_once() {
    let (_server, nats) = bus().await;
    let sent = Publisher::new(nats)
        .publish("nowhere".to_owned(), "one", None, HeaderMap::new(), "{}".into())
        .await;
    assert!(matches!(sent, Err(PublishError::Refused { .. })), "{sent:?}");
}

#[tokio::test]
async fn without_a_server_publishing_ends_in_a_timeout() {
    let (mut server, nats) = bus().await;
    server.kill().await;
    // From here on the clock jumps whenever everybody only waits for it.
    tokio::time::pause();
    let sent = send(&Publisher::new(nats), "one", None).await;
    assert!(matches!(sent, Err(PublishError::Timeout { .. })), "{sent:?}");
}

fn message(subject: &str, id: &str) -> Message {
    Message {
        subject: subject.to_owned(),
        id: id.to_owned(),
        headers: HeaderMap::new(),
        body: id.to_owned().into(),
    }
}

/// Many at once go in batches; one that repeats and one that missed something
/// are told so, and keep nobody else from being written.
#[tokio::test]
async fn in_a_crowd_everybody_hears_what_became_of_their_own_message() {
    let (_server, nats) = bus().await;
    let publisher = Publisher::new(nats.clone());
    send(&publisher, "first", Some(0)).await.unwrap();
    let crowd = (0..400).map(|number| {
        let publisher = publisher.clone();
        async move {
            let subject = format!("events.1.acme.lead_x{number}");
            match number {
                100 => send(&publisher, "first", None).await.map(|one| vec![one]),
                200 => send(&publisher, "late", Some(0)).await.map(|one| vec![one]),
                // Two that belong together.
                _ => {
                    let two = ["a", "b"].map(|half| message(&subject, &format!("{number}{half}")));
                    publisher.publish_all(two.to_vec(), Some(0)).await
                }
            }
        }
    });
    let told = futures::future::join_all(crowd).await;

    assert_eq!(told[100].as_ref().unwrap()[0], Published { sequence: 1, duplicate: true });
    assert!(matches!(told[200], Err(PublishError::WrongSequence { .. })), "{:?}", told[200]);
    let mut stream = nats.jetstream.get_stream("EVENTS").await.unwrap();
    assert_eq!(stream.info().await.unwrap().state.messages, 1 + 2 * 398);
    for (number, told) in told.iter().enumerate().filter(|(number, _)| ![100, 200].contains(number))
    {
        for (half, published) in ["a", "b"].iter().zip(told.as_ref().unwrap()) {
            let stored = stream.direct_get(published.sequence).await.unwrap();
            assert_eq!(stored.payload, format!("{number}{half}"), "at the sequence that was told");
        }
    }
}

fn signal(server: &NatsServer, signal: &str) {
    let kill = Command::new("kill").args([signal, &server.pid().to_string()]).status();
    assert!(kill.unwrap().success());
}

/// So many messages, all on their way when it answers; and what is told of them.
async fn on_their_way(
    nats: &Nats,
    publisher: &Publisher,
    many: usize,
) -> Vec<JoinHandle<Result<Published, PublishError>>> {
    let sent = (0..many)
        .map(|number| {
            let (publisher, id) = (publisher.clone(), number.to_string());
            let subject = format!("events.1.acme.lead_x{number}");
            tokio::spawn(async move {
                publisher.publish(subject, &id, Some(0), HeaderMap::new(), "{}".into()).await
            })
        })
        .collect();
    // Each has its turn, and those that a flight takes are written to the socket.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    nats.client.flush().await.unwrap();
    sent
}

async fn what_a_dying_server_did_not_read_is_sent_again(many: usize) {
    let (mut server, nats) = bus().await;
    let publisher = Publisher::new(nats.clone());
    send(&publisher, "first", None).await.unwrap();
    signal(&server, "-STOP");
    let sent = on_their_way(&nats, &publisher, many).await;
    server.restart().await.unwrap();
    let back = Instant::now();
    for one in sent {
        assert!(!one.await.unwrap().unwrap().duplicate);
    }
    let took = back.elapsed();
    assert!(took < PATIENCE / 2, "lost answers were waited for: {took:?}");
    let mut stream = nats.jetstream.get_stream("EVENTS").await.unwrap();
    assert_eq!(stream.info().await.unwrap().state.messages, 1 + many as u64);
}

#[tokio::test]
async fn a_message_on_its_way_to_a_server_that_died_is_sent_again_once_it_is_back() {
    what_a_dying_server_did_not_read_is_sent_again(1).await;
}

#[tokio::test]
async fn a_batch_on_its_way_to_a_server_that_died_is_sent_again_once_it_is_back() {
    what_a_dying_server_did_not_read_is_sent_again(500).await;
}

/// Messages arrive, answers do not; then the connection breaks.
async fn of_lost_answers_everybody_hears_later(many: usize) {
    let (server, near) = bus().await;
    let road = Road::to(&server.url()).await;
    let far = at(&road.url()).await;
    let publisher = Publisher::new(far.clone());
    send(&publisher, "first", None).await.unwrap();
    road.lose_answers();
    let sent = on_their_way(&far, &publisher, many).await;
    let mut stream = near.jetstream.get_stream("EVENTS").await.unwrap();
    // As many as are on their way before the first is answered.
    while stream.info().await.unwrap().state.messages < 2 {
        tokio::task::yield_now().await;
    }
    road.break_down();
    let broken = Instant::now();
    for one in sent {
        match one.await.unwrap() {
            // JetStream on one node looks at the place before it looks at the id.
            Ok(_) | Err(PublishError::WrongSequence { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    let took = broken.elapsed();
    assert!(took < PATIENCE / 2, "lost answers were waited for: {took:?}");
    assert_eq!(stream.info().await.unwrap().state.messages, 1 + many as u64);
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_not_written_twice() {
    of_lost_answers_everybody_hears_later(1).await;
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_not_written_twice() {
    of_lost_answers_everybody_hears_later(500).await;
}

/// Three thousand who have something to publish, and wait for it.
async fn in_line(publisher: &Publisher) -> Vec<JoinHandle<Result<Published, PublishError>>> {
    let each = |number: usize| {
        let (publisher, id) = (publisher.clone(), number.to_string());
        tokio::spawn(async move { send(&publisher, &id, None).await })
    };
    let crowd = (0..3_000).map(each).collect();
    // Each has its turn, and stands in line then.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    crowd
}

/// After a standstill, those who still wait come before those who gave up.
#[tokio::test]
async fn nobody_waits_for_messages_whose_senders_gave_up() {
    let (server, nats) = bus().await;
    let publisher = Publisher::new(nats.clone());
    send(&publisher, "first", None).await.unwrap();
    signal(&server, "-STOP");
    let crowd = in_line(&publisher).await;
    for one in crowd {
        one.abort();
        assert!(one.await.unwrap_err().is_cancelled());
    }
    signal(&server, "-CONT");
    let last = send(&publisher, "last", None).await.unwrap();
    assert!(last.sequence < 1_000, "{} were sent for nobody", last.sequence);
}

/// A flood fills batch after batch; what is in line with everybody's goes beside them.
#[tokio::test]
async fn what_is_in_line_with_everybodys_does_not_wait_for_the_batches_of_a_flood() {
    let (server, nats) = bus().await;
    let prompt = Publisher::new(nats.clone());
    let bulk = prompt.clone().of(Line::Bulk);
    send(&prompt, "first", None).await.unwrap();
    signal(&server, "-STOP");
    let flood = in_line(&bulk).await;
    let beside = tokio::spawn(async move { send(&prompt, "beside", None).await });
    tokio::task::yield_now().await;
    signal(&server, "-CONT");
    let beside = beside.await.unwrap().unwrap();
    for one in flood {
        one.await.unwrap().unwrap();
    }
    assert!(beside.sequence < 2_000, "{} of a flood went first", beside.sequence);
}
