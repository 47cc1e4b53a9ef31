//! Which ports to use: the usual ones where they are free.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as Std};

use anyhow::Context;
use tokio::net::TcpListener;

/// A port that was wanted and could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) what: &'static str,
    pub(super) wanted: u16,
}

/// The ports that are wanted; 0: any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) api: u16,
    pub(super) intake: u16,
    pub(super) nats: u16,
    pub(super) redis: u16,
    /// Health and metrics.
    pub(super) admin: u16,
}

impl Ports {
    /// The usual ones; any where `base` is 0; else five from `base` on.
    pub(super) fn from(base: Option<u16>) -> Self {
        match base {
            None => Self { api: 7080, intake: 7081, nats: 4222, redis: 6379, admin: 7090 },
            Some(0) => Self { api: 0, intake: 0, nats: 0, redis: 0, admin: 0 },
            Some(base) => {
                let nth = |n: u16| base.saturating_add(n);
                Self { api: nth(0), intake: nth(1), nats: nth(2), redis: nth(3), admin: nth(4) }
            }
        }
    }
}

/// Listens on `wanted`, or else anywhere and says so in `moved`.
pub(super) async fn listen(
    what: &'static str,
    wanted: u16,
    moved: &mut Vec<Moved>,
) -> anyhow::Result<TcpListener> {
    let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if let Ok(listener) = TcpListener::bind(on(wanted)).await {
        return Ok(listener);
    }
    moved.push(Moved { what, wanted });
    TcpListener::bind(on(0)).await.with_context(|| format!("there is no free port for {what}"))
}

/// `wanted` if a server could listen there, else 0, said in `moved`.
pub(super) fn for_server(what: &'static str, wanted: u16, moved: &mut Vec<Moved>) -> u16 {
    // Without address reuse, a connection that is still closing would count as taken.
    if wanted == 0 || Std::bind((Ipv4Addr::LOCALHOST, wanted)).is_ok() {
        return wanted;
    }
    moved.push(Moved { what, wanted });
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_left_to_whoever_has_it() {
        let mut moved = Vec::new();
        let first = listen("api", 0, &mut moved).await.unwrap();
        let taken = first.local_addr().unwrap().port();
        assert_eq!(moved, []);

        let second = listen("api", taken, &mut moved).await.unwrap();
        assert_ne!(second.local_addr().unwrap().port(), taken);
        assert_eq!(for_server("nats", taken, &mut moved), 0);
        assert_eq!(
            moved,
            [Moved { what: "api", wanted: taken }, Moved { what: "nats", wanted: taken }]
        );
    }
}
