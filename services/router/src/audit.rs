//! The standing audit (D-37): once a minute, every partition is looked over by
//! whoever sweeps it. What it finds is counted and logged; nothing is mended.
//!
//! It never stands in the way of leads: few are looked at in one go, with a rest
//! after them, so a big partition takes longer than a minute.
//! `tipoff_audit_seconds` is the heartbeat: an auditor that is dead does not move it.

use std::time::Duration;

use futures::{Stream, TryStreamExt};
use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};
use tipoff_board::{Board, BoardError, Found, Looked};
use tipoff_roster::Roster;
use tipoff_runtime::Clock;
use tipoff_wire::Partition;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::rounds::{every, in_rounds};

const EVERY: Duration = Duration::from_mins(1);
/// Leads looked at before the next rest.
const PART: usize = 100;
const REST: Duration = Duration::from_secs(3);
/// How much later than the partition before each begins, so that never many of
/// them are at work at once: it does not go into the rest evenly.
const APART: Duration = Duration::from_millis(937);

/// Looks partitions over.
#[derive(Clone)]
pub(crate) struct Auditor {
    board: Board,
    roster: Roster,
    clock: Clock,
    faults: Counter<u64>,
    examined: Counter<u64>,
    heartbeat: Gauge<u64>,
}

impl Auditor {
    pub(crate) fn new(board: Board, roster: Roster, clock: Clock) -> Self {
        let meter = global::meter("tipoff-router");
        let faults = meter
            .u64_counter("tipoff_audit_faults")
            .with_description("Leads that the standing audit found not to be in order, by fault");
        let examined = meter
            .u64_counter("tipoff_audit_examined")
            .with_description("Leads that the standing audit looked at");
        let heartbeat = meter
            .u64_gauge("tipoff_audit_seconds")
            .with_description("When the standing audit last ended, in seconds since the epoch");
        let (faults, examined) = (faults.build(), examined.build());
        Self { board, roster, clock, faults, examined, heartbeat: heartbeat.build() }
    }

    /// Looks `partition` over again and again until `stop` is cancelled.
    pub(crate) async fn watch(self, partition: Partition, stop: CancellationToken) {
        let later = (APART * u32::from(partition.0)).as_secs_f64() % EVERY.as_secs_f64();
        let later = Duration::from_secs_f64(later);
        let fails = |error: BoardError| {
            warn!(error = &error as &dyn std::error::Error, %partition, "the standing audit could not look");
        };
        let every = every(Instant::now() + later, EVERY);
        in_rounds(every, &stop, || self.round(partition), fails).await;
    }

    async fn round(&self, partition: Partition) -> Result<(), BoardError> {
        let entities = self.roster.entities_in(partition);
        let chunks = self.board.look_over(partition, entities, self.clock.now());
        let (mut chunks, mut rest) = (std::pin::pin!(chunks), every(Instant::now(), REST));
        loop {
            rest.tick().await;
            let goes_on = self.part(chunks.as_mut()).await?;
            self.beat(partition);
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// As much as may be looked at in one go. Answers whether there is more.
    async fn part(
        &self,
        mut chunks: impl Stream<Item = Result<Looked, BoardError>> + Unpin,
    ) -> Result<bool, BoardError> {
        let mut examined = 0;
        while examined < PART {
            let Some(looked) = chunks.try_next().await? else { return Ok(false) };
            self.tell(&looked.found);
            self.examined.add(looked.examined as u64, &[]);
            // Places that limits hold are as much work as leads.
            examined += if looked.examined == 0 { PART } else { looked.examined };
        }
        Ok(true)
    }

    fn tell(&self, found: &[Found]) {
        for Found { entity, lead, fault } in found {
            self.faults.add(1, &[KeyValue::new("fault", fault.as_str())]);
            error!(entity.id = %entity, lead.id = %lead, fault = fault.as_str(), "a lead is not in order");
        }
    }

    fn beat(&self, partition: Partition) {
        let seconds = u64::try_from(self.clock.now().timestamp()).unwrap_or_default();
        self.heartbeat.record(seconds, &[KeyValue::new("partition", partition.to_string())]);
    }
}
