use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

async fn set(url: &str, key: &str, value: &str) {
    let mut redis =
        redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    redis::cmd("SET").arg(key).arg(value).exec_async(&mut redis).await.unwrap();
}

async fn get(url: &str, key: &str) -> Option<String> {
    let mut redis =
        redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    redis::cmd("GET").arg(key).query_async(&mut redis).await.unwrap()
}

#[tokio::test]
async fn redis_keeps_its_data_and_its_port_over_a_crash() {
    let mut server = RedisServer::start().await.unwrap();
    let (url, pid) = (server.url(), server.pid());
    set(&url, "lead", "kept").await;

    server.kill().await;
    server.restart().await.unwrap();

    assert_eq!(server.url(), url);
    assert_ne!(server.pid(), pid);
    assert_eq!(get(&url, "lead").await.as_deref(), Some("kept"));
}

#[tokio::test]
async fn nats_keeps_its_data_and_its_port_over_a_crash() {
    let mut server = NatsServer::start().await.unwrap();
    let jetstream = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let config =
        async_nats::jetstream::stream::Config { name: "KEPT".to_owned(), ..Default::default() };
    jetstream.create_stream(config).await.unwrap();
    jetstream.publish("KEPT", "lead".into()).await.unwrap().await.unwrap();

    server.restart().await.unwrap();

    let jetstream = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let stream = jetstream.get_stream("KEPT").await.unwrap();
    assert_eq!(stream.cached_info().state.messages, 1);
}

#[tokio::test]
async fn many_servers_at_once_do_not_take_each_others_ports() {
    let starting = (0..6).map(|_| async {
        (NatsServer::start().await.unwrap(), RedisServer::start().await.unwrap())
    });
    let servers = futures::future::join_all(starting).await;
    let mut urls: Vec<String> =
        servers.iter().flat_map(|(nats, redis)| [nats.url(), redis.url()]).collect();
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), 12);
}

#[tokio::test]
async fn a_server_that_ends_by_itself_is_noticed() {
    let mut server = RedisServer::start().await.unwrap();
    Command::new("kill").args(["-9", &server.pid().to_string()]).status().unwrap();
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_refused_with_the_servers_own_words() {
    let taken = RedisServer::start().await.unwrap();
    let port = taken.guarded.port();
    let error =
        RedisServer::start_with(ServerOptions { port, ..Default::default() }).await.unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
}

#[tokio::test]
async fn data_that_was_given_stays() {
    let directory = tempfile::tempdir().unwrap();
    let options = ServerOptions { data: Some(directory.path().to_owned()), ..Default::default() };
    let mut server = RedisServer::start_with(options).await.unwrap();
    server.kill().await;
    drop(server);
    assert!(directory.path().join("appendonlydir").is_dir());
}

/// Not a test: what the next test runs in a process of its own, to kill it.
#[tokio::test]
#[ignore = "run by another test"]
#[expect(clippy::print_stdout, reason = "this is how it tells the other test")]
async fn servers_held_by_a_process_that_will_be_killed() {
    let (nats, redis) = (NatsServer::start().await.unwrap(), RedisServer::start().await.unwrap());
    println!("\nheld {} {}", nats.guarded.port(), nats.guarded.directory().display());
    println!("held {} {}", redis.guarded.port(), redis.guarded.directory().display());
    std::future::pending::<()>().await;
}

#[test]
fn nothing_stays_behind_when_the_holder_is_killed() {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([
            "servers::tests::servers_held_by_a_process_that_will_be_killed",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines().map(Result::unwrap);
    let held: Vec<String> =
        lines.filter_map(|line| line.strip_prefix("held ").map(str::to_owned)).take(2).collect();
    let connections: Vec<(TcpStream, &Path)> = held
        .iter()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(port, directory)| {
            (TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap(), directory.as_ref())
        })
        .collect();
    assert_eq!(connections.len(), 2);

    holder.kill().unwrap();
    holder.wait().unwrap();

    for (mut connection, directory) in connections {
        // Ends when the server does.
        connection.read_to_end(&mut Vec::new()).ok();
        let deadline = Instant::now() + Duration::from_secs(20);
        while directory.exists() {
            assert!(Instant::now() < deadline, "{} is still there", directory.display());
            std::thread::yield_now();
        }
    }
}
