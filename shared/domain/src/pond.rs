//! A pond: leads that nobody has, and who may take them (D-25).
//!
//! The entity's lead pool is the pond that is always there and that every agent
//! is in; it has no entry of its own.

use serde::{Deserialize, Serialize};

use crate::invalid::LONGEST_NAME;
use crate::strategy::Everyone;
use crate::{AgentId, Invalid, Span};

/// Who may claim from a pond.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Members {
    /// The word `all`: every agent of the entity, later ones included.
    Everyone(Everyone),
    These(Vec<AgentId>),
}

/// Shortest and longest time to work a lead before the pond takes it back.
const RECLAIM_AFTER: (Span, Span) = (Span::minutes(1), Span::seconds(365 * 86_400));

/// A pond as configured. Its id is the key it is stored under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pond {
    pub name: String,
    pub members: Members,
    /// Who looks after it; the first who is still an agent is shown (D-25).
    #[serde(default)]
    pub admins: Vec<AgentId>,
    /// Most leads from this pond that one agent may have at a time.
    #[serde(default)]
    pub cap: Option<u32>,
    /// A lead that was claimed here and not worked on for this long comes back.
    #[serde(default)]
    pub reclaim_after: Option<Span>,
    /// What rests here because nobody took it is offered again by the routes, the
    /// oldest first and one every so long, as soon as somebody can take it.
    #[serde(default)]
    pub serve_every: Option<Span>,
}

impl Pond {
    /// Whether `agent` may claim here; paused or not (D-25).
    pub fn has(&self, agent: &AgentId) -> bool {
        match &self.members {
            Members::Everyone(_) => true,
            Members::These(these) => these.contains(agent),
        }
    }

    /// Whether the pond names `agent` anywhere.
    pub fn names(&self, agent: &AgentId) -> bool {
        let member = matches!(&self.members, Members::These(these) if these.contains(agent));
        member || self.admins.contains(agent)
    }

    /// Refuses a pond that nobody could claim from. `knows` tells whether an
    /// agent is one of the entity's.
    pub fn check(&self, knows: impl Fn(&AgentId) -> bool) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        invalid.check_name("/name", "name", &self.name, LONGEST_NAME);
        let mut check = |field: &str, agents: &[AgentId]| {
            for (place, agent) in agents.iter().enumerate().filter(|(_, agent)| !knows(agent)) {
                let problem = format!("`{agent}` is not an agent of this entity");
                invalid.add(format!("{field}/{place}"), problem);
            }
        };
        check("/admins", &self.admins);
        if let Members::These(these) = &self.members {
            check("/members", these);
            if these.is_empty() {
                invalid.add("/members", "name at least one agent, or write `all`");
            }
        }
        let (shortest, longest) = RECLAIM_AFTER;
        if self.reclaim_after.is_some_and(|after| !(shortest..=longest).contains(&after)) {
            invalid.add("/reclaim_after", format!("must lie between {shortest} and {longest}"));
        }
        invalid.into_result()
    }
}
