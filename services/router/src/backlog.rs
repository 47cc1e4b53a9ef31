//! What rests in ponds because nobody could take it, offered again when somebody
//! can: the oldest first, one every so long. What somebody sent back stays (D-25).

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tipoff_board::{Board, BoardError, MovedOn, OnBoard};
use tipoff_domain::plan::{Hop, Otherwise, Plan, Then, plan_next};
use tipoff_domain::{AgentId, EntityId, EntityView, LeadId, PondId, Span};
use tipoff_wire::event::State;
use tipoff_wire::{Partition, PooledWhy};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::guarded::guarded;
use crate::seed::Seeds;
use crate::sweep::Mover;

/// Openings, quiet hours and limits end without anybody saying so.
const LOOK: Duration = Duration::from_secs(1);
/// So many leads of a pond are looked at in one go; the next look goes on behind
/// them, so that those which nobody can take keep the others waiting for a while only.
const LOOKED_AT: usize = 50;

/// A pond that is served; `None`: the entity's pool.
type Served = (EntityId, Option<PondId>);

/// How far serving a pond has come.
#[derive(Default)]
struct Reached {
    /// When something was taken out of it last.
    served_at: Option<DateTime<Utc>>,
    /// The last that was looked at since; `None`: it begins with the oldest.
    behind: Option<String>,
}

impl Mover {
    /// Serves the ponds of this router's share until `stop` is cancelled.
    pub(crate) async fn serve_backlogs(
        self,
        mine: watch::Receiver<Vec<Partition>>,
        stop: CancellationToken,
    ) {
        let mut changes = self.roster.changes();
        changes.mark_changed();
        let mut reached: HashMap<Served, Reached> = HashMap::new();
        let mut ponds = Vec::new();
        while !stop.is_cancelled() {
            if changes.has_changed().unwrap_or(false) {
                changes.borrow_and_update();
                ponds = self.served();
                reached.retain(|pond, _| ponds.iter().any(|(known, _)| known == pond));
            }
            if ponds.is_empty() {
                // Until somebody wants it.
                if !matches!(stop.run_until_cancelled(changes.changed()).await, Some(Ok(()))) {
                    return;
                }
                changes.mark_changed();
            }
            let share = mine.borrow().clone();
            for (pond, every) in &ponds {
                if !share.contains(&self.roster.partition(&pond.0)) {
                    continue;
                }
                let reached = reached.entry(pond.clone()).or_default();
                if let Err(error) = self.serve_one(pond, *every, reached).await {
                    warn!(error = &error as &dyn std::error::Error, entity.id = %pond.0, "a backlog is not served, trying again");
                }
            }
            stop.run_until_cancelled(tokio::time::sleep(LOOK)).await;
        }
    }

    /// Every pond that is to be served, and how often.
    fn served(&self) -> Vec<(Served, Span)> {
        let mut all = Vec::new();
        for entity in self.roster.entities() {
            let Some(view) = self.roster.view(&entity) else { continue };
            let ponds = view.ponds.iter().map(|(id, pond)| (Some(id.clone()), pond.serve_every));
            let served = ponds.chain([(None, view.entity.serve_pool_every)]);
            all.extend(served.filter_map(|(pond, every)| Some(((entity.clone(), pond), every?))));
        }
        all
    }

    async fn serve_one(
        &self,
        pond: &Served,
        every: Span,
        reached: &mut Reached,
    ) -> Result<(), BoardError> {
        let (entity, id) = pond;
        let Some(view) = self.roster.view(entity) else { return Ok(()) };
        let now = self.board.time(entity).await?;
        if reached.served_at.is_some_and(|before| now < before + every.delta()) {
            return Ok(());
        }
        let behind = reached.behind.as_deref();
        let (leads, last) = self.board.oldest(entity, id.as_ref(), behind, LOOKED_AT).await?;
        // Before they are looked at: one that cannot be served must not hold up all behind it.
        reached.behind = last;
        for lead in leads {
            let again = Again { board: &self.board, seeds: &self.seeds, now: self.clock.now() };
            if nobody_took(&lead) && again.offer(&lead, &view, now).await? {
                *reached = Reached { served_at: Some(now), behind: None };
                break;
            }
        }
        Ok(())
    }
}

/// Offers again what rests in a pond.
pub(crate) struct Again<'a> {
    pub(crate) board: &'a Board,
    pub(crate) seeds: &'a Seeds,
    /// Which routes are open.
    pub(crate) now: DateTime<Utc>,
}

impl Again<'_> {
    /// Whether anybody could take it.
    pub(crate) async fn offer(
        &self,
        lead: &OnBoard,
        view: &EntityView,
        board_now: DateTime<Utc>,
    ) -> Result<bool, BoardError> {
        let mut full = Vec::new();
        loop {
            let planned = || self.plan(lead, view, board_now, &full);
            let plan = guarded(&lead.entity, &lead.id, planned);
            if !matches!(plan.then, Then::Step(_)) {
                return Ok(false);
            }
            match self.board.serve(lead, &plan).await? {
                // Every time somebody more, so this comes to an end.
                MovedOn::Full(more) => full.extend(more),
                moved => return Ok(moved == MovedOn::Done),
            }
        }
    }

    /// The person came again. If their lead had rested since then when they did, it is
    /// offered anew, however much later that is read (D-30 b).
    pub(crate) async fn offer_what_rests(
        &self,
        lead: &LeadId,
        view: &EntityView,
        since: DateTime<Utc>,
    ) -> Result<(), BoardError> {
        let (found, now) = self.board.lead_now(&view.id, lead).await?;
        let rests_long = |found: &OnBoard| {
            let rested = found.now_is.rested_at.filter(|_| found.now_is.state == State::Pooled);
            rested.is_some_and(|rested| rested <= since)
        };
        if let Some(found) = found.filter(rests_long) {
            self.offer(&found, view, now).await?;
        }
        Ok(())
    }

    /// As if it had just come in; but nobody is asked twice.
    fn plan(
        &self,
        lead: &OnBoard,
        view: &EntityView,
        board_now: DateTime<Utc>,
        full: &[AgentId],
    ) -> Plan {
        let now_is = &lead.now_is;
        let tried: Vec<AgentId> = now_is.tried.iter().map(|tried| tried.agent.clone()).collect();
        let mut dice = self.seeds.dice(&lead.entity, &lead.id, now_is.round + 1);
        let hop = Hop {
            lead: &lead.lead,
            route: None,
            tried: &tried,
            again: &[],
            tags: &now_is.tags,
            jump_ball: false,
            first_offer: board_now,
            board_now,
            reroutes: 0,
            full,
        };
        plan_next(&hop, view, self.now, &mut dice)
    }
}

fn nobody_took(lead: &OnBoard) -> bool {
    matches!(lead.now_is.why, Some(PooledWhy::Planned(why)) if why != Otherwise::ToPond)
}
