//! Ports for programs that are told where to listen.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Systems give outgoing connections ports from 32,768 on. One of those would be
/// gone before its program listens, or while the program is down.
const FIRST: u32 = 10_000;
const MANY: u32 = 22_000;
/// Keeps processes that were started together apart.
const APART: u32 = 7_919;

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// An address on loopback where nobody listens. This process gives it to nobody else,
/// and no outgoing connection takes it.
///
/// # Errors
/// If nothing can listen on loopback.
pub fn free_address() -> io::Result<SocketAddr> {
    let start = std::process::id().wrapping_mul(APART);
    let next = || start.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % MANY + FIRST;
    let mut refused = io::ErrorKind::AddrInUse.into();
    for _ in 0..MANY {
        let port = u16::try_from(next()).map_err(io::Error::other)?;
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return listener.local_addr(),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, for the two would take the ports of each other.
    #[test]
    fn an_address_is_free_and_is_not_given_twice_and_those_that_are_taken_are_passed_over() {
        let given: Vec<_> = (0..50).map(|_| free_address().unwrap()).collect();
        for at in &given {
            assert!((10_000..32_768).contains(&at.port()), "{at}");
            TcpListener::bind(at).unwrap();
        }
        let mut once = given.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), given.len());

        // The next that would be given out.
        let last = given[49].port();
        let listen = |more| TcpListener::bind((Ipv4Addr::LOCALHOST, last + more)).ok();
        let held: Vec<_> = (1..20).filter_map(listen).collect();
        for _ in 0..40 {
            let given = free_address().unwrap();
            assert!(held.iter().all(|held| held.local_addr().unwrap() != given));
        }
    }
}
