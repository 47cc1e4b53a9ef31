//! An entity (company, office or team), its sources, and the view the planner takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::invalid::LONGEST_NAME;
use crate::{Agent, AgentId, EntityId, Invalid, Locale, Route, SourceId, Span};

/// What an entity is; companies hold offices, offices hold teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    Company,
    Office,
    Team,
}

/// What happens when the same person comes again (D-30).
///
/// Left out, only resends are recognised (D-30 a).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamePerson {
    /// While the earlier lead is open, the new one becomes an inquiry on it (D-30 b).
    #[serde(default = "yes")]
    pub attach: bool,
    /// For this long the person goes back to the agent who has them (D-30 c).
    #[serde(default)]
    pub sticky: Option<Span>,
}

fn yes() -> bool {
    true
}

/// An entity as configured. Its id is the key it is stored under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    pub name: String,
    pub kind: EntityKind,
    #[serde(default)]
    pub parent: Option<EntityId>,
    /// IANA zone, such as `America/New_York` (D-12).
    pub zone: Tz,
    /// ISO 3166 code of the country whose phone numbers come without a prefix.
    #[serde(default = "united_states")]
    pub country: String,
    #[serde(default)]
    pub locale: Locale,
    #[serde(default)]
    pub same_person: Option<SamePerson>,
}

fn united_states() -> String {
    "US".to_owned()
}

impl Entity {
    /// Refuses an entity without a usable name or country.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        invalid.check_name("/name", "name", &self.name, LONGEST_NAME);
        if self.country.len() != 2 || !self.country.chars().all(|c| c.is_ascii_uppercase()) {
            invalid.add("/country", "give the two capital letters of ISO 3166, such as US");
        }
        invalid.into_result()
    }
}

/// Where leads come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub name: String,
    /// The shape of what it sends; `generic` is our own.
    #[serde(default = "generic")]
    pub kind: String,
}

fn generic() -> String {
    "generic".to_owned()
}

impl Source {
    /// Refuses a source without a name or of a kind we cannot read.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        invalid.check_name("/name", "name", &self.name, LONGEST_NAME);
        if self.kind != "generic" {
            invalid.add("/kind", "only `generic` is known");
        }
        invalid.into_result()
    }
}

/// Everything about one entity that planning needs, frozen at one moment.
#[derive(Debug, Clone)]
pub struct EntityView {
    pub id: EntityId,
    pub entity: Entity,
    pub agents: BTreeMap<AgentId, Arc<Agent>>,
    pub sources: BTreeMap<SourceId, Arc<Source>>,
    /// In list order: the first that matches wins (D-3).
    pub routes: Vec<Arc<Route>>,
}

impl EntityView {
    /// The route of that id.
    pub fn route(&self, id: &crate::RouteId) -> Option<&Arc<Route>> {
        self.routes.iter().find(|route| route.id == *id)
    }
}
