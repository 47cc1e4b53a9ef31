//! Whom strangers can have us call.

mod inside;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::net::TcpListener;

use super::*;

/// Ways to say "inside".
const HOSTS: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "db",
    "db.",
    "db.internal",
    "db.local",
    "metadata.google.internal",
    "metadata.google.internal.",
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0.0.0x1",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "0.0.0.1",
    "00.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "167772161",
    "0xa000001",
    "012.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "2886729729",
    "192.168.0.1",
    "192.168.255.255",
    "0xc0a80001",
    "3232235521",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.170.2",
    "100.64.0.1",
    "100.127.255.254",
    "100.100.100.200",
    "192.0.0.192",
    "198.18.0.1",
    "198.19.255.255",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:10.0.0.1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2002:7f00:1::]",
    "[64:ff9b::7f00:1]",
    "[2001:db8::1]",
    "[2001::1]",
    "１２７.0.0.1",
    "ⓛocalhost",
    "127。0。0。1",
];

#[test]
fn no_stranger_is_on_this_machine_unless_they_may_be_anywhere() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (outside, anywhere) = (strangers(false), strangers(true));
    assert!(outside.address("https://push.example.com/x").is_ok());
    for here in ["http://127.0.0.1:9/x", "https://[::1]/x", "https://localhost/x"] {
        assert!(outside.address(here).is_err() && anywhere.address(here).is_ok(), "{here}");
    }
    for nowhere in ["http://push.example.com/x", "file:///x", "ftp://localhost", "x"] {
        assert!(outside.address(nowhere).is_err(), "{nowhere}");
    }
}

fn strangers(anywhere: bool) -> Strangers {
    Strangers::new(anywhere, Duration::from_secs(10)).unwrap()
}

/// A name server of somebody who wants us to call ourselves: each answer is
/// another one, as an attacker's would be who answers a check and a call differently.
#[derive(Debug, Clone, Default)]
struct Hostile(Arc<AtomicUsize>);

const ANSWERS: [&[&str]; 5] = [
    &["127.0.0.1"],
    &["10.1.2.3", "::1"],
    &["::ffff:127.0.0.1", "169.254.169.254"],
    &["0.0.0.0", "fd00::1", "192.168.0.1"],
    &["127.0.0.1", "8.8.8.8"],
];

impl Lookup for Hostile {
    async fn look_up(&self, _: &str) -> std::io::Result<Vec<SocketAddr>> {
        let nth = self.0.fetch_add(1, Ordering::Relaxed);
        let answer = ANSWERS[nth % ANSWERS.len()].iter();
        Ok(answer.map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect())
    }
}

#[tokio::test]
async fn of_what_a_hostile_name_server_answers_only_the_open_internet_is_called() {
    let resolver = OpenInternet { lookup: Hostile::default() };
    for nth in 0..50 {
        let found = resolver.resolve("rebind.example.com".parse().unwrap()).await;
        let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
        let wanted: &[&str] = if nth % ANSWERS.len() == 4 { &["8.8.8.8:0"] } else { &[] };
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, wanted);
    }
}

/// Answers nothing but the inside.
#[derive(Debug, Clone)]
struct Inside;

impl Lookup for Inside {
    async fn look_up(&self, _: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))])
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let resolver = OpenInternet { lookup: Inside };
    let client = Client::builder().no_proxy().dns_resolver(resolver).build().unwrap();
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://rebind.example.com:{port}/latest/meta-data");
        assert!(client.get(url).send().await.unwrap_err().is_connect());
    }
    let nobody = poll_fn(|context| Poll::Ready(listener.poll_accept(context).is_pending()));
    assert!(nobody.await, "somebody was let in");
}

#[test]
fn sixty_ways_to_say_inside_are_all_understood() {
    assert!(HOSTS.len() >= 60);
    for host in HOSTS {
        let url = format!("https://{host}/x");
        assert!(is_outside(&url).is_err(), "{url}");
    }
    for url in [
        "http://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "//hooks.example.com",
        "",
        "https://",
        "https://user@hooks.example.com/",
        "https://:pw@hooks.example.com/",
        "javascript:alert(1)",
        "https://hooks.example.com@127.0.0.1/",
        "https:127.0.0.1",
        "https:\\\\127.0.0.1\\x",
    ] {
        assert!(is_outside(url).is_err(), "{url}");
    }
}

#[test]
fn the_network_we_run_in_is_not_the_open_internet() {
    let closed = [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "fd00::1",
        "fe80::1",
        "::ffff:10.0.0.1",
        "::",
        "ff02::1",
        "2002:a00:1::",
        "64:ff9b::a00:1",
    ];
    for ip in closed {
        assert!(!is_open(ip.parse().unwrap()), "{ip}");
    }
    for ip in ["8.8.8.8", "100.128.0.1", "2606:4700::1111"] {
        assert!(is_open(ip.parse().unwrap()), "{ip}");
    }
}
