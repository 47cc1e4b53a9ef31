//! What clients asked and what they were answered, with times.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::{AgentId, LeadId};

/// What somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// A source: take this lead. Whatever is sent with the same key is the same lead.
    Take { key: String },
    /// An agent: the lead is mine.
    Claim { lead: LeadId, agent: AgentId },
    /// An agent: I do not want it.
    Pass { lead: LeadId, agent: AgentId },
    /// An admin: whose is it?
    Show { lead: LeadId },
    /// An admin: it is theirs from now on.
    Assign { lead: LeadId, agent: AgentId },
    /// An agent: somebody else may have it.
    Return { lead: LeadId, agent: AgentId },
}

impl Asked {
    /// Which lead it is about; a source does not know yet.
    pub fn lead(&self) -> Option<&LeadId> {
        match self {
            Self::Take { .. } => None,
            Self::Claim { lead, .. }
            | Self::Pass { lead, .. }
            | Self::Show { lead }
            | Self::Assign { lead, .. }
            | Self::Return { lead, .. } => Some(lead),
        }
    }

    /// What a source knows it by.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Take { key } => Some(key),
            _ => None,
        }
    }
}

/// What the answer was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It is taken in; HTTP also says under which id.
    Accepted(Option<LeadId>),
    Won,
    AlreadyYours,
    /// Who has it.
    Owner(Option<AgentId>),
    Done,
    /// It was refused, with this code; nothing changed.
    No(String),
    /// Nobody knows whether it was done: no answer, or one that says so.
    Unknown,
}

/// One call, from the question to the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub asked: Asked,
    pub said: Said,
    pub began: DateTime<Utc>,
    /// `None`: it was never answered.
    pub ended: Option<DateTime<Utc>>,
}

/// Takes down every call. Cheap to clone; clones write into the same history.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    calls: Arc<Mutex<Vec<Call>>>,
}

/// A call that has begun.
#[derive(Debug)]
#[must_use = "a call that is not ended counts as never answered"]
pub struct Begun(usize);

impl Recorder {
    /// Somebody is about to ask.
    pub fn begin(&self, asked: Asked, now: DateTime<Utc>) -> Begun {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(Call { asked, said: Said::Unknown, began: now, ended: None });
        Begun(calls.len() - 1)
    }

    /// They were answered.
    #[expect(clippy::needless_pass_by_value, reason = "a call ends once")]
    pub fn end(&self, begun: Begun, said: Said, now: DateTime<Utc>) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = calls.get_mut(begun.0) {
            call.said = said;
            call.ended = Some(now);
        }
    }

    /// Whether that is so of every call so far.
    pub fn all(&self, holds: impl Fn(&Call) -> bool) -> bool {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().all(holds)
    }

    /// Everything so far, in the order in which it was asked.
    pub fn history(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
