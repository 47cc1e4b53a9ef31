//! Serving HTTP to strangers: so many connections and no more, and nobody who
//! dawdles over the head of a request, or takes nothing of the answer, keeps one
//! for long. The fuller it is, the less patience there is.
//!
//! HTTP/1.1 only: HTTP/2 without TLS is of use to nobody here, and telling the
//! two apart has no time limit.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::future::BoxFuture;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::Backoff;

/// Largest head of a request, in bytes; a larger one is answered with 431.
const LARGEST_HEAD: usize = 32 * 1024;

/// How much strangers may ask of a process.
#[derive(Debug, Clone, Copy)]
pub struct ServeLimits {
    /// Connections at once; more wait until one is closed.
    pub connections: usize,
    /// How long the head of a request may take, and a connection may be idle.
    pub patience: Duration,
    /// The same while more than half of the connections are taken.
    pub haste: Duration,
    /// How long somebody may take nothing of what is there for them.
    pub stalled: Duration,
    /// How long requests in hand may take when stopping.
    pub drain: Duration,
}

/// Serves until `stop` is cancelled, then finishes what is in hand.
///
/// Boxed, so that it is compiled here and not in every program that serves.
pub fn serve(
    listener: TcpListener,
    app: Router,
    limits: ServeLimits,
    stop: CancellationToken,
) -> BoxFuture<'static, io::Result<()>> {
    Box::pin(accept(listener, app, limits, stop))
}

async fn accept(
    listener: TcpListener,
    app: Router,
    limits: ServeLimits,
    stop: CancellationToken,
) -> io::Result<()> {
    let most = limits.connections.max(1);
    let seats = Arc::new(Semaphore::new(most));
    let graceful = GracefulShutdown::new();
    let mut backoff = Backoff::new(Duration::from_millis(5), Duration::from_secs(1));
    while let Some(Ok(seat)) = stop.run_until_cancelled(seats.clone().acquire_owned()).await {
        let stream = match stop.run_until_cancelled(listener.accept()).await {
            Some(Ok((stream, _))) => stream,
            Some(Err(error)) if is_the_strangers(&error) => continue,
            Some(Err(error)) => {
                // Out of file descriptors, most likely; some will be closed.
                warn!(error = &error as &dyn std::error::Error, "no connection can be taken now");
                backoff.wait(&stop).await;
                continue;
            }
            None => break,
        };
        backoff.reset();
        let crowded = seats.available_permits() < most / 2;
        let patience = if crowded { limits.haste } else { limits.patience };
        let connection = connection(stream, app.clone(), patience, limits.stalled);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(error = &error as &dyn std::error::Error, "a connection broke off");
            }
            drop(seat);
        });
    }
    drop(listener);
    if timeout(limits.drain, graceful.shutdown()).await.is_err() {
        // Whoever still sends is not answered, and will send again.
        warn!("stopping without waiting longer for requests in hand");
    }
    Ok(())
}

type Stream = TokioIo<Pin<Box<TimeoutStream<TcpStream>>>>;
type Connection = http1::Connection<Stream, TowerToHyperService<Router>>;

fn connection(stream: TcpStream, app: Router, patience: Duration, stalled: Duration) -> Connection {
    // It only delays answers where it fails.
    stream.set_nodelay(true).ok();
    let mut stream = Box::pin(TimeoutStream::new(stream));
    stream.as_mut().set_write_timeout_pinned(Some(stalled));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
}

fn is_the_strangers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
