//! Who does something, one step at a time.

use std::rc::Rc;

use tipoff_domain::AgentId;
use tipoff_domain::model::Answer;

use crate::log::{Change, Number};

/// What is to be done about a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Job {
    /// A router was given it by LEADS.
    Place,
    /// A router found it due.
    MoveOn,
    /// A router found changes of it that somebody left behind.
    Ship,
    /// An agent wants it, in that round or from the pool.
    Claim {
        agent: AgentId,
        round: Option<u32>,
    },
    Pass {
        agent: AgentId,
        round: u32,
    },
    Return {
        agent: AgentId,
    },
}

impl Job {
    /// Whether whoever asked is waiting for an answer.
    pub(crate) fn is_asked_by_somebody(&self) -> bool {
        matches!(self, Self::Claim { .. } | Self::Pass { .. } | Self::Return { .. })
    }
}

/// How far it is.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// The script is to be called.
    Decide,
    /// What it said is to be written down.
    Commit { answer: Answer, changes: Vec<Rc<Change>> },
    /// It is in the log, which the board is to hear.
    Settle { answer: Answer, changes: Vec<Rc<Change>> },
    /// The log knows better; the lead is to be put back.
    Repair { then: Option<Answer> },
    /// Whoever waits is to be told.
    Tell { answer: Answer },
}

/// One call, in one process, until that dies.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) process: usize,
    pub(crate) lead: Number,
    pub(crate) job: Job,
    pub(crate) stage: Stage,
    /// The server that its scripts are meant for.
    pub(crate) server: u64,
    /// Steps that came to nothing so far.
    pub(crate) tries: u32,
}

/// Reads the log again, lead by lead, to open the board on that server.
#[derive(Debug, Clone)]
pub(crate) struct CatchUp {
    pub(crate) process: usize,
    pub(crate) server: u64,
    pub(crate) left: Vec<Number>,
}
