//! Deadlines: whatever is due in a partition moves on, and events that
//! somebody left behind are shipped.

mod hand;
mod steady;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_board::{Board, BoardError, Gap, Known, MovedOn, OnBoard, Recognised};
use tipoff_domain::AgentId;
use tipoff_domain::plan::{Arrival, Hop, Plan, plan, plan_next};
use tipoff_roster::Roster;
use tipoff_runtime::{Clock, Failing};
use tipoff_wire::Partition;
use tipoff_wire::event::State;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::backlog::Again;
use crate::guarded::guarded;
use crate::place::{can_take, known};
use crate::seed::Seeds;
pub(crate) use hand::Progress;
use steady::{Ahead, Asked, Steady};

/// Longest time between two sweeps. Whatever is due earlier is known from the
/// sweep before, or announced by a wake-up call, which may be lost.
const AT_MOST: Duration = Duration::from_millis(200);
/// An event that has waited for so much longer than events take lately was left
/// behind by whoever made it.
const LEFT_BEHIND: Duration = Duration::from_secs(2);

/// Leads of all partitions that a router moves on at once.
pub(crate) const AT_ONCE: usize = 256;

/// Moves leads on.
#[derive(Clone)]
pub(crate) struct Mover {
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
    pub(crate) seeds: Seeds,
    /// Sweeps, of whatever partition.
    pub(crate) sweeps: Failing,
    /// Moving on whatever a sweep found.
    pub(crate) moves: Failing,
    pub(crate) progress: Progress,
    /// Leads of all partitions that this router moves on at once.
    pub(crate) seats: Arc<Semaphore>,
}

type Hand = hand::Hand<MovedOn, BoardError>;

/// What sweeping one partition carries from one sweep to the next.
struct Round<'a> {
    partition: Partition,
    hand: Hand,
    /// Whether more is due than there was room for.
    more: bool,
    /// What is left of a time when nobody swept.
    gap: Option<Gap>,
    steady: Option<Steady>,
    /// Hears when events were waiting.
    found: &'a watch::Sender<Option<DateTime<Utc>>>,
}

impl Mover {
    /// Looks after one partition until `stop` is cancelled. Shipping stands
    /// beside sweeping: however much was left behind, deadlines do not wait for it.
    pub(crate) async fn sweep(self, partition: Partition, wake: &Notify, stop: CancellationToken) {
        let (found, left) = watch::channel(None);
        tokio::join!(self.fire(partition, wake, &found, &stop), self.ship(partition, left, &stop));
    }

    async fn fire(
        &self,
        partition: Partition,
        wake: &Notify,
        found: &watch::Sender<Option<DateTime<Utc>>>,
        stop: &CancellationToken,
    ) {
        let hand = Hand::new(self.progress.clone());
        let mut round = Round { partition, hand, more: false, gap: None, steady: None, found };
        let ahead = Ahead::new();
        while !stop.is_cancelled() {
            let swept = self.sweep_once(&mut round).await;
            ahead.record(partition, &swept);
            let pause = match swept {
                Ok(pause) => {
                    if self.sweeps.ends() {
                        info!("sweeping goes on");
                    }
                    pause
                }
                // Until somebody has caught up with the log; who does so tells of it.
                Err(BoardError::Shut { .. }) => AT_MOST,
                Err(error) => {
                    // Once for all partitions, not five times a second for each, while a server is away.
                    if self.sweeps.begins() {
                        error!(error = &error as &dyn std::error::Error, %partition, "sweeping fails, trying again");
                    }
                    AT_MOST
                }
            };
            self.rest(&mut round, pause, wake, stop).await;
        }
        round.hand.emptied().await;
    }

