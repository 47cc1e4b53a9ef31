//! Deadlines: whatever is due in a partition moves on, and events that
//! somebody left behind are shipped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use opentelemetry::metrics::Gauge;
use opentelemetry::{KeyValue, global};
use tipoff_board::{Board, BoardError, MovedOn, OnBoard};
use tipoff_domain::AgentId;
use tipoff_domain::plan::{Arrival, Hop, Plan, plan, plan_next};
use tipoff_roster::Roster;
use tipoff_runtime::Clock;
use tipoff_wire::Partition;
use tipoff_wire::event::State;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::seed::Seeds;

/// Longest time between two sweeps. Whatever is due earlier is known from the
/// sweep before, or announced by a wake-up call, which may be lost.
const AT_MOST: Duration = Duration::from_millis(200);
/// An event that has waited this long was left behind by whoever made it:
/// longer than anybody waits for the log to confirm one.
const LEFT_BEHIND: Duration = Duration::from_secs(2);
/// A clock that is so far ahead of where it should be has jumped.
const JUMP: TimeDelta = TimeDelta::seconds(5);
/// Leads moved on at once in one partition.
const AT_ONCE: usize = 32;

/// Moves leads on.
#[derive(Clone)]
pub(crate) struct Mover {
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
    pub(crate) seeds: Seeds,
    /// Whether the last sweep of any partition failed.
    pub(crate) failing: Arc<AtomicBool>,
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
        let mut steady = None;
        let ahead = Ahead::new();
        while !stop.is_cancelled() {
            let swept = self.sweep_once(partition, &mut steady, found).await;
            ahead.record(partition, &swept);
            let pause = match swept {
                Ok(pause) => {
                    if self.failing.swap(false, Ordering::Relaxed) {
                        info!("sweeping goes on");
                    }
                    pause
                }
                // Until somebody has caught up with the log; who does so tells of it.
                Err(BoardError::Shut { .. }) => AT_MOST,
                Err(error) => {
                    // Once for all partitions, not five times a second for each, while a server is away.
                    if !self.failing.swap(true, Ordering::Relaxed) {
                        error!(error = &error as &dyn std::error::Error, %partition, "sweeping fails, trying again");
                    }
                    AT_MOST
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Moves on what is due; answers how long nothing will be. `found` hears
    /// when events were waiting.
    async fn sweep_once(
        &self,
        partition: Partition,
        steady: &mut Option<Steady>,
        found: &watch::Sender<Option<DateTime<Utc>>>,
    ) -> Result<Duration, BoardError> {
        let asked = Asked { at: Instant::now(), ours: self.clock.now() };
        let latest = steady.as_ref().map(|steady| steady.latest(asked));
        let swept = self.board.sweep_believing(partition, latest).await?;
        *steady = Some(asked.heard(swept.shown));
        let heard = Instant::now();
        if swept.unsent > 0 {
            found.send_replace(Some(swept.now));
        }
        if swept.due.is_empty() {
            return Ok(until(swept.next, swept.now));
        }
        let due = self.board.leads_due(partition, &swept.due).await?;
        let moving = stream::iter(due).map(|lead| self.move_on(lead, swept.now));
        let moved: Vec<_> = moving.buffer_unordered(AT_ONCE).collect().await;
        let rest = if swept.more { Duration::ZERO } else { until(swept.next, swept.now) };
        pause(partition, moved, rest.saturating_sub(heard.elapsed()))
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
        lead: Result<OnBoard, BoardError>,
        board_now: DateTime<Utc>,
    ) -> Result<MovedOn, BoardError> {
        let lead = lead?;
        if lead.now_is.state == State::Assigned {
            return self.board.reclaim(&lead).await;
        }
        let mut full = Vec::new();
        loop {
            let plan = self.plan(&lead, board_now, &full);
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

    fn plan(&self, lead: &OnBoard, board_now: DateTime<Utc>, full: &[AgentId]) -> Plan {
        let Some(view) = self.roster.view(&lead.entity) else { return Plan::nowhere_to_go() };
        let now_is = &lead.now_is;
        let mut dice = self.seeds.dice(&lead.entity, &lead.id, now_is.round + 1);
        let held = now_is.state == State::Held;
        // What waited for an opening is planned as of then, if our clock is behind the board's.
        let now =
            now_is.until.filter(|_| held).map_or(self.clock.now(), |it| it.max(self.clock.now()));
        if held && now_is.route.is_none() {
            // Whoever let it go wants it routed, however it came in (D-26, D-27).
            let arrival = Arrival { lead: &lead.lead, full, sent: true };
            return plan(&arrival, &view, now, &mut dice);
        }
        let tried: Vec<AgentId> = now_is
            .tried
            .iter()
            .map(|tried| tried.agent.clone())
            .chain(now_is.pending.iter().cloned())
            .collect();
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

/// How far a server's clock has jumped ahead, for whoever is to be alarmed.
struct Ahead(Gauge<f64>);

impl Ahead {
    fn new() -> Self {
        let meter = global::meter("tipoff-router");
        let gauge = meter
            .f64_gauge("tipoff_clock_ahead")
            .with_unit("s")
            .with_description(
                "How far the clock of a Redis server has jumped ahead; nothing moves on there meanwhile",
            );
        Self(gauge.build())
    }

    fn record<T>(&self, partition: Partition, swept: &Result<T, BoardError>) {
        let by = match swept {
            Err(BoardError::ClockAhead { by, .. }) => by.as_seconds_f64(),
            Ok(_) => 0.0,
            Err(_) => return,
        };
        self.0.record(by, &[KeyValue::new("partition", i64::from(partition.0))]);
    }
}

/// When the board's server was asked for its time.
#[derive(Debug, Clone, Copy)]
struct Asked {
    at: Instant,
    ours: DateTime<Utc>,
}

impl Asked {
    /// The server answered, however long that was on its way: its clock counts
    /// from the question, so an answer that came late is no jump.
    fn heard(self, shown: DateTime<Utc>) -> Steady {
        Steady { shown, asked: self }
    }
}

/// What the board's server showed for its time.
struct Steady {
    shown: DateTime<Utc>,
    asked: Asked,
}

impl Steady {
    /// The latest that it may show when it is asked again. A server that has
    /// taken over, and whose clock is ahead, must not let everything expire at
    /// once. Where this machine was put to sleep, only its own clock knows.
    fn latest(&self, again: Asked) -> DateTime<Utc> {
        let awake = TimeDelta::from_std(again.at - self.asked.at).unwrap_or(TimeDelta::zero());
        let passed = awake.max(again.ours - self.asked.ours);
        self.shown.checked_add_signed(passed + JUMP).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// After `rest`, until when nothing is known to be due, or at once again if some
/// have not moved; but nobody spins on those that do not.
fn pause(
    partition: Partition,
    moved: Vec<Result<MovedOn, BoardError>>,
    rest: Duration,
) -> Result<Duration, BoardError> {
    let (done, troubles): (Vec<_>, Vec<_>) = moved.into_iter().partition(Result::is_ok);
    let failed = troubles.len();
    match troubles.into_iter().find_map(Result::err) {
        Some(error) if done.is_empty() => Err(error),
        Some(error) => {
            error!(error = &error as &dyn std::error::Error, %partition, failed, "leads not moved on, trying again");
            Ok(Duration::ZERO)
        }
        None if done.is_empty() => Ok(AT_MOST),
        None if done.iter().all(|moved| matches!(moved, Ok(MovedOn::Done))) => Ok(rest),
        None => Ok(Duration::ZERO),
    }
}

fn until(next: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    let wait = next.map_or(TimeDelta::MAX, |next| next - now);
    wait.to_std().map_or(Duration::ZERO, |wait| wait.min(AT_MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble() -> Result<MovedOn, BoardError> {
        Err(BoardError::UnknownReply { script: "roll_on", reply: String::new() })
    }

    #[test]
    fn a_clock_is_believed_as_far_as_time_has_passed() {
        let first = Asked { at: Instant::now(), ours: DateTime::UNIX_EPOCH };
        let shown = first.ours + TimeDelta::hours(3);
        let steady = first.heard(shown);
        let latest = |awake, slept| {
            let ours = first.ours + TimeDelta::seconds(slept);
            steady.latest(Asked { at: first.at + Duration::from_secs(awake), ours }) - shown
        };
        assert_eq!(latest(2, 2), TimeDelta::seconds(7));
        assert_eq!(latest(2, 600), TimeDelta::seconds(605), "this machine slept");
        assert_eq!(latest(2, -600), TimeDelta::seconds(7), "our own clock was put back");
    }

    /// Whoever counted from when it was heard would take this for a clock that jumped.
    #[test]
    fn an_answer_that_was_long_on_its_way_is_no_jump() {
        let first = Asked { at: Instant::now(), ours: DateTime::UNIX_EPOCH };
        let steady = first.heard(first.ours);
        // It was heard after a minute, and the next question follows at once.
        let (at, ours) = (first.at + Duration::from_mins(1), first.ours + TimeDelta::minutes(1));
        assert!(steady.latest(Asked { at, ours }) >= ours, "the server's clock went on meanwhile");
    }

    #[test]
    fn nobody_spins_on_leads_that_do_not_move() {
        let rested = |moved, rest| pause(Partition(1), moved, rest);
        let pause = |moved| rested(moved, Duration::ZERO);
        assert_eq!(pause(vec![Ok(MovedOn::Done)]).unwrap(), Duration::ZERO);
        assert_eq!(pause(vec![trouble(), Ok(MovedOn::Done)]).unwrap(), Duration::ZERO);
        let rest = Duration::from_millis(7);
        assert_eq!(rested(vec![Ok(MovedOn::Done)], rest).unwrap(), rest);
        let stale = vec![Ok(MovedOn::Done), Ok(MovedOn::Stale)];
        assert_eq!(rested(stale, rest).unwrap(), Duration::ZERO, "it may still be due");
        assert_eq!(pause(Vec::new()).unwrap(), AT_MOST, "due, but not there any more");
        assert!(pause(vec![trouble(), trouble()]).is_err(), "told once, tried again in a while");
    }
}
