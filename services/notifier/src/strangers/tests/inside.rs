//! The same in a network of its own, in which every address of the world is this
//! machine and so is the name server: whoever is connected to is seen.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, UdpSocket};

use super::{HOSTS, strangers};

/// `scripts/inside.sh` says so.
const INSIDE: &str = "TIPOFF_TEST_INSIDE";
const PORTS: [u16; 2] = [80, 443];

/// Names of the open internet, and what they stand for at every other question.
const OUTSIDE: &str = "8.8.8.8";
const FLIPS: &str = "flips.example.com";
const BOTH: &str = "both.example.com";

/// Who was connected to, by address.
#[derive(Clone, Default)]
struct Callers(Arc<Mutex<Vec<IpAddr>>>);

impl Callers {
    async fn watch() -> Self {
        let callers = Self::default();
        for port in PORTS {
            let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await.unwrap();
            let seen = callers.clone();
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let called = stream.local_addr().unwrap().ip().to_canonical();
                    seen.0.lock().unwrap().push(called);
                }
            });
        }
        callers
    }

    /// Calls, and answers who has been connected to by that.
    async fn after(&self, anywhere: bool, url: &str) -> Vec<IpAddr> {
        let strangers = strangers(anywhere);
        if let Ok(address) = strangers.address(url) {
            // Nobody there speaks TLS, and nobody answers.
            drop(strangers.post(address).send().await);
        }
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A name server of somebody who wants us to call ourselves.
async fn serve_names() {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 53)).await.unwrap();
    let asked = AtomicUsize::new(0);
    tokio::spawn(async move {
        let mut question = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            let answer = answer(&question[..length], &asked);
            drop(socket.send_to(&answer, from).await);
        }
    });
}

/// Answers one question for addresses (RFC 1035).
fn answer(question: &[u8], asked: &AtomicUsize) -> Vec<u8> {
    let (mut name, mut at) = (String::new(), 12);
    while question[at] != 0 {
        let length = usize::from(question[at]);
        name.push_str(std::str::from_utf8(&question[at + 1..=at + length]).unwrap());
        name.push('.');
        at += length + 1;
    }
    let is_v4 = question[at + 1..at + 3] == [0, 1];
    let found = stands_for(name.trim_end_matches('.'), is_v4, asked);
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::try_from(found.len()).unwrap(), 0, 0, 0, 0]);
    answer.extend(&question[12..at + 5]);
    for ip in found {
        let bytes = match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        // The name that was asked for, in this class, and for no time at all.
        answer.extend([0xc0, 12, 0, if ip.is_ipv4() { 1 } else { 28 }, 0, 1, 0, 0, 0, 0, 0]);
        answer.push(u8::try_from(bytes.len()).unwrap());
        answer.extend(bytes);
    }
    answer
}

fn stands_for(name: &str, is_v4: bool, asked: &AtomicUsize) -> Vec<IpAddr> {
    let ips = |all: &[&str]| all.iter().map(|ip| ip.parse().unwrap()).collect();
    match (name, is_v4) {
        (FLIPS, true) => match asked.fetch_add(1, Ordering::Relaxed) % 4 {
            0 => ips(&[OUTSIDE]),
            1 => ips(&["127.0.0.1"]),
            2 => ips(&["169.254.169.254"]),
            _ => ips(&["10.1.2.3"]),
        },
        (BOTH, true) => ips(&["127.0.0.1", OUTSIDE, "10.0.0.1"]),
        (_, true) => ips(&["10.9.9.9", "127.0.0.1"]),
        (_, false) => ips(&["fd00::9", "::1", "::ffff:10.0.0.1"]),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a network of its own: make inside"]
async fn nobody_inside_is_connected_to_by_whatever_name() {
    assert!(std::env::var_os(INSIDE).is_some(), "this runs by `make inside` alone");
    drop(rustls::crypto::ring::default_provider().install_default());
    let callers = Callers::watch().await;
    serve_names().await;
    let (outside, v6): (IpAddr, IpAddr) =
        (OUTSIDE.parse().unwrap(), "2606:4700::1111".parse().unwrap());
    // Whoever is connected to is seen, by every way.
    let here = IpAddr::from(Ipv4Addr::LOCALHOST);
    assert_eq!(callers.after(true, "https://127.0.0.1/").await, [here]);
    assert_eq!(callers.after(true, "http://10.0.0.1/").await, [IpAddr::from([10, 0, 0, 1])]);
    assert!(!callers.after(true, "https://db.internal/").await.is_empty());
    assert_eq!(callers.after(false, "https://8.8.8.8/").await, [outside]);
    assert_eq!(callers.after(false, "https://[2606:4700::1111]/").await, [v6]);

    let hosts = HOSTS.iter().copied().chain(["rebind.example.com", "metadata.example.com"]);
    for url in hosts.flat_map(|host| [format!("https://{host}/x"), format!("http://{host}/x")]) {
        assert_eq!(callers.after(false, &url).await, [] as [IpAddr; 0], "{url}");
    }
    let mut outside_only = 0;
    for name in [FLIPS, BOTH].into_iter().cycle().take(40) {
        let called = callers.after(false, &format!("https://{name}/")).await;
        assert!(called.iter().all(|ip| *ip == outside), "{name}: {called:?}");
        outside_only += called.len();
    }
    assert!((20..40).contains(&outside_only), "{outside_only}: half of them, and some that flip");
}
