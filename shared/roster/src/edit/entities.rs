//! Editing entities, and where they stand in the tree.

use std::collections::BTreeSet;

use tipoff_domain::{AgentId, Entity, EntityId, EntityKind, EntityView, Invalid};

use super::list::ListEdit;
use super::{Edited, Expect, encode, not_found, refused};
use crate::bucket::Write;
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
        invalid.absorb(self.check_place(id, &entity));
        let view = self.view(id);
        invalid.absorb(check_admins(&entity, view.as_deref()));
        if let Some(view) = &view {
            invalid.absorb(check_office_hours(&entity, view));
        }
        refused(invalid.into_result())?;
        let (key, what) = (Key::Entity(id.clone()), format!("entity `{id}`"));
        match view {
            Some(view) if view.entity.no_match != entity.no_match => {
                self.put_with_list(id, what, entity, expect).await
            }
            view => self.write(&key, &what, entity, view.is_some(), expect).await,
        }
    }

    /// The default route comes or goes, so the list of routes changes as well (D-6).
    async fn put_with_list(
        &self,
        id: &EntityId,
        what: String,
        entity: Entity,
        expect: Expect,
    ) -> Result<Edited<Entity>, EditError> {
        let (key, value) = (Key::Entity(id.clone()).to_string(), encode(&entity)?);
        let list = self.edit_list(id, |listed| {
            let (key, what, value) = (key.clone(), what.clone(), Some(value.clone()));
            let write = Write { key, what, value, expect };
            Ok(ListEdit { write: Some(write), order: listed.order.clone() })
        });
        let version = list.await? - 1;
        Ok(Edited { value: entity, version, created: false })
    }

    /// Refuses a parent that does not exist, that stands below `id`, or that is
    /// of no higher kind; and a kind that does not suit those below.
    fn check_place(&self, id: &EntityId, entity: &Entity) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        let tree = self.tree();
        let below = tree.below(id);
        let kind_of = |id: &EntityId| self.view(id).map(|view| view.entity.kind);
        if let Some(parent) = &entity.parent {
            if parent == id || below.contains(parent) {
                invalid.add("/parent", format!("`{id}` would stand below itself"));
                return invalid.into_result();
            }
            match kind_of(parent) {
                None => invalid.add("/parent", format!("entity `{parent}` does not exist")),
                Some(kind) if rank(kind) <= rank(entity.kind) => {
                    invalid.add("/parent", "companies hold offices and teams, offices hold teams");
                }
                Some(_) => invalid.absorb(self.check_names(id, parent)),
            }
        }
        for child in below.iter().filter(|child| tree.above(child).first() == Some(id)) {
            if kind_of(child).is_some_and(|kind| rank(kind) >= rank(entity.kind)) {
                let problem = format!("`{child}` stands below it; a {} cannot", word(entity.kind));
                invalid.add("/kind", format!("{problem} hold that"));
            }
        }
        invalid.into_result()
    }

    /// In one tree a name means one person. Whoever is called alike in two
    /// trees would become one, and see what is the other's.
    fn check_names(&self, id: &EntityId, parent: &EntityId) -> Result<(), Invalid> {
        let tree = self.tree();
        let (ours, theirs) = (tree.root(id), tree.root(parent));
        if ours == theirs {
            return Ok(());
        }
        let agents = |id: &EntityId| -> BTreeSet<AgentId> {
            self.view(id).map(|view| view.agents.keys().cloned().collect()).unwrap_or_default()
        };
        let (here, there) = (agents(id), agents(&theirs));
        let twice: Vec<String> = here.intersection(&there).map(|id| format!("`{id}`")).collect();
        if twice.is_empty() {
            return Ok(());
        }
        let problem = format!(
            "agents there are called {} as well; in one tree a name means one person, so rename them first",
            twice.join(", ")
        );
        Err(Invalid::one("/parent", problem))
    }

    /// The entity of the same tree where somebody of that name is an agent,
    /// `entity` and those that it has for its own excepted.
    pub fn namesake(
        &self,
        entity: &EntityId,
        agent: &AgentId,
    ) -> Result<Option<EntityId>, EditError> {
        if self.view(entity).is_none() {
            return Err(not_found(format!("entity `{entity}`")));
        }
        let root = self.tree().root(entity);
        Ok(self.homes(&root, agent).into_iter().find(|home| home != entity))
    }
}

fn check_admins(entity: &Entity, view: Option<&EntityView>) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    let is_there = |agent: &AgentId| view.is_some_and(|view| view.agents.contains_key(agent));
    for (place, agent) in entity.admins.iter().enumerate().filter(|(_, agent)| !is_there(agent)) {
        let problem = format!("`{agent}` is not an agent of this entity");
        invalid.add(format!("/admins/{place}"), problem);
    }
    invalid.into_result()
}

/// Acceptance with office hours needs somebody for the time outside of them (D-18).
fn check_office_hours(entity: &Entity, view: &EntityView) -> Result<(), Invalid> {
    let asks = |route: &tipoff_domain::Route| route.asks() && route.timeout.is_none();
    let routes = view.routes.iter().filter(|route| entity.office_hours.is_some() && asks(route));
    let titles: Vec<String> = routes.map(|route| format!("`{}`", route.title)).collect();
    if titles.is_empty() {
        return Ok(());
    }
    let problem = format!(
        "leads outside of the office hours need a timeout agent: give one to {}, or turn `acceptance` off there",
        titles.join(", ")
    );
    Err(Invalid::one("/office_hours", problem))
}

fn rank(kind: EntityKind) -> u8 {
    match kind {
        EntityKind::Team => 0,
        EntityKind::Office => 1,
        EntityKind::Company => 2,
    }
}

fn word(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Team => "team",
        EntityKind::Office => "office",
        EntityKind::Company => "company",
    }
}