    /// Until it is time to sweep again. While the log confirms nothing it is not:
    /// nobody can claim then, so deadlines stand still, and the next sweep puts off
    /// those that fell into that time.
    async fn rest(
        &self,
        round: &mut Round<'_>,
        pause: Duration,
        wake: &Notify,
        stop: &CancellationToken,
    ) {
        let mut over = std::pin::pin!(tokio::time::sleep(pause));
        loop {
            let held_up = round.hand.is_held_up();
            tokio::select! {
                () = stop.cancelled() => return,
                moved = round.hand.next() => if self.is_due_again(round, moved) { return },
                () = wake.notified(), if !held_up => return,
                () = &mut over, if !held_up => return,
            }
        }
    }

    /// Whether what became of one lead asks for another sweep at once; nobody
    /// spins on those that fail.
    fn is_due_again(&self, round: &Round<'_>, moved: Option<Result<MovedOn, BoardError>>) -> bool {
        match moved {
            Some(Ok(moved)) => {
                if self.moves.ends() {
                    info!("leads are moved on again");
                }
                // It stood differently when its turn came, and may still be due.
                moved != MovedOn::Done || (round.more && round.hand.has_room())
            }
            Some(Err(error)) => {
                self.not_moved(round.partition, &error);
                false
            }
            None => false,
        }
    }

    fn not_moved(&self, partition: Partition, error: &BoardError) {
        if self.moves.begins() {
            error!(error = error as &dyn std::error::Error, %partition, "lead not moved on, trying again");
        }
    }

    /// Takes up what is due; answers how long nothing else will be.
    async fn sweep_once(&self, round: &mut Round<'_>) -> Result<Duration, BoardError> {
        let (partition, asked) = (round.partition, Asked::at(self.clock.now()));
        let latest = round.steady.as_ref().map(|steady| steady.latest(asked));
        let swept = match self.board.sweep_on(partition, round.gap.take(), latest).await {
            // Asked anew, it will be told a later time.
            Err(BoardError::ClockAhead { by, .. }) if asked.explains(by) => {
                return Ok(Duration::ZERO);
            }
            swept => swept?,
        };
        round.steady = Some(asked.heard(swept.shown));
        if swept.unsent > 0 {
            round.found.send_replace(Some(swept.now));
        }
        round.gap = swept.gap;
        let next = if round.gap.is_some() { Some(swept.now) } else { swept.next };
        let (heard, rest) = (Instant::now(), until(next, swept.now));
        let mut fresh = round.hand.fresh(swept.due);
        let room = round.hand.room();
        round.more = swept.more || fresh.len() > room;
        fresh.truncate(room);
        if fresh.is_empty() {
            return Ok(rest);
        }
        for lead in self.board.leads_due(partition, &fresh).await? {
            match lead {
                Ok(lead) => {
                    let (id, mover) = (lead.id.clone(), self.clone());
                    round.hand.take(id, async move { mover.move_on(lead, swept.now).await });
                }
                Err(error) => self.not_moved(partition, &error),
            }
        }
        Ok(rest.saturating_sub(heard.elapsed()))
    }

    async fn ship(
        &self,
        partition: Partition,
        mut left: watch::Receiver<Option<DateTime<Utc>>>,
        stop: &CancellationToken,
    ) {
        let rest = || stop.run_until_cancelled(tokio::time::sleep(LEFT_BEHIND));
        while let Some(Ok(())) = stop.run_until_cancelled(left.changed()).await {
            let Some(now) = *left.borrow_and_update() else { continue };
            // However much there is, nobody who stops waits for it: others go on with it.
            let relaying = self.board.relay(partition, LEFT_BEHIND, now);
            let Some(relayed) = stop.run_until_cancelled(relaying).await else { return };
            match relayed {
                Ok(0) => {}
                Ok(shipped) => {
                    info!(%partition, leads = shipped, "shipped events that were left behind");
                }
                Err(error) => {
                    error!(error = &error as &dyn std::error::Error, %partition, "events that were left behind are not shipped yet, trying again");
                }
            }
            rest().await;
        }
    }

