use std::path::PathBuf;

use async_nats::jetstream::stream::{Config, RetentionPolicy};
use tipoff_runtime::streams::{Ensured, StreamError, ensure};
use tipoff_testkit::NatsServer;
use tipoff_wire::Stream;

use crate::{bus, connected};

#[tokio::test]
async fn what_was_made_once_is_as_wanted_ever_after() {
    let server = NatsServer::start().await.unwrap();
    let nats = connected(&server).await;
    let made = ensure(&nats, 1).await.unwrap();
    assert_eq!(made, Stream::ALL.map(|stream| (stream, Ensured::Created)));
    let again = ensure(&nats, 1).await.unwrap();
    assert_eq!(again, Stream::ALL.map(|stream| (stream, Ensured::AsWanted)));
}

#[tokio::test]
async fn processes_that_start_together_agree() {
    let server = NatsServer::start().await.unwrap();
    let nats = connected(&server).await;
    let (one, other) = tokio::join!(ensure(&nats, 1), ensure(&nats, 1));
    assert_eq!(one.unwrap().len(), other.unwrap().len());
}

#[tokio::test]
async fn a_stream_with_another_retention_is_refused_by_name() {
    let server = NatsServer::start().await.unwrap();
    let nats = connected(&server).await;
    let theirs = Config {
        name: "LEADS".to_owned(),
        subjects: vec!["leads.new.>".to_owned()],
        retention: RetentionPolicy::WorkQueue,
        ..Config::default()
    };
    nats.jetstream.create_stream(theirs).await.unwrap();
    let refusal = ensure(&nats, 1).await.unwrap_err();
    assert!(
        matches!(refusal, StreamError::Different { stream: "LEADS", setting: "retention", .. }),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_size_set_by_hand_stays_while_the_rest_is_put_right() {
    let (_server, nats) = bus().await;
    let mut theirs =
        nats.jetstream.get_stream("REJECTED").await.unwrap().cached_info().config.clone();
    theirs.max_bytes = 1 << 30;
    theirs.max_age = std::time::Duration::from_hours(1);
    nats.jetstream.update_stream(&theirs).await.unwrap();

    let done = ensure(&nats, 1).await.unwrap();

    let updated: Vec<_> = done.iter().filter(|(_, ensured)| *ensured == Ensured::Updated).collect();
    assert_eq!(updated, [&(Stream::Rejected, Ensured::Updated)]);
    let ours = nats.jetstream.get_stream("REJECTED").await.unwrap().cached_info().config.clone();
    assert_eq!(ours.max_bytes, 1 << 30);
    assert_eq!(ours.max_age.as_secs(), 30 * 24 * 60 * 60);
}

/// As in a cluster whose servers have not found each other: whoever starts then waits.
#[tokio::test]
async fn a_server_that_says_nothing_is_told_from_one_that_refuses() {
    let server = NatsServer::start().await.unwrap();
    let nats = connected(&server).await;
    let pid = server.pid().to_string();
    let signal = |name: &'static str| {
        let sent = std::process::Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    };
    signal("-STOP");
    // One of its threads may still answer a question before it hears of that.
    while !stands_still(&pid) {
        std::thread::yield_now();
    }
    let silent = ensure(&nats, 1).await;
    signal("-CONT");
    assert!(matches!(silent, Err(StreamError::Silent { stream: "LEADS_IN" })), "{silent:?}");
    ensure(&nats, 1).await.unwrap();
}

/// Whether every thread of that process is stopped.
fn stands_still(pid: &str) -> bool {
    let is_stopped = |thread: PathBuf| {
        let stat = std::fs::read_to_string(thread.join("stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T"))
    };
    let mut threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads.all(|thread| is_stopped(thread.unwrap().path()))
}
