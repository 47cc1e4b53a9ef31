//! The standing audit: every lead that is not done with waits for exactly one
//! thing (D-37).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::standing::State;

/// A deadline that nobody fired for longer than this is a fault.
pub const LATE: TimeDelta = TimeDelta::seconds(5);

/// A lead as its own entry and the queues have it, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a queue that it stands in or does not")]
pub struct Seen {
    pub state: State,
    /// When the queue of deadlines says that it is due.
    pub due: Option<DateTime<Utc>>,
    /// Whether it lies in its pond, or among what is held.
    pub rests: bool,
    /// Whether somebody has it.
    pub has_agent: bool,
    /// Whether the queues list it as somebody's.
    pub is_owned: bool,
    /// Whether its pond takes it back if it is not worked (D-25).
    pub must_be_worked: bool,
    /// Whether it is held and goes on by itself: it was let go, or waits for an opening.
    pub goes_on: bool,
}

/// What is wrong with a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Waits for nothing: nothing would ever move it on.
    Stuck,
    /// Stands in more than one place.
    InTwoPlaces,
    /// Its deadline is over and nobody fired it.
    Overdue,
    /// Somebody has it, and their list does not tell.
    NotListed,
    /// An agent's limit holds a place for an offer that is not pending (D-22).
    IdleReservation,
}

impl Fault {
    /// As in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::InTwoPlaces => "in_two_places",
            Self::Overdue => "overdue",
            Self::NotListed => "not_listed",
            Self::IdleReservation => "idle_reservation",
        }
    }

    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Stuck, Self::InTwoPlaces, Self::Overdue, Self::NotListed, Self::IdleReservation];
}

/// What is wrong with the lead, if anything is. `now`: the board's clock.
pub fn check(seen: &Seen, now: DateTime<Utc>) -> Option<Fault> {
    let (waits, rests, has) = (seen.due.is_some(), seen.rests, seen.has_agent);
    // Whoever has it may have to work it by then.
    let waits_elsewhere = waits && !(has && seen.must_be_worked);
    let places = [waits_elsewhere, rests, has].into_iter().filter(|it| *it).count();
    let in_its_place = match seen.state {
        State::Offered => waits,
        State::Held if seen.goes_on => waits,
        State::Held | State::Pooled => rests,
        State::Assigned => has && (waits || !seen.must_be_worked),
        State::Closed => return (waits || rests).then_some(Fault::InTwoPlaces),
    };
    match places {
        0 => Some(Fault::Stuck),
        1 if !in_its_place => Some(Fault::Stuck),
        1 if seen.due.is_some_and(|due| due + LATE < now) => Some(Fault::Overdue),
        1 if has && !seen.is_owned => Some(Fault::NotListed),
        1 => None,
        _ => Some(Fault::InTwoPlaces),
    }
}
