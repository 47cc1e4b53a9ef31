//! Editing entities, their agents and their sources.

use std::collections::HashSet;

use tipoff_domain::{Agent, AgentId, Entity, EntityId, Invalid, Source, SourceId};

use super::{Edited, Expect, refused};
use crate::keys::Key;
use crate::{EditError, Roster};

impl Roster {
    pub async fn put_entity(
        &self,
        id: &EntityId,
        entity: Entity,
        expect: Expect,
    ) -> Result<Edited<Entity>, EditError> {
        let mut invalid = Invalid::default();
        invalid.absorb(entity.check());
        invalid.absorb(self.check_parent(id, entity.parent.as_ref()));
        refused(invalid.into_result())?;
        let existed = self.entity_version(id).is_some();
        self.write(&Key::Entity(id.clone()), &format!("entity `{id}`"), entity, existed, expect)
            .await
    }

    /// Refuses a parent that does not exist and one that stands below `id`.
    fn check_parent(&self, id: &EntityId, parent: Option<&EntityId>) -> Result<(), Invalid> {
        let entities = self.entities.read();
        let mut seen = HashSet::new();
        let mut above = parent.cloned();
        while let Some(parent) = above {
            if parent == *id {
                return Err(Invalid::one("/parent", format!("`{id}` would stand below itself")));
            }
            let Some(slot) = entities.slot(&parent) else {
                return Err(Invalid::one("/parent", format!("entity `{parent}` does not exist")));
            };
            above = slot.entity.as_ref().and_then(|entity| entity.value.parent.clone());
            if !seen.insert(parent) {
                break;
            }
        }
        Ok(())
    }

    pub async fn put_agent(
        &self,
        entity: &EntityId,
        id: &AgentId,
        agent: Agent,
        expect: Expect,
    ) -> Result<Edited<Agent>, EditError> {
        let existed = self.within(entity, |slot| slot.agents.contains_key(id))?;
        refused(agent.check())?;
        self.write(
            &Key::Agent(entity.clone(), id.clone()),
            &format!("agent `{id}`"),
            agent,
            existed,
            expect,
        )
        .await
    }

    /// Refused while a route names the agent. The agent's keys and push
    /// subscriptions go as well.
    pub async fn delete_agent(
        &self,
        entity: &EntityId,
        id: &AgentId,
        expect: Expect,
    ) -> Result<(), EditError> {
        let (existed, named_by) = self.within(entity, |slot| {
            let routes = slot.routes.values().filter(|route| route.value.names(id));
            let titles: Vec<String> =
                routes.map(|route| format!("`{}`", route.value.title)).collect();
            (slot.agents.contains_key(id), titles)
        })?;
        if !named_by.is_empty() {
            let problem =
                format!("is named by {}; take the agent out there first", named_by.join(", "));
            return Err(EditError::Invalid(Invalid::one("", problem)));
        }
        self.remove(
            &Key::Agent(entity.clone(), id.clone()),
            &format!("agent `{id}`"),
            existed,
            expect,
        )
        .await?;
        self.remove_push_subscriptions(entity, id).await?;
        self.revoke_keys(|access| {
            access.entity.as_ref() == Some(entity) && access.agent.as_ref() == Some(id)
        })
        .await
    }

    pub async fn put_source(
        &self,
        entity: &EntityId,
        id: &SourceId,
        source: Source,
        expect: Expect,
    ) -> Result<Edited<Source>, EditError> {
        let existed = self.within(entity, |slot| slot.sources.contains_key(id))?;
        refused(source.check())?;
        self.write(
            &Key::Source(entity.clone(), id.clone()),
            &format!("source `{id}`"),
            source,
            existed,
            expect,
        )
        .await
    }

    /// The source's keys go as well.
    pub async fn delete_source(
        &self,
        entity: &EntityId,
        id: &SourceId,
        expect: Expect,
    ) -> Result<(), EditError> {
        let existed = self.within(entity, |slot| slot.sources.contains_key(id))?;
        self.remove(
            &Key::Source(entity.clone(), id.clone()),
            &format!("source `{id}`"),
            existed,
            expect,
        )
        .await?;
        self.revoke_keys(|access| {
            access.entity.as_ref() == Some(entity) && access.source.as_ref() == Some(id)
        })
        .await
    }
}
