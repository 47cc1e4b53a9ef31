//! "Add all from office/team": whoever is an agent there when it is saved (D-27).

use serde_json::{Value, json};
use tipoff_domain::EntityId;

use crate::Api;
use crate::problem::Problem;

impl Api {
    /// Puts the agents of an entity in the place of `{"snapshot_of": …}`.
    pub(super) fn take_snapshot(
        &self,
        entity: &EntityId,
        route: &mut Value,
    ) -> Result<(), Problem> {
        let Some(agents) = route.pointer_mut("/strategy/agents") else { return Ok(()) };
        let Some(named) = agents.get("snapshot_of") else { return Ok(()) };
        let refused = |why: &str| Err(Problem::invalid_field("/strategy/agents/snapshot_of", why));
        if agents.as_object().is_some_and(|object| object.len() > 1) {
            return refused("stands alone; leave the other fields out");
        }
        let Some(of) = named.as_str().and_then(|name| name.parse::<EntityId>().ok()) else {
            return refused("give the name of an entity");
        };
        let within = of == *entity || self.roster.tree().is_below(&of, entity);
        let Some(view) = self.roster.view(&of).filter(|_| within) else {
            return refused("is neither this entity nor one below it");
        };
        *agents = json!(view.agents.keys().collect::<Vec<_>>());
        Ok(())
    }
}