    async fn move_on(
        &self,
        lead: OnBoard,
        board_now: DateTime<Utc>,
    ) -> Result<MovedOn, BoardError> {
        // Nobody closes it; without a seat, all the same, it would be due for ever.
        let _seat = self.seats.acquire().await;
        if lead.now_is.state == State::Assigned {
            return self.board.reclaim(&lead, &self.roster.ponds(&lead.entity)).await;
        }
        if let Some(moved) = self.recognise(&lead).await? {
            return Ok(moved);
        }
        let mut full = Vec::new();
        loop {
            let planned = || self.plan(&lead, board_now, &full);
            let plan = guarded(&lead.entity, &lead.id, planned);
            match self.board.roll_on(&lead, &plan).await? {
                // Every time somebody more, so this comes to an end.
                MovedOn::Full(more) => full.extend(more),
                MovedOn::Done => {
                    self.pause_who_misses(&lead).await;
                    return Ok(MovedOn::Done);
                }
                moved => return Ok(moved),
            }
        }
    }

    /// What was let go may be about a person whom somebody has (D-30). `None`: it goes
    /// its way like any other.
    async fn recognise(&self, lead: &OnBoard) -> Result<Option<MovedOn>, BoardError> {
        let Some(other) = &lead.now_is.known_by else { return Ok(None) };
        let Some(view) = self.roster.view(&lead.entity) else { return Ok(None) };
        let rule = view.same_person(lead.now_is.source.as_ref());
        let (known, now) = (known(&lead.lead, &view, rule), self.clock.now());
        let after = rule.and_then(|rule| rule.offer_again_after);
        // Before it is taken in: then it is due no more, and nobody would make up for this.
        if let (Known::Attach { .. }, Some(after)) = (known, after) {
            let again = Again { board: &self.board, seeds: &self.seeds, now };
            again.offer_what_rests(other, &view, lead.now_is.t0 - after.delta()).await?;
        }
        match self.board.recognise(lead, known).await? {
            Recognised::Attached(_) => Ok(Some(MovedOn::Done)),
            Recognised::Returning(agent) if can_take(&view, &agent, now) => {
                self.board.roll_on(lead, &Plan::returning(&agent)).await.map(Some)
            }
            Recognised::Returning(_) | Recognised::Nobody => Ok(None),
            Recognised::Stale => Ok(Some(MovedOn::Stale)),
        }
    }

    fn plan(&self, lead: &OnBoard, board_now: DateTime<Utc>, full: &[AgentId]) -> Plan {
        let Some(view) = self.roster.view(&lead.entity) else { return Plan::nowhere_to_go() };
        let now_is = &lead.now_is;
        let mut dice = self.seeds.dice(&lead.entity, &lead.id, now_is.round + 1);
        let held = now_is.state == State::Held;
        // What waited for an opening is planned as of then, if our clock is behind the board's.
        let now =
            now_is.until.filter(|_| held).map_or(self.clock.now(), |it| it.max(self.clock.now()));
        let tried: Vec<AgentId> = now_is
            .tried
            .iter()
            .map(|tried| tried.agent.clone())
            .chain(now_is.pending.iter().cloned())
            .collect();
        // A listing agent who was asked before it was held has had their turn (D-24).
        if held && now_is.route.is_none() && tried.is_empty() {
            // Whoever let it go wants it routed, however it came in (D-26, D-27).
            let arrival = Arrival { lead: &lead.lead, full, sent: true };
            return plan(&arrival, &view, now, &mut dice);
        }
        let hop = Hop {
            lead: &lead.lead,
            route: now_is.route.as_ref(),
            tried: &tried,
            again: &now_is.again,
            tags: &now_is.tags,
            jump_ball: now_is.jump_ball,
            first_offer: now_is.first_offer.unwrap_or(now_is.t0),
            board_now,
            reroutes: now_is.reroutes,
            full,
        };
        plan_next(&hop, &view, now, &mut dice)
    }
}

fn until(next: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    let wait = next.map_or(TimeDelta::MAX, |next| next - now);
    wait.to_std().map_or(Duration::ZERO, |wait| wait.min(AT_MOST))
}
