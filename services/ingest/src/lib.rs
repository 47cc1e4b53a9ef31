//! Ingest: turns whatever a source sends into a lead and writes it down.
//!
//! A source hears "accepted" only once the lead is in JetStream, and hears it
//! as often as it sends the same lead again. What cannot be a lead is kept in
//! REJECTED with the reason.

mod bus;
mod http;
mod identity;
mod intake;
mod options;
mod pace;
mod problem;
mod read;

use std::io;
use std::sync::Arc;

use futures::TryFutureExt;
use futures::future::BoxFuture;
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Nats, Turns, WorkerError, health, serve, worker};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use options::Options;

use intake::Intake;

/// Leads, or requests, that wait for their turn; each may be as large as the largest lead.
const WAITING: usize = 1_024;

/// Why ingest ended before it was stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("requests cannot be taken any more")]
    Serve(#[source] io::Error),
    #[error("leads published to NATS cannot be taken")]
    Pull(#[from] WorkerError),
}

/// Takes leads in over HTTP and NATS until `stop` is cancelled and what is in
/// hand is finished.
///
/// Boxed, so that it is compiled here and not in every program that runs it.
pub fn run(
    listener: TcpListener,
    nats: Nats,
    roster: Roster,
    clock: Clock,
    options: Options,
    stop: CancellationToken,
) -> BoxFuture<'static, Result<(), Error>> {
    Box::pin(async move {
        // Its tables take a moment to unpack; better now than under the first lead.
        tokio::task::spawn_blocking(tipoff_contact::warm);
        let paces = options.paces();
        let intake = Arc::new(Intake::new(nats.clone(), roster, clock.clone(), paces));
        let turns = |at_once| Turns::with_room(at_once, WAITING, None, stop.clone());
        let app = http::app(intake.clone(), turns(options.ingest_requests), options.body())
            .merge(health::routes(nats.clone(), None, stop.clone()));
        let pulled = bus::Pulled { intake, turns: turns(options.ingest_in_flight) };
        let pulling = worker::work(nats, clock, pulled.limits(&options), pulled, stop.clone());
        let serving = serve::serve(listener, app, options.serve_limits(), stop.clone());
        tokio::try_join!(serving.map_err(Error::Serve), pulling.map_err(Error::Pull))?;
        Ok(())
    })
}
