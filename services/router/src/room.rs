//! Whether Redis has room for more, so that whoever runs it hears in time: once it is full it
//! takes nothing, and all leads wait.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use opentelemetry::global;
use opentelemetry::metrics::Gauge;
use tipoff_board::{Board, BoardError, Memory};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::rounds::{every, in_rounds};

const EVERY: Duration = Duration::from_secs(15);

/// Looks how much memory Redis uses.
pub(crate) struct Room {
    board: Board,
    used: Gauge<f64>,
    is_low: AtomicBool,
}

impl Room {
    pub(crate) fn new(board: Board) -> Self {
        let meter = global::meter("tipoff-router");
        let used = meter
            .f64_gauge("tipoff_redis_memory_used")
            .with_description(
                "The part of the memory that Redis may use (maxmemory) that it does, of the fullest server; nothing is thrown out, and nothing is taken once it is full",
            );
        Self { board, used: used.build(), is_low: AtomicBool::new(false) }
    }

    /// Looks again and again until `stop` is cancelled.
    pub(crate) async fn watch(self, stop: CancellationToken) {
        let (room, rounds) = (&self, every(Instant::now(), EVERY));
        // A server that does not answer is told of by everybody who needs it.
        in_rounds(rounds, &stop, || room.look(), drop).await;
    }

    async fn look(&self) -> Result<(), BoardError> {
        let servers = self.board.memory().await?;
        let parts = servers.into_iter().filter_map(|server| Some((server.part()?, server)));
        let fullest = parts.max_by(|one, other| one.0.total_cmp(&other.0));
        let Some((part, Memory { used, most })) = fullest else { return Ok(()) };
        self.used.record(part, &[]);
        let is_low = part >= Memory::ALARMING;
        match (self.is_low.swap(is_low, Relaxed), is_low) {
            (false, true) => warn!(
                used,
                most,
                "Redis has used most of its memory, and takes nothing more once it is full; give it more (maxmemory), or keep less (`tipoff init --board-days`)"
            ),
            (true, false) => info!(used, most, "Redis has room again"),
            _ => {}
        }
        Ok(())
    }
}
