//! Those who take their time, and those who come in crowds.

use std::time::Duration;

use tipoff_ingest::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use crate::world::{World, dana};

async fn connect(world: &World) -> TcpStream {
    TcpStream::connect(world.base.trim_start_matches("http://")).await.unwrap()
}

/// What was answered until the connection was closed.
async fn to_the_end(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // Closed with a reset is closed, too.
    timeout(Duration::from_secs(20), stream.read_to_end(&mut said))
        .await
        .expect("never closed")
        .ok();
    String::from_utf8(said).unwrap()
}

fn head(world: &World, length: usize) -> String {
    format!(
        "POST /v1/leads HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n\r\n",
        world.key
    )
}

fn hasty() -> Options {
    Options { ingest_patience_seconds: 1, ingest_body_seconds: 1, ..Options::default() }
}

#[tokio::test]
async fn a_head_that_never_ends_is_not_waited_for() {
    let world = World::with(hasty()).await;
    for begun in ["", "P", "POST /v1/leads HTTP/1.1\r\nHost: here\r\nX: "] {
        let mut stream = connect(&world).await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        let said = to_the_end(&mut stream).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_body_that_drips_is_answered_and_not_waited_for() {
    let world = World::with(hasty()).await;
    let (mut from, mut to) = connect(&world).await.into_split();
    to.write_all(head(&world, 10_000).as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        let mut tick = interval(Duration::from_millis(100));
        while to.write_all(b" ").await.is_ok() {
            tick.tick().await;
        }
    });
    let mut said = Vec::new();
    timeout(Duration::from_secs(20), from.read_to_end(&mut said)).await.expect("never closed").ok();
    let said = String::from_utf8(said).unwrap();
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("too_slow"), "{said}");
    dripping.abort();
}

#[tokio::test]
async fn a_batch_that_drips_ends_with_what_came_of_its_lines() {
    let world = World::with(Options { ingest_body_seconds: 0, ..hasty() }).await;
    let mut stream = connect(&world).await;
    let head = head(&world, 10_000).replace("/v1/leads", "/v1/leads/batch");
    stream.write_all(head.as_bytes()).await.unwrap();
    let said = to_the_end(&mut stream).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("\"results\""), "{said}");
}

#[tokio::test]
async fn a_head_without_measure_is_refused() {
    let world = World::new().await;
    let mut stream = connect(&world).await;
    let head = format!("POST /v1/leads HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    stream.write_all(head.as_bytes()).await.ok();
    let said = to_the_end(&mut stream).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 431"), "{said}");
}

#[tokio::test]
async fn whoever_sits_there_without_a_word_makes_room_for_those_who_speak() {
    let world = World::with(Options { ingest_connections: 4, ..hasty() }).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(connect(&world).await);
    }
    let sent = timeout(Duration::from_secs(20), world.send(&dana())).await.expect("shut out");
    assert_eq!(sent.0, 202);
    drop(silent);
    world.finish().await;
}

#[tokio::test]
async fn an_entity_whose_requests_dawdle_leaves_places_for_others() {
    let options = Options { ingest_requests: 4, ingest_body_seconds: 60, ..Options::default() };
    let world = World::with(options).await;
    let other = world.key_of("other", tipoff_roster::Role::Source).await;
    let mut dawdling = Vec::new();
    for _ in 0..8 {
        let mut stream = connect(&world).await;
        stream.write_all(head(&world, 10_000).as_bytes()).await.unwrap();
        dawdling.push(stream);
    }
    let sent = world.post_as(&other, "/v1/leads").json(&dana()).send();
    let sent = timeout(Duration::from_secs(20), sent).await.expect("shut out").unwrap();
    assert_eq!(sent.status(), 202);
    drop(dawdling);
}
