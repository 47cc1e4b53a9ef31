//! A server's clock that jumps ahead: nothing may expire by it.

use chrono::{DateTime, TimeDelta, Utc};
use opentelemetry::metrics::Gauge;
use opentelemetry::{KeyValue, global};
use tipoff_board::BoardError;
use tipoff_wire::Partition;
use tokio::time::Instant;

/// A clock that is so far ahead of where it should be has jumped.
const JUMP: TimeDelta = TimeDelta::seconds(5);

/// How far a server's clock has jumped ahead, for whoever is to be alarmed.
pub(super) struct Ahead(Gauge<f64>);

impl Ahead {
    pub(super) fn new() -> Self {
        let meter = global::meter("tipoff-router");
        let gauge = meter
            .f64_gauge("tipoff_clock_ahead")
            .with_unit("s")
            .with_description(
                "How far the clock of a Redis server has jumped ahead; nothing moves on there meanwhile",
            );
        Self(gauge.build())
    }

    pub(super) fn record<T>(&self, partition: Partition, swept: &Result<T, BoardError>) {
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
pub(super) struct Asked {
    at: Instant,
    ours: DateTime<Utc>,
}

impl Asked {
    pub(super) fn at(ours: DateTime<Utc>) -> Self {
        Self { at: Instant::now(), ours }
    }

    /// Whether a clock that was ahead by so much when the server looked, may be
    /// right all the same: the question was that long on its way.
    pub(super) fn explains(self, by: TimeDelta) -> bool {
        TimeDelta::from_std(self.at.elapsed()).is_ok_and(|passed| by <= passed)
    }

    /// The server answered, however long that was on its way: its clock counts
    /// from the question, so an answer that came late is no jump.
    pub(super) fn heard(self, shown: DateTime<Utc>) -> Steady {
        Steady { shown, asked: self }
    }
}

/// What the board's server showed for its time.
pub(super) struct Steady {
    shown: DateTime<Utc>,
    asked: Asked,
}

impl Steady {
    /// The latest that it may show when it is asked again. A server that has
    /// taken over, and whose clock is ahead, must not let everything expire at
    /// once. Where this machine was put to sleep, only its own clock knows; and one that was
    /// behind and is set right shows what this machine's shows.
    pub(super) fn latest(&self, again: Asked) -> DateTime<Utc> {
        let awake = TimeDelta::from_std(again.at - self.asked.at).unwrap_or(TimeDelta::zero());
        let passed = awake.max(again.ours - self.asked.ours);
        let latest = self.shown.checked_add_signed(passed + JUMP);
        let agreed = again.ours.checked_add_signed(JUMP);
        latest.max(agreed).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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

    #[test]
    fn a_clock_that_was_behind_and_is_set_right_has_not_jumped() {
        let first = Asked { at: Instant::now(), ours: DateTime::UNIX_EPOCH };
        let behind = first.heard(first.ours - TimeDelta::minutes(10));
        let second = Duration::from_secs(1);
        let again = Asked { at: first.at + second, ours: first.ours + second };
        assert_eq!(behind.latest(again), again.ours + JUMP);
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

    #[tokio::test(start_paused = true)]
    async fn a_question_that_was_long_on_its_way_makes_no_jump_of_what_it_hears() {
        let asked = Asked::at(DateTime::UNIX_EPOCH);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(asked.explains(TimeDelta::milliseconds(434)));
        assert!(!asked.explains(TimeDelta::seconds(7)), "more than it was on its way");
    }
}
