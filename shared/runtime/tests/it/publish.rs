use async_nats::HeaderMap;
use tipoff_runtime::{PublishError, Published, Publisher};

use crate::bus;

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
