//! What changed of what people configure: the payload of CHANGES, of the live
//! stream and of webhooks alike. Every edit is kept where it is made (see
//! `/changes` of the API); these are the few that outsiders follow.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::{AgentId, Away, EntityId, RouteId};

use crate::trail::By;

/// The kinds of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChangeKind {
    /// A route was made, edited or removed, or the routes stand in another order.
    #[serde(rename = "route.changed")]
    RouteChanged,
    #[serde(rename = "agent.paused")]
    AgentPaused,
    #[serde(rename = "agent.resumed")]
    AgentResumed,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RouteChanged, Self::AgentPaused, Self::AgentResumed];

    /// As in `route.changed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RouteChanged => "route.changed",
            Self::AgentPaused => "agent.paused",
            Self::AgentResumed => "agent.resumed",
        }
    }
}

/// What an edit of a route did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteEdit {
    Created,
    Changed,
    Deleted,
    /// The list of routes: which comes first.
    Reordered,
}

/// One change, on `changes.<entity>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The same wherever it is told of.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: ChangeKind,
    pub at: DateTime<Utc>,
    pub entity: EntityId,
    /// The version that the edit made, as in the list of changes.
    pub version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// Which route was edited; or on which alone the agent is paused or resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<RouteEdit>,
    /// The fields of the route that are not what they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// For how long agents have paused themselves; it ends by itself, and nobody is told of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
}

impl Changed {
    /// What the id of every change begins with; those of events begin with a number.
    pub const ID: &str = "change-";
}
