//! Editing agents and sources.

use bytes::Bytes;
use tipoff_domain::{Agent, AgentId, EntityId, Invalid, Source, SourceId};

use super::ponds::unnamed;
use super::{Edited, Expect, refused};
use crate::keys::Key;
use crate::{EditError, Roster};

/// Who did what an administrator did, as events have it.
const OF_ADMINS: &str = "admin";

impl Roster {
    pub async fn put_agent(
        &self,
        entity: &EntityId,
        id: &AgentId,
        mut agent: Agent,
        expect: Expect,
    ) -> Result<Edited<Agent>, EditError> {
        let view = self.view_of(entity)?;
        let before = self.within(entity, |slot| slot.agents.get(id).map(|it| it.value.clone()))?;
        let mut invalid = Invalid::default();
        invalid.absorb(agent.check());
        let existed = before.is_some();
        if !existed && id.as_str() == OF_ADMINS {
            invalid.add("", format!("an agent cannot be called `{OF_ADMINS}`: events say that of what administrators did"));
        }
        if let Some(lender) = agent.lender.as_ref().filter(|it| !view.lenders.contains_key(*it)) {
            invalid.add("/lender", format!("`{lender}` is not a lender of this entity"));
        }
        let paused_before = before.as_ref().map_or(&[][..], |before| &before.paused_on);
        let views = self.views_upwards(entity);
        for (place, route) in agent.paused_on.iter().enumerate() {
            let known = views.iter().any(|view| view.route(route).is_some());
            // A route may have gone since; that does not spoil an edit of something else.
            if !known && !paused_before.contains(route) {
                let problem = format!("`{route}` is not a route of this entity or one above");
                invalid.add(format!("/paused_on/{place}"), problem);
            }
        }
        refused(invalid.into_result())?;
        let series = match &before {
            Some(before) => before.link_series,
            None => self.first_series(entity, id).await?,
        };
        agent.link_series = agent.link_series.max(series);
        self.write(
            &Key::Agent(entity.clone(), id.clone()),
            &format!("agent `{id}`"),
            agent,
            existed,
            expect,
        )
        .await
    }

    /// Takes an agent out of all rotations, wherever below `entity` they belong.
    /// Whoever edits them at the same moment comes first.
    pub async fn pause_agent(&self, entity: &EntityId, id: &AgentId) -> Result<(), EditError> {
        for home in self.homes(entity, id) {
            let known = self.within(&home, |slot| slot.agents.get(id).cloned())?;
            let Some(known) = known.filter(|known| !known.value.paused) else { continue };
            let paused = Agent { paused: true, ..Agent::clone(&known.value) };
            self.put_agent(&home, id, paused, Expect::Version(known.version)).await?;
        }
        Ok(())
    }

    /// Refused while a route, a pond or an entity names the agent, here or in an entity
    /// above that has no other entry of them. The agent's keys and push
    /// subscriptions go as well.
    pub async fn delete_agent(
        &self,
        entity: &EntityId,
        id: &AgentId,
        expect: Expect,
    ) -> Result<(), EditError> {
        let existed = self.within(entity, |slot| slot.agents.contains_key(id))?;
        let mut named_by = Vec::new();
        for view in self.views_upwards(entity) {
            if self.homes(&view.id, id).iter().all(|home| home == entity) {
                let routes = view
                    .routes
                    .iter()
                    .filter(|route| route.names(id) || route.managers.contains(id));
                named_by.extend(routes.map(|route| format!("route `{}`", route.title)));
                let ponds = view.ponds.values().filter(|pond| pond.names(id));
                named_by.extend(ponds.map(|pond| format!("pond `{}`", pond.name)));
                let admin = view.entity.admins.contains(id).then_some(&view.entity.name);
                named_by.extend(admin.map(|name| format!("`{name}` as one of its admins")));
            }
        }
        unnamed(&named_by)?;
        self.remove(
            &Key::Agent(entity.clone(), id.clone()),
            &format!("agent `{id}`"),
            existed,
            expect,
        )
        .await?;
        self.leave_nothing_of(entity, id).await
    }

    /// What goes with an agent.
    async fn leave_nothing_of(&self, entity: &EntityId, id: &AgentId) -> Result<(), EditError> {
        self.remove_push_subscriptions(entity, id).await?;
        self.forget_reach(entity, id).await?;
        self.revoke_keys(|access| {
            access.entity.as_ref() == Some(entity) && access.agent.as_ref() == Some(id)
        })
        .await
    }

    /// Of which series the links of an agent are who is entered now. A name may have been
    /// somebody's before: their links open no more, and what is left of them goes.
    async fn first_series(&self, entity: &EntityId, id: &AgentId) -> Result<u32, EditError> {
        let key = Key::Agent(entity.clone(), id.clone()).to_string();
        if !self.entities.is_deleted(&key).await? {
            return Ok(0);
        }
        self.leave_nothing_of(entity, id).await?;
        let series =
            |value: &Bytes| serde_json::from_slice::<Agent>(value).ok()?.link_series.into();
        let past = self.entities.past(&key).await?;
        let highest = past.iter().filter_map(|edition| series(edition.value.as_ref()?)).max();
        Ok(highest.map_or(0, |highest: u32| highest.saturating_add(1)))
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
        let key = Key::Source(entity.clone(), id.clone());
        if !existed && self.entities.is_deleted(&key.to_string()).await? {
            self.revoke_keys_of_source(entity, id).await?;
        }
        self.write(&key, &format!("source `{id}`"), source, existed, expect).await
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
        self.revoke_keys_of_source(entity, id).await
    }

    async fn revoke_keys_of_source(
        &self,
        entity: &EntityId,
        id: &SourceId,
    ) -> Result<(), EditError> {
        self.revoke_keys(|access| {
            access.entity.as_ref() == Some(entity) && access.source.as_ref() == Some(id)
        })
        .await
    }
}
