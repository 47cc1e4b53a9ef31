//! What became of a lead in a play.

use crate::plan::{How, Otherwise};
use crate::{AgentId, RouteId};

/// Where a lead ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum End {
    /// Its time is not over yet.
    #[default]
    Open,
    Claimed {
        agent: AgentId,
    },
    Assigned {
        agent: AgentId,
        how: How,
    },
    Pooled(Otherwise),
    Held(Otherwise),
}

/// What became of a lead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fate {
    /// The last route that had it.
    pub route: Option<RouteId>,
    /// Who was asked in the first round.
    pub first: Vec<AgentId>,
    /// Everybody who was asked, in order.
    pub asked: Vec<AgentId>,
    /// Who let it run out, in order.
    pub missed: Vec<AgentId>,
    pub end: End,
}

impl Fate {
    /// Who got it.
    pub fn agent(&self) -> Option<&AgentId> {
        match &self.end {
            End::Claimed { agent } | End::Assigned { agent, .. } => Some(agent),
            End::Open | End::Pooled(_) | End::Held(_) => None,
        }
    }
}
