//! Who belongs to whom across the tree of entities.

use std::sync::Arc;

use tipoff_domain::{AgentId, EntityId, EntityView};

use crate::{Roster, Tree};

impl Roster {
    /// Who stands below whom, as of now.
    pub fn tree(&self) -> Arc<Tree> {
        self.entities.read().tree().clone()
    }

    /// The entity whose entry counts for an agent of `entity`: its own, else
    /// the nearest one below. `None`: nobody is called so.
    pub fn home(&self, entity: &EntityId, agent: &AgentId) -> Option<EntityId> {
        self.homes(entity, agent).into_iter().next()
    }

    /// All entities from `entity` downwards that have an entry of the agent.
    pub(crate) fn homes(&self, entity: &EntityId, agent: &AgentId) -> Vec<EntityId> {
        let entities = self.entities.read();
        let mut homes = vec![entity.clone()];
        homes.extend(entities.tree().below(entity));
        homes.retain(|id| entities.slot(id).is_some_and(|slot| slot.agents.contains_key(agent)));
        homes
    }

    /// All entities of its tree that have an entry of the agent.
    pub fn entries(&self, entity: &EntityId, agent: &AgentId) -> Vec<EntityId> {
        let top = self.entities.read().tree().above(entity).pop();
        self.homes(top.as_ref().unwrap_or(entity), agent)
    }

    /// The entity's view and those of all above it.
    pub(crate) fn views_upwards(&self, entity: &EntityId) -> Vec<Arc<EntityView>> {
        let entities = self.entities.read();
        let mut ids = vec![entity.clone()];
        ids.extend(entities.tree().above(entity));
        ids.iter().filter_map(|id| entities.view(id)).collect()
    }
}
