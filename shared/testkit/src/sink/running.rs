//! A server of ours that ends with the value that holds it.

use std::net::SocketAddr;

use tokio_util::sync::{CancellationToken, DropGuard};

/// Where it listens; dropping it ends the server and its connections.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) at: SocketAddr,
    _ends: DropGuard,
}

impl Running {
    /// The server must end when the token is cancelled.
    pub(super) fn new(at: SocketAddr) -> (Self, CancellationToken) {
        let stop = CancellationToken::new();
        (Self { at, _ends: stop.clone().drop_guard() }, stop)
    }
}
