//! What the board answers to people and programs.

use crate::OnBoard;

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    Won(Box<OnBoard>),
    AlreadyYours(Box<OnBoard>),
    /// Somebody else has it.
    Taken,
    /// The deadline is over, whether or not the lead has moved on yet (D-19).
    TooLate,
    /// The offer was taken back: assigned by a person, closed, removed.
    Withdrawn,
    /// This agent passed on it.
    Passed,
    /// This agent was never offered the lead.
    NotOffered,
    LimitReached,
    /// There is no such lead in this entity.
    Unknown,
}

/// The answer to a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    Passed,
    /// The agent has the lead: it can be sent to the pool, not passed (D-32).
    AlreadyYours,
    Taken,
    TooLate,
    Withdrawn,
    NotOffered,
    Unknown,
}

/// The answer to an assignment by a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Assign {
    /// Also when that agent had it already.
    Assigned(Box<OnBoard>),
    Closed,
    Unknown,
}

/// The answer to sending a lead back to the pool.
#[derive(Debug, Clone, PartialEq)]
pub enum Return {
    /// Also when it was in the pool already.
    Returned(Box<OnBoard>),
    /// Another agent has it, or nobody does.
    NotYours,
    Unknown,
}

/// The answer to a pass that is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// The agent is asked again, until the same deadline; also when they still were.
    Pending,
    /// The lead has moved on, or the time for second thoughts is over.
    TooLate,
    /// Whatever this agent said last, it was not a pass.
    NotPassed,
    Unknown,
}

/// The answer to asking for another chance (D-19).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chance {
    /// They are asked again when nobody else is left.
    Queued,
    /// They are asked right now: nothing but a claim is missing.
    Offered,
    AlreadyYours,
    /// Somebody else has it, or it is closed.
    Taken,
    /// It can be claimed from there.
    InPool,
    /// They never let it go: they were not asked, or the offer was taken back.
    NotOffered,
    Unknown,
}

/// The answer to saying that a lead is being worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// Its pond does not take it back; also where none would.
    Done,
    NotYours,
    Unknown,
}

/// The answer to taking an offer back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    Done,
    /// The agent is not being asked, or no longer in that round.
    NotPending,
    Unknown,
}

/// The answer to closing a lead.
#[derive(Debug, Clone, PartialEq)]
pub enum Close {
    /// Also when it was closed already.
    Closed(Box<OnBoard>),
    Unknown,
}

/// The answer to forgetting a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Erase {
    /// Also when they were forgotten already.
    Erased(Box<OnBoard>),
    Unknown,
}

/// The answer to owing an agent a lead.
#[derive(Debug, Clone, PartialEq)]
pub enum Credit {
    /// Also when it was done already: once for each lead.
    Credited(Box<OnBoard>),
    /// The lead did not come to an agent by a route, so nothing is owed.
    NotRouted,
    Unknown,
}

/// The answer to letting a held lead go.
#[derive(Debug, Clone, PartialEq)]
pub enum Release {
    /// It is routed now.
    Released(Box<OnBoard>),
    /// It was, by itself or by somebody (D-27: once).
    AlreadyRouted,
    /// It is held, but for another reason than the one that this would end.
    NotHeld,
    Unknown,
}
