//! Editing ponds and lenders.

use tipoff_domain::{EntityId, Invalid, Lender, LenderId, OnExhausted, Pond, PondId, Route};

use super::{Edited, Expect, refused};
use crate::keys::Key;
use crate::{EditError, Roster};

/// Names that mean something else where ponds are listed.
const TAKEN: [&str; 3] = ["pool", "held", "default"];

impl Roster {
    /// Its members must be agents of the entity (D-25).
    pub async fn put_pond(
        &self,
        entity: &EntityId,
        id: &PondId,
        pond: Pond,
        expect: Expect,
    ) -> Result<Edited<Pond>, EditError> {
        let view = self.view_of(entity)?;
        let mut invalid = Invalid::default();
        if TAKEN.contains(&id.as_str()) {
            invalid.add("/id", format!("`{id}` has a meaning of its own; choose another name"));
        }
        invalid.absorb(pond.check(|agent| view.agents.contains_key(agent)));
        refused(invalid.into_result())?;
        let key = Key::Pond(entity.clone(), id.clone());
        let existed = view.ponds.contains_key(id);
        self.write(&key, &format!("pond `{id}`"), pond, existed, expect).await
    }

    /// Refused while a route leads into it. Whoever deletes one sees to it that no
    /// lead rests there, which the roster cannot know.
    pub async fn delete_pond(
        &self,
        entity: &EntityId,
        id: &PondId,
        expect: Expect,
    ) -> Result<(), EditError> {
        self.no_route_into(entity, id)?;
        let existed = self.view_of(entity)?.ponds.contains_key(id);
        let key = Key::Pond(entity.clone(), id.clone());
        self.remove(&key, &format!("pond `{id}`"), existed, expect).await
    }

    /// Whether no route leads into the pond; if one does, what to do.
    pub fn no_route_into(&self, entity: &EntityId, id: &PondId) -> Result<(), EditError> {
        let view = self.view_of(entity)?;
        let leads_there = |route: &Route| {
            route.strategy.pond() == Some(id)
                || matches!(&route.on_exhausted, OnExhausted::Pond(last) if last == id)
        };
        let routes = view.routes.iter().filter(|route| leads_there(route));
        let titles: Vec<_> = routes.map(|route| format!("route `{}`", route.title)).collect();
        unnamed(&titles)
    }

    pub async fn put_lender(
        &self,
        entity: &EntityId,
        id: &LenderId,
        lender: Lender,
        expect: Expect,
    ) -> Result<Edited<Lender>, EditError> {
        let existed = self.within(entity, |slot| slot.lenders.contains_key(id))?;
        refused(lender.check())?;
        let key = Key::Lender(entity.clone(), id.clone());
        self.write(&key, &format!("lender `{id}`"), lender, existed, expect).await
    }

    /// Refused while a route or an agent has it, here or in an entity above.
    pub async fn delete_lender(
        &self,
        entity: &EntityId,
        id: &LenderId,
        expect: Expect,
    ) -> Result<(), EditError> {
        let existed = self.within(entity, |slot| slot.lenders.contains_key(id))?;
        let mut named_by = Vec::new();
        for view in self.views_upwards(entity) {
            let routes = view.routes.iter().filter(|route| route.sends_along(id));
            named_by.extend(routes.map(|route| format!("route `{}`", route.title)));
        }
        let agents = self.within(entity, |slot| {
            let agents = slot.agents.values().filter(|it| it.value.lender.as_ref() == Some(id));
            agents.map(|agent| format!("agent `{}`", agent.value.name)).collect::<Vec<_>>()
        })?;
        named_by.extend(agents);
        unnamed(&named_by)?;
        let key = Key::Lender(entity.clone(), id.clone());
        self.remove(&key, &format!("lender `{id}`"), existed, expect).await
    }
}

/// Refuses to delete what is named elsewhere.
pub(super) fn unnamed(named_by: &[String]) -> Result<(), EditError> {
    if named_by.is_empty() {
        return Ok(());
    }
    let problem = format!("is named by {}; take it out there first", named_by.join(", "));
    Err(EditError::Invalid(Invalid::one("", problem)))
}
