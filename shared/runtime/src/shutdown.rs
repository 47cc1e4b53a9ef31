//! Stopping in order: one token, passed as an argument.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// A token that is cancelled by SIGTERM or Ctrl-C. A second signal ends the
/// process at once.
pub fn on_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(terminate), Ok(interrupt)) => {
            tokio::spawn(listen(terminate, interrupt, stop.clone()));
        }
        (Err(error), _) | (_, Err(error)) => {
            error!(
                error = &error as &dyn std::error::Error,
                "signals cannot be caught; they will end us at once"
            );
        }
    }
    stop
}

async fn listen(mut terminate: Signal, mut interrupt: Signal, stop: CancellationToken) {
    either(&mut terminate, &mut interrupt).await;
    info!("stopping once the work in hand is finished; signal again to stop at once");
    stop.cancel();
    either(&mut terminate, &mut interrupt).await;
    std::process::exit(1);
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
