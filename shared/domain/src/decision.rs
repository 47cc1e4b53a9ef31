//! Why a lead went where it went.

use serde::{Deserialize, Serialize};

use crate::route::Inactive;
use crate::{AgentId, Criterion, RouteId};

/// What became of a route when a lead was held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteVerdict {
    Matched,
    /// Matches, but another route comes first (D-3).
    Outranked,
    /// Matches, but none of its agents can take the lead now (D-4).
    NobodyEligible,
    /// Takes over what another route could not give to anybody.
    TookOver,
    Paused,
    Dates,
    Schedule,
    Sources,
    Hashtags,
    Kinds,
    PropertyTypes,
    Areas,
    Mls,
    Price,
}

impl From<Inactive> for RouteVerdict {
    fn from(inactive: Inactive) -> Self {
        match inactive {
            Inactive::Paused => Self::Paused,
            Inactive::Dates => Self::Dates,
            Inactive::Schedule => Self::Schedule,
        }
    }
}

impl From<Criterion> for RouteVerdict {
    fn from(criterion: Criterion) -> Self {
        match criterion {
            Criterion::Sources => Self::Sources,
            Criterion::Hashtags => Self::Hashtags,
            Criterion::Kinds => Self::Kinds,
            Criterion::PropertyTypes => Self::PropertyTypes,
            Criterion::Areas => Self::Areas,
            Criterion::Mls => Self::Mls,
            Criterion::Price => Self::Price,
        }
    }
}

/// A route and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteConsidered {
    pub route: RouteId,
    pub verdict: RouteVerdict,
}

/// What became of an agent on the chosen route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateVerdict {
    Chosen,
    /// Could have had it, but it was somebody else's turn or draw.
    Eligible,
    /// By an admin, on all routes.
    Paused,
    /// By an admin, on this route.
    PausedOnRoute,
    /// By themselves, for a time.
    Away,
    /// Does not want to be woken now (D-17).
    QuietHours,
    /// Already offered this lead (D-5).
    Tried,
    /// Has as many leads as their limits allow (D-20).
    AtLimit,
    /// On the route, but no longer an agent of the entity.
    NotAMember,
    NoChannel,
    /// A weight of 0 is never drawn (D-9).
    NoWeight,
}

/// How the chosen agent was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Turn,
    Draw,
    Weight,
    JumpBall,
    Assignment,
    Timeout,
    Exhausted,
    AgentSite,
    /// The agent of the listing that the lead is about (D-24).
    Listing,
    /// Nobody is asked outside of office hours (D-18).
    OfficeHours,
    /// Had it before, and asked for another chance (D-19).
    AnotherChance,
    /// Was owed a lead for one that was worth nothing.
    Credit,
    /// Has the person already (D-30 c).
    Returning,
}

/// An agent and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    pub agent: AgentId,
    pub verdict: CandidateVerdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
}

/// Every route considered and the first criterion that failed, every candidate
/// of the chosen route and why they were chosen or skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteConsidered>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Considered>,
}

impl Decision {
    /// Marks whom the board chose among the eligible. The planner orders the
    /// candidates; whose turn it is, only the board knows.
    pub fn settle(&mut self, chosen: &[AgentId], by: By) {
        for candidate in &mut self.candidates {
            if chosen.contains(&candidate.agent) {
                candidate.verdict = CandidateVerdict::Chosen;
                candidate.by = Some(by);
            }
        }
    }
}
