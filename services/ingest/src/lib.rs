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
mod problem;
mod read;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Nats, WorkerError, health, worker};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use options::Options;

use intake::Intake;

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
pub async fn run(
    listener: TcpListener,
    nats: Nats,
    roster: Roster,
    clock: Clock,
    options: Options,
    stop: CancellationToken,
) -> Result<(), Error> {
    // Its tables take a moment to unpack; better now than under the first lead.
    tokio::task::spawn_blocking(tipoff_contact::warm);
    let intake = Arc::new(Intake::new(nats.clone(), roster, clock.clone()));
    let app = http::app(intake.clone()).merge(health::routes(nats.clone(), None, stop.clone()));
    let pulling =
        worker::work(nats, clock, bus::limits(&options), bus::Pulled(intake), stop.clone());
    tokio::try_join!(serve(listener, app, options.drain(), stop), async {
        pulling.await.map_err(Error::Pull)
    })?;
    Ok(())
}

async fn serve(
    listener: TcpListener,
    app: axum::Router,
    drain: Duration,
    stop: CancellationToken,
) -> Result<(), Error> {
    let serving = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    let too_long = async {
        stop.cancelled().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        served = serving => served.map_err(Error::Serve),
        // Whoever still sends is not answered, and will send again.
        () = too_long => Ok(()),
    }
}
