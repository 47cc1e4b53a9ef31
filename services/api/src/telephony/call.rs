//! A call, as a machine that knows no telephone: what the agent was asked and
//! what they did goes in; what is done and what is said next comes out (D-34).
//!
//! Only a key that was pressed does anything. Silence is no answer, hanging up
//! is no answer, and a machine cannot press a key.

use chrono::TimeDelta;

use crate::page::Standing;

/// So often a question is put to somebody who presses a key that means nothing.
const MOST_TIMES: u8 = 3;
/// How long it takes to say a question, and how long to wait for a key after it.
const SPEAKING: TimeDelta = TimeDelta::seconds(6);
const WAITING: TimeDelta = TimeDelta::seconds(8);
/// After so much silence an agent is told what to say to the lead.
const HESITATION: TimeDelta = TimeDelta::seconds(5);

/// What an agent can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// 1 to accept, 2 to decline.
    Accept,
    /// 1 to be connected, 2 for a follow-up.
    Next,
}

/// Who picked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Picked {
    /// Or somebody of whom it cannot be told.
    Person,
    Machine,
}

/// What came back to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Key(char),
    Silence,
}

/// What an answer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Claim,
    Decline,
    Connect,
    FollowUp,
}

/// Something that is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// A lead waits for an answer.
    Offered,
    /// A lead is theirs already.
    Assigned,
    Accepted,
    Declined,
    /// How it ended otherwise: taken, too late, taken back, passed, at the limit, unknown, away.
    Ended(Standing),
    /// Nothing was decided; the offer stands.
    NoAnswer,
    NoSuchKey,
    /// What to say to the lead.
    Hint,
    Connecting,
    /// The lead left no number.
    NoNumber,
    NotReached,
    FollowUpSet,
    Goodbye,
}

/// What happens after the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// `times`: how often it was asked before; `wait`: for a key.
    Ask {
        question: Question,
        times: u8,
        wait: TimeDelta,
    },
    /// Dial the lead.
    Connect,
    HangUp,
}

/// The call's turn to speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) lines: Vec<Line>,
    pub(super) then: Then,
}

fn turn<const N: usize>(lines: [Line; N], then: Then) -> Turn {
    Turn { lines: lines.to_vec(), then }
}

fn end(standing: Standing) -> Turn {
    turn([Line::Ended(standing)], Then::HangUp)
}

fn next_step(lines: &[Line], times: u8) -> Turn {
    let then = Then::Ask { question: Question::Next, times, wait: HESITATION };
    Turn { lines: lines.to_vec(), then }
}

/// Somebody picked up. `left`: until the deadline, if there is one.
pub(super) fn picked_up(
    picked: Picked,
    offer: bool,
    standing: Standing,
    left: Option<TimeDelta>,
) -> Turn {
    match (picked, standing) {
        (Picked::Machine, _) => turn([], Then::HangUp),
        (Picked::Person, Standing::Open) => ask_to_accept(&[Line::Offered], 0, left),
        (Picked::Person, Standing::Yours) if offer => next_step(&[Line::Accepted], 0),
        (Picked::Person, Standing::Yours) => next_step(&[Line::Assigned], 0),
        (Picked::Person, ended) => end(ended),
    }
}

/// The question ends before the deadline does; where it could not, it is not put.
fn ask_to_accept(lines: &[Line], times: u8, left: Option<TimeDelta>) -> Turn {
    let wait = left.map_or(WAITING, |left| WAITING.min(left - SPEAKING));
    if wait < TimeDelta::seconds(1) {
        return end(Standing::TooLate);
    }
    let then = Then::Ask { question: Question::Accept, times, wait };
    Turn { lines: lines.to_vec(), then }
}

/// What is to be done before the call goes on; `None`: nothing.
pub(super) fn deed(question: Question, heard: Heard) -> Option<Deed> {
    match (question, heard) {
        (Question::Accept, Heard::Key('1')) => Some(Deed::Claim),
        (Question::Accept, Heard::Key('2')) => Some(Deed::Decline),
        (Question::Next, Heard::Key('1')) => Some(Deed::Connect),
        (Question::Next, Heard::Key('2')) => Some(Deed::FollowUp),
        (_, Heard::Key(_) | Heard::Silence) => None,
    }
}

/// A deed was done; `standing`: how the lead stands for the agent now.
pub(super) fn after(deed: Deed, standing: Standing, has_number: bool) -> Turn {
    match (deed, standing) {
        (Deed::Claim, Standing::Yours) => next_step(&[Line::Accepted], 0),
        (Deed::Decline, Standing::Passed) => turn([Line::Declined], Then::HangUp),
        // Accepted elsewhere in the meantime, so there is nothing to decline.
        (Deed::Decline, Standing::Yours) => next_step(&[Line::Accepted], 0),
        (Deed::Connect, Standing::Yours) if has_number => turn([Line::Connecting], Then::Connect),
        (Deed::Connect, Standing::Yours) => next_step(&[Line::NoNumber], 1),
        (Deed::FollowUp, Standing::Yours) => turn([Line::FollowUpSet], Then::HangUp),
        (_, Standing::Open) => turn([Line::NoAnswer], Then::HangUp),
        (_, ended) => end(ended),
    }
}

/// No deed: a key that means nothing, or none at all. `times`: how often it was asked before.
pub(super) fn undecided(
    question: Question,
    heard: Heard,
    times: u8,
    left: Option<TimeDelta>,
) -> Turn {
    let again = times + 1;
    match (question, heard) {
        (Question::Accept, Heard::Key(_)) if again < MOST_TIMES => {
            ask_to_accept(&[Line::NoSuchKey, Line::Offered], again, left)
        }
        (Question::Accept, Heard::Silence) if times == 0 => {
            ask_to_accept(&[Line::Offered], again, left)
        }
        (Question::Accept, _) => turn([Line::NoAnswer], Then::HangUp),
        (Question::Next, Heard::Key(_)) if again < MOST_TIMES => {
            next_step(&[Line::NoSuchKey], again)
        }
        (Question::Next, Heard::Silence) if times == 0 => next_step(&[Line::Hint], again),
        (Question::Next, _) => turn([Line::Goodbye], Then::HangUp),
    }
}

/// The lead was dialled, and the connection is over.
pub(super) fn dialled(talked: bool) -> Turn {
    if talked { turn([], Then::HangUp) } else { next_step(&[Line::NotReached], 1) }
}

#[cfg(test)]
mod tests;
