//! Whose telephone number it is: one person may work for several entities.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tipoff_contact::e164;
use tipoff_domain::{AgentId, EntityId};
use tipoff_roster::Roster;

type Whose = HashMap<String, Vec<(EntityId, AgentId)>>;

/// Numbers of all agents, looked up again after an edit of the roster.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<Option<(Option<u64>, Whose)>>);

impl Numbers {
    /// Everybody with that number, in the order of entities and agents.
    pub(super) fn of(&self, roster: &Roster, number: &str) -> Vec<(EntityId, AgentId)> {
        let version = *roster.changes().borrow();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whose = match known.take() {
            Some((as_of, whose)) if as_of == version => whose,
            _ => read(roster),
        };
        let found = whose.get(number).cloned().unwrap_or_default();
        *known = Some((version, whose));
        found
    }
}

fn read(roster: &Roster) -> Whose {
    let mut whose = Whose::new();
    for entity in roster.entities() {
        let Some(view) = roster.view(&entity) else { continue };
        for (id, agent) in &view.agents {
            let number = agent.phone.as_deref();
            if let Some(number) = number.and_then(|phone| e164(phone, &view.entity.country)) {
                whose.entry(number).or_default().push((entity.clone(), id.clone()));
            }
        }
    }
    whose
}
