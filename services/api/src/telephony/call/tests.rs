use proptest::prelude::*;

use super::*;

/// A lead and an agent on the telephone; the board is a standing.
struct World {
    standing: Standing,
    done: Vec<Deed>,
    turn: Turn,
}

/// Longest that any call may go on when nobody presses a key that means something.
const MOST_TURNS: usize = 8;

impl World {
    fn answers(&mut self, heard: Heard) {
        let Then::Ask { question, times, .. } = self.turn.then else { return };
        self.turn = match deed(question, heard) {
            None => undecided(question, heard, times, None),
            Some(deed) => {
                self.do_it(deed);
                after(deed, self.standing, true)
            }
        };
    }

    fn do_it(&mut self, deed: Deed) {
        self.done.push(deed);
        self.standing = match (deed, self.standing) {
            (Deed::Claim, Standing::Open) => Standing::Yours,
            (Deed::Decline, Standing::Open) => Standing::Passed,
            (_, standing) => standing,
        };
    }
}

fn heard() -> impl Strategy<Value = Heard> {
    prop_oneof![
        prop::char::range('0', '9').prop_map(Heard::Key),
        Just(Heard::Key('*')),
        Just(Heard::Silence),
    ]
}

fn any_standing() -> impl Strategy<Value = Standing> {
    prop::sample::select(vec![
        Standing::Open,
        Standing::Yours,
        Standing::Taken,
        Standing::TooLate,
        Standing::Passed,
        Standing::Withdrawn,
        Standing::Full,
        Standing::Unknown,
        Standing::Away,
    ])
}

fn picked(standing: Standing) -> World {
    let turn = picked_up(Picked::Person, true, standing, None);
    World { standing, done: Vec::new(), turn }
}

proptest! {
    /// The oracle reads the keys alone: before a lead is theirs, the first 1 or
    /// 2 of the first three answers accepts or declines, unless two answers
    /// were silent before.
    #[test]
    fn only_the_first_one_or_two_that_is_pressed_decides(answers in prop::collection::vec(heard(), 0..12)) {
        let mut world = picked(Standing::Open);
        for heard in &answers {
            world.answers(*heard);
        }
        let mut expected = None;
        for (times, heard) in answers.iter().enumerate() {
            match heard {
                Heard::Key('1') => expected = Some(Deed::Claim),
                Heard::Key('2') => expected = Some(Deed::Decline),
                Heard::Silence if times > 0 => break,
                _ if times >= 2 => break,
                _ => continue,
            }
            break;
        }
        prop_assert_eq!(world.done.first().copied(), expected);
    }

    #[test]
    fn a_lead_that_is_not_theirs_connects_nobody(standing in any_standing(), answers in prop::collection::vec(heard(), 0..12)) {
        let mut world = picked(standing);
        for heard in answers {
            world.answers(heard);
            if world.turn.then == Then::Connect {
                prop_assert_eq!(world.standing, Standing::Yours);
            }
        }
    }

    #[test]
    fn nobody_who_is_silent_or_mistyping_is_kept_on_the_line(standing in any_standing(), keys in prop::collection::vec(prop_oneof![Just(Heard::Silence), Just(Heard::Key('7'))], MOST_TURNS)) {
        let mut world = picked(standing);
        for heard in keys {
            world.answers(heard);
        }
        prop_assert_eq!(world.turn.then, Then::HangUp);
        prop_assert!(world.done.is_empty());
    }

    #[test]
    fn the_question_is_over_before_the_deadline(left in 0_i64..40_000, times in 0_u8..3) {
        let left = TimeDelta::milliseconds(left);
        for turn in [
            picked_up(Picked::Person, true, Standing::Open, Some(left)),
            undecided(Question::Accept, Heard::Key('9'), times, Some(left)),
        ] {
            if let Then::Ask { wait, .. } = turn.then {
                prop_assert!(wait + SPEAKING <= left, "{wait} of {left}");
            }
        }
    }

    #[test]
    fn a_machine_hears_nothing_and_is_left_at_once(standing in any_standing(), offer: bool) {
        prop_assert_eq!(picked_up(Picked::Machine, offer, standing, None), turn([], Then::HangUp));
    }
}

#[test]
fn after_accepting_comes_the_next_step_then_the_hint_then_goodbye() {
    let mut world = picked(Standing::Open);
    assert_eq!(world.turn.lines, [Line::Offered]);
    world.answers(Heard::Key('1'));
    assert_eq!(world.turn.lines, [Line::Accepted]);
    world.answers(Heard::Silence);
    assert_eq!(world.turn.lines, [Line::Hint]);
    world.answers(Heard::Silence);
    assert_eq!(world.turn, turn([Line::Goodbye], Then::HangUp));
    assert_eq!(world.done, [Deed::Claim]);
}

#[test]
fn the_hint_may_be_followed_by_a_key() {
    let mut world = picked(Standing::Yours);
    world.answers(Heard::Silence);
    world.answers(Heard::Key('1'));
    assert_eq!(world.turn, turn([Line::Connecting], Then::Connect));
}

#[test]
fn without_acceptance_the_next_step_is_asked_at_once() {
    let turn = picked_up(Picked::Person, false, Standing::Yours, None);
    assert_eq!(turn, next_step(&[Line::Assigned], 0));
}

#[test]
fn a_lost_race_is_said() {
    assert_eq!(after(Deed::Claim, Standing::Taken, true), end(Standing::Taken));
    assert_eq!(picked_up(Picked::Person, true, Standing::Taken, None), end(Standing::Taken));
}

#[test]
fn a_lead_without_a_number_can_still_be_followed_up() {
    let turn = after(Deed::Connect, Standing::Yours, false);
    assert_eq!(turn, next_step(&[Line::NoNumber], 1));
    assert_eq!(after(Deed::FollowUp, Standing::Yours, false).lines, [Line::FollowUpSet]);
}

#[test]
fn a_lead_that_does_not_pick_up_can_be_called_again_or_followed_up() {
    assert_eq!(dialled(false), next_step(&[Line::NotReached], 1));
    assert_eq!(dialled(true), turn([], Then::HangUp));
}
