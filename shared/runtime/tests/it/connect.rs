use std::error::Error;

use tipoff_runtime::{ConnectError, connect};
use tipoff_testkit::RedisServer;
use tokio_util::sync::CancellationToken;

use crate::settings;

async fn tell(server: &RedisServer, command: &[&str]) {
    let mut redis = redis::Client::open(server.url())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    redis::cmd(command[0]).arg(&command[1..]).exec_async(&mut redis).await.unwrap();
}

#[tokio::test]
async fn a_careful_redis_is_taken_and_works() {
    let server = RedisServer::start().await.unwrap();
    let settings = settings("nats://127.0.0.1:1", &server.url());
    let mut redis = connect::redis(&settings, &CancellationToken::new()).await.unwrap();
    let answer: String = redis::cmd("PING").query_async(&mut redis).await.unwrap();
    assert_eq!(answer, "PONG");
}

#[tokio::test]
async fn a_redis_without_aof_is_refused_but_for_a_trial() {
    let server = RedisServer::start().await.unwrap();
    tell(&server, &["CONFIG", "SET", "appendonly", "no"]).await;
    let mut settings = settings("nats://127.0.0.1:1", &server.url());

    let refusal = connect::redis(&settings, &CancellationToken::new()).await.err().unwrap();
    assert!(matches!(refusal, ConnectError::Forgetful { .. }), "{refusal}");
    assert!(refusal.to_string().contains("appendonly yes"), "{refusal}");

    settings.r#unsafe = true;
    assert!(connect::redis(&settings, &CancellationToken::new()).await.is_ok());
}

#[tokio::test]
async fn a_redis_that_evicts_is_refused() {
    let server = RedisServer::start().await.unwrap();
    tell(&server, &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    let settings = settings("nats://127.0.0.1:1", &server.url());
    let refusal = connect::redis(&settings, &CancellationToken::new()).await.err().unwrap();
    assert!(refusal.to_string().contains("allkeys-lru"), "{refusal}");
}

#[tokio::test]
async fn waiting_for_a_server_ends_when_stopped() {
    let settings = settings("nats://127.0.0.1:1", "redis://127.0.0.1:1");
    let stop = CancellationToken::new();
    let waiting = async {
        tokio::join!(connect::nats(&settings, "test", &stop), connect::redis(&settings, &stop))
    };
    let (nats, redis) = tokio::join!(waiting, async { stop.cancel() }).0;
    assert!(matches!(nats.unwrap_err(), ConnectError::Stopped { server: "NATS" }));
    assert!(matches!(redis.err().unwrap(), ConnectError::Stopped { server: "Redis" }));
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_by_the_name_of_its_setting() {
    let settings = settings("not an address", "redis://127.0.0.1:1");
    let refusal = connect::nats(&settings, "test", &CancellationToken::new()).await.unwrap_err();
    assert!(refusal.to_string().contains("TIPOFF_NATS_URL"), "{refusal}");
    assert!(refusal.source().is_none());
}
