//! The standing audit (D-37): once a minute, every partition is looked over by
//! whoever sweeps it. What it finds is counted and logged; nothing is mended.
//!
//! A big partition is looked over in parts, a part a minute, so that the audit
//! never stands in the way of leads. `tipoff_audit_seconds` is the heartbeat: an
//! auditor that is dead does not move it.

use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};
use tipoff_board::{Board, BoardError, Found, Place};
use tipoff_roster::Roster;
use tipoff_runtime::Clock;
use tipoff_wire::Partition;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

const EVERY: Duration = Duration::from_mins(1);
/// Leads looked at in one part: what all partitions together can bear every minute.
const PART: usize = 2_000;

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

    /// Looks `partition` over, a part a minute, until `stop` is cancelled.
    pub(crate) async fn watch(self, partition: Partition, stop: CancellationToken) {
        let mut place = None;
        // Not all partitions at once.
        let later = Duration::from_secs(u64::from(partition.0) % EVERY.as_secs());
        let mut every = tokio::time::interval_at(Instant::now() + later, EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            match stop.run_until_cancelled(self.part(partition, place.take())).await {
                Some(Ok(next)) => place = next,
                Some(Err(error)) => {
                    warn!(error = &error as &dyn std::error::Error, %partition, "the standing audit could not look");
                }
                None => break,
            }
        }
    }

    /// One part. Answers where the next begins; `None`: at the beginning.
    async fn part(
        &self,
        partition: Partition,
        from: Option<Place>,
    ) -> Result<Option<Place>, BoardError> {
        let mut entities = self.roster.entities();
        entities.retain(|entity| self.roster.partition(entity) == partition);
        entities.sort_unstable();
        let look = |examined: usize, found: Vec<Found>| {
            self.tell(&found);
            self.examined.add(examined as u64, &[]);
        };
        let until = self.clock.now();
        let next = self.board.audit_part(&entities, from, until, PART, look).await?;
        if next.is_some() {
            self.beat(partition);
            return Ok(next);
        }
        self.tell(&self.board.idle_reservations(partition).await?);
        self.beat(partition);
        Ok(None)
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
