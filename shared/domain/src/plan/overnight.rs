//! Routes that go on in the morning instead of giving their leads to others
//! (D-16, `after_close: hold`).

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;

use crate::openings::{Horizon, Openings, stretches};
use crate::route::{AfterClose, Inactive};
use crate::{Dice, Route};

/// How far ahead is looked; the longest deadline, and the longest holiday after it.
const DAYS: i64 = 62;
/// The stream of the dice that moments are drawn from. The same dice find a lead's
/// agent when it goes on: from one stream, the first leads of a morning would all be
/// one agent's.
const MOMENTS: u64 = 1;

/// How late after its openings the route goes on; `None`: it does not hold leads.
fn stagger(route: &Route) -> Option<TimeDelta> {
    match route.after_close {
        AfterClose::Reroute => None,
        AfterClose::Hold(late) => Some(late.delta()),
    }
}

fn openings(route: &Route, now: DateTime<Utc>) -> Option<Openings> {
    let schedule = route.schedule.as_ref()?;
    Some(schedule.openings(&stretches(schedule.zone, Horizon::of_days(now, DAYS))))
}

/// Each lead at another moment, so that nobody is woken by all of them.
fn jitter(late: TimeDelta, dice: &mut Dice) -> TimeDelta {
    let most = late.num_milliseconds();
    if most <= 0 {
        return TimeDelta::zero();
    }
    let agents = dice.get_stream();
    dice.set_stream(MOMENTS);
    let moment = dice.random_range(0..most);
    dice.set_stream(agents);
    TimeDelta::milliseconds(moment)
}

/// When a lead goes on that the route cannot take at `now` because it is closed;
/// `None`: it does not wait for that, or there is no opening to wait for.
pub(super) fn goes_on(
    route: &Route,
    closed: Inactive,
    now: DateTime<Utc>,
    dice: &mut Dice,
) -> Option<DateTime<Utc>> {
    let late = stagger(route).filter(|_| closed != Inactive::Paused)?;
    let opens =
        openings(route, now)?.iter().map(|(from, _)| from).find(|from| *from > now.timestamp())?;
    Some(DateTime::from_timestamp(opens, 0)? + jitter(late, dice))
}

/// How long from `now` until `span` has gone by while the route is open, if it
/// holds its leads. Where that cannot be told, the span itself.
pub(super) fn stretched(route: &Route, span: TimeDelta, now: DateTime<Utc>) -> TimeDelta {
    let found = stagger(route).and_then(|_| openings(route, now)).and_then(|open| {
        let (now, mut left) = (now.timestamp(), span.num_seconds());
        for (from, to) in open.iter().filter(|(_, to)| *to > now) {
            let begins = from.max(now);
            if to - begins >= left {
                return Some(TimeDelta::seconds(begins + left - now));
            }
            left -= to - begins;
        }
        None
    });
    found.unwrap_or(span)
}

/// The same for an offer, which goes on a little later than the route opens.
pub(super) fn window(
    route: &Route,
    span: TimeDelta,
    now: DateTime<Utc>,
    dice: &mut Dice,
) -> TimeDelta {
    let stretched = stretched(route, span, now);
    let late = stagger(route).filter(|_| stretched > span);
    stretched + late.map_or(TimeDelta::zero(), |late| jitter(late, dice))
}
