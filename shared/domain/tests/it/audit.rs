use chrono::TimeDelta;
use proptest::prelude::*;
use tipoff_domain::audit::{Fault, Seen, check};
use tipoff_domain::standing::State;

use crate::fixture::{FRIDAY, at};

fn seen(state: State) -> Seen {
    Seen {
        state,
        due: None,
        rests: false,
        has_agent: false,
        is_owned: false,
        must_be_worked: false,
        goes_on: false,
    }
}

fn verdict(seen: Seen) -> Option<Fault> {
    check(&seen, at(FRIDAY))
}

#[test]
fn a_lead_that_waits_for_exactly_one_thing_is_in_order() {
    let soon = Some(at(FRIDAY) + TimeDelta::minutes(5));
    assert_eq!(verdict(Seen { due: soon, ..seen(State::Offered) }), None);
    assert_eq!(verdict(Seen { rests: true, ..seen(State::Pooled) }), None);
    assert_eq!(verdict(Seen { rests: true, ..seen(State::Held) }), None);
    assert_eq!(verdict(Seen { due: soon, goes_on: true, ..seen(State::Held) }), None);
    let theirs = Seen { has_agent: true, is_owned: true, ..seen(State::Assigned) };
    assert_eq!(verdict(theirs), None);
    assert_eq!(verdict(Seen { due: soon, must_be_worked: true, ..theirs }), None);
    assert_eq!(verdict(seen(State::Closed)), None);
}

#[test]
fn a_lead_that_nothing_would_move_on_is_found() {
    for state in [State::Offered, State::Pooled, State::Held, State::Assigned] {
        assert_eq!(verdict(seen(state)), Some(Fault::Stuck));
    }
    let theirs = Seen { has_agent: true, is_owned: true, ..seen(State::Assigned) };
    assert_eq!(verdict(Seen { must_be_worked: true, ..theirs }), Some(Fault::Stuck));
    assert_eq!(verdict(Seen { is_owned: false, ..theirs }), Some(Fault::NotListed));
    let soon = Some(at(FRIDAY) + TimeDelta::minutes(5));
    assert_eq!(verdict(Seen { due: soon, ..theirs }), Some(Fault::InTwoPlaces));
    assert_eq!(verdict(Seen { due: soon, ..seen(State::Closed) }), Some(Fault::InTwoPlaces));
}

#[test]
fn a_deadline_may_be_five_seconds_late_and_no_more() {
    let due =
        |ago| Seen { due: Some(at(FRIDAY) - TimeDelta::milliseconds(ago)), ..seen(State::Offered) };
    assert_eq!(verdict(due(5_000)), None);
    assert_eq!(verdict(due(5_001)), Some(Fault::Overdue));
}

proptest! {
    /// Whatever the queues say, being in no place or in two is never in order.
    #[test]
    fn one_place_and_only_one_is_in_order(
        state in proptest::sample::select(vec![State::Held, State::Offered, State::Assigned, State::Pooled]),
        flags: [bool; 6],
    ) {
        let [waits, rests, has_agent, is_owned, must_be_worked, goes_on] = flags;
        let due = waits.then(|| at(FRIDAY) + TimeDelta::minutes(1));
        let seen = Seen { state, due, rests, has_agent, is_owned, must_be_worked, goes_on };
        let places = usize::from(waits) + usize::from(rests) + usize::from(has_agent);
        let acts = waits && has_agent && must_be_worked;
        if places - usize::from(acts) != 1 {
            prop_assert!(verdict(seen).is_some());
        }
    }
}
