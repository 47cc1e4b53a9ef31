//! What agents who left and ponds that were deleted leave behind. What is on offer
//! to such an agent is taken back and rolls on at once (D-23); what routing gave to
//! them after they had left is planned anew (D-4), and what they had before stays
//! theirs until an admin moves it. What came to rest in such a pond while it was
//! being deleted goes to the entity's pool (D-25).
//!
//! A router that takes a partition over looks once at all who are asked there and at
//! all ponds in which anything rests, so nothing is missed that went in between. Two
//! who act on the same do no harm: the second finds nothing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_board::{Board, BoardError, Withdrawal};
use tipoff_domain::{AgentId, EntityId, PondId};
use tipoff_roster::Roster;
use tipoff_runtime::{Backoff, Clock};
use tipoff_wire::Partition;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::backlog::Again;
use crate::seed::Seeds;
use crate::staff::{Gone, What};

/// So late may we have heard that somebody left: what routing gave to them within this
/// time before counts as given after it.
const LATE: TimeDelta = TimeDelta::seconds(5);

/// Sees to what was left behind.
#[derive(Clone)]
pub(crate) struct Dismissal {
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
    pub(crate) seeds: Seeds,
}

impl Dismissal {
    /// All that one of them left, however long it takes to reach the board. `heard`:
    /// when we heard that it is gone.
    pub(crate) async fn dismiss(&self, what: What, heard: DateTime<Utc>, stop: CancellationToken) {
        let see_to = || {
            let (this, (entity, gone)) = (self.clone(), what.clone());
            async move {
                match gone {
                    Gone::Agent(agent) => this.take_back(&entity, &agent, heard).await,
                    Gone::Pond(pond) => this.empty(&entity, &pond).await,
                }
            }
        };
        until_done(see_to, &stop).await;
    }

    /// The same for everybody who is asked in a partition, and every pond in which
    /// anything rests, and is not there any more.
    pub(crate) async fn look_over(&self, partition: Partition, stop: CancellationToken) {
        let found = || {
            let this = self.clone();
            async move { this.found_in(partition).await }
        };
        let Some(found) = until_done(found, &stop).await else { return };
        let heard = self.clock.now();
        for (entity, gone) in found {
            let Some(view) = self.roster.view(&entity) else { continue };
            if gone.is_missing_in(&view) {
                self.dismiss((entity, gone), heard, stop.clone()).await;
            }
        }
    }

    /// What is on offer to an agent who left, and what routing gave to them after that.
    async fn take_back(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        heard: DateTime<Utc>,
    ) -> Result<(), BoardError> {
        let why = Withdrawal::AgentGone;
        let offers = self.board.withdraw_all_of(entity, agent, why).await?;
        let leads = self.give_anew(entity, agent, heard).await?;
        if offers + leads > 0 {
            info!(entity.id = %entity, agent.id = %agent, offers, leads, "took back what an agent who left was offered or given");
        }
        Ok(())
    }

    /// What routing gave to an agent who had left is planned as if it had just come
    /// in. What nobody can take, or what this fails for, rests in the pool.
    async fn give_anew(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        heard: DateTime<Utc>,
    ) -> Result<usize, BoardError> {
        let Some(view) = self.roster.view(entity) else { return Ok(0) };
        let (now, board_now) = (self.clock.now(), self.board.time(entity).await?);
        // The two clocks may differ; how long ago it was, they agree on.
        let left = board_now - (now - heard) - LATE;
        let leads = self.board.take_from(entity, agent, left).await?;
        let again = Again { board: &self.board, seeds: &self.seeds, now };
        for lead in &leads {
            again.offer(lead, &view, board_now).await?;
        }
        Ok(leads.len())
    }

    async fn empty(&self, entity: &EntityId, pond: &PondId) -> Result<(), BoardError> {
        let leads = self.board.empty_pond(entity, pond).await?;
        if leads > 0 {
            info!(entity.id = %entity, pond.id = %pond, leads, "sent what rested in a pond that is gone to the pool");
        }
        Ok(())
    }

    /// All who are asked in a partition, and all ponds in which anything rests.
    async fn found_in(&self, partition: Partition) -> Result<Vec<What>, BoardError> {
        let asked = self.board.asked(partition).await?.into_iter();
        let asked = asked.map(|(entity, agent)| (entity, Gone::Agent(agent)));
        let mut found: Vec<What> = asked.collect();
        for entity in self.roster.entities_in(partition) {
            let ponds = self.board.ponds_in_use(&entity).await?.into_iter();
            found.extend(ponds.map(|pond| (entity.clone(), Gone::Pond(pond))));
        }
        Ok(found)
    }
}

/// Tries until it works. `None`: `stop` was cancelled before.
async fn until_done<T, F: Future<Output = Result<T, BoardError>>>(
    what: impl Fn() -> F,
    stop: &CancellationToken,
) -> Option<T> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    loop {
        match stop.run_until_cancelled(what()).await? {
            Ok(done) => return Some(done),
            Err(error) => {
                error!(
                    error = &error as &dyn std::error::Error,
                    "what agents and ponds that are gone left behind is not seen to yet, trying again"
                );
            }
        }
        if !backoff.wait(stop).await {
            return None;
        }
    }
}
