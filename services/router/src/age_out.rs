//! Leads that are over leave the board when the deployment says so; whoever
//! sweeps a partition takes them off it.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry::metrics::Counter;
use tipoff_board::{Board, BoardError};
use tipoff_roster::Roster;
use tipoff_wire::Partition;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::rounds::{every, in_rounds};

/// It is a matter of days, so nobody waits for it.
const EVERY: Duration = Duration::from_mins(10);

/// Takes leads off the board.
#[derive(Clone)]
pub(crate) struct Aging {
    board: Board,
    roster: Roster,
    gone: Counter<u64>,
}

impl Aging {
    pub(crate) fn new(board: Board, roster: Roster) -> Self {
        let gone = global::meter("tipoff-router")
            .u64_counter("tipoff_aged_out")
            .with_description("Leads that left the board because they had been over for long")
            .build();
        Self { board, roster, gone }
    }

    /// Looks `partition` over again and again until `stop` is cancelled, if leads age
    /// out at all.
    pub(crate) async fn watch(self, partition: Partition, stop: CancellationToken) {
        if self.roster.deployment().board_days == 0 {
            return;
        }
        let fails = |error: BoardError| {
            warn!(error = &error as &dyn std::error::Error, %partition, "leads that are over stay on the board for now");
        };
        let every = every(Instant::now(), EVERY);
        in_rounds(every, &stop, || self.round(partition), fails).await;
    }

    async fn round(&self, partition: Partition) -> Result<(), BoardError> {
        for entity in self.roster.entities_in(partition) {
            self.gone.add(self.board.age_out(&entity).await?, &[]);
        }
        Ok(())
    }
}
