//! In which entity of the tree a request acts.

use axum::extract::{FromRequestParts, MatchedPath, Query, RawPathParams};
use axum::http::request::Parts;
use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_roster::{Role, Tree};

use super::Caller;
use crate::Api;
use crate::names::WhichEntity;
use crate::problem::Problem;

/// What a request names.
#[derive(Debug, Default)]
struct Named {
    entity: Option<EntityId>,
    lead: Option<LeadId>,
}

/// The caller in the entity that the request names, or that its lead is in.
pub(super) async fn of(parts: &mut Parts, api: &Api, caller: Caller) -> Result<Caller, Problem> {
    let tree = api.roster.tree();
    let named = named(parts, api).await;
    if named.entity.is_some() {
        return Ok(caller.acting_in(&tree, named.entity.as_ref()));
    }
    let (Role::Agent, Some(own), Some(lead)) = (caller.0.role, caller.own(), &named.lead) else {
        return Ok(caller);
    };
    let above = tree.above(own);
    if above.is_empty() || api.board.lead(own, lead).await?.is_some() {
        return Ok(caller);
    }
    for entity in &above {
        if api.board.lead(entity, lead).await?.is_some() {
            return Ok(caller.acting_in(&tree, Some(entity)));
        }
    }
    Ok(caller)
}

/// Whatever cannot be read is left to the handler, which says what is wrong with it.
async fn named(parts: &mut Parts, api: &Api) -> Named {
    let about_leads = parts
        .extensions
        .get::<MatchedPath>()
        .is_some_and(|path| path.as_str().starts_with("/v1/leads/{id}"));
    let mut named = Named::default();
    if let Ok(params) = RawPathParams::from_request_parts(parts, api).await {
        for (name, value) in &params {
            match name {
                "entity" => named.entity = value.parse().ok(),
                "id" if about_leads => named.lead = value.parse().ok(),
                _ => {}
            }
        }
    }
    if named.entity.is_none()
        && let Ok(Query(asked)) = Query::<WhichEntity>::try_from_uri(&parts.uri)
    {
        named.entity = asked.entity;
    }
    named
}

impl Caller {
    /// The same caller, acting in `entity` if the key reaches it.
    pub(crate) fn acting_in(mut self, tree: &Tree, entity: Option<&EntityId>) -> Self {
        let Some((own, entity)) = self.own().zip(entity) else { return self };
        let reaches = match self.0.role {
            Role::Admin => tree.is_below(entity, own),
            Role::Agent => tree.is_below(own, entity),
            Role::Source | Role::Operator => false,
        };
        if reaches {
            self.0.entity = Some(entity.clone());
        }
        self
    }

    /// Whether this key configures `entity`, whatever the request is about.
    pub(crate) fn configures(&self, tree: &Tree, entity: &EntityId) -> bool {
        match (self.0.role, self.own()) {
            (Role::Operator, _) => true,
            (Role::Admin, Some(own)) => own == entity || tree.is_below(entity, own),
            _ => false,
        }
    }
}

impl Api {
    /// The entities in which an agent may be offered leads, their own first.
    pub(crate) fn scopes<'a>(
        &self,
        caller: &'a Caller,
    ) -> Result<(Vec<EntityId>, &'a AgentId), Problem> {
        let (entity, agent) = caller.agent()?;
        let mut scopes = vec![entity.clone()];
        scopes.extend(self.roster.tree().above(entity));
        Ok((scopes, agent))
    }
}

#[cfg(test)]
mod tests {
    use tipoff_roster::Access;

    use super::*;

    fn id(name: &str) -> EntityId {
        name.parse().unwrap()
    }

    fn tree() -> Tree {
        let (acme, west, east, lofts) = (id("acme"), id("west"), id("east"), id("lofts"));
        [(&west, &acme), (&east, &acme), (&lofts, &west)].into_iter().collect()
    }

    fn caller(role: Role, entity: &str) -> Caller {
        let agent = (role == Role::Agent).then(|| "ana".parse().unwrap());
        let entity = Some(id(entity));
        let access = Access { key_id: "k1".to_owned(), role, entity, agent, source: None };
        Caller::new(access, crate::visit::Visit::default())
    }

    /// The entities among all that a key acts in.
    fn reach(role: Role, entity: &str) -> Vec<String> {
        let all = ["acme", "west", "east", "lofts"].map(id);
        let reached = all.iter().filter(|named| {
            let acting = caller(role, entity).acting_in(&tree(), Some(named));
            acting.member_of(named).is_ok()
        });
        reached.map(ToString::to_string).collect()
    }

    #[test]
    fn admins_reach_downwards_and_agents_upwards() {
        assert_eq!(reach(Role::Admin, "acme"), ["acme", "west", "east", "lofts"]);
        assert_eq!(reach(Role::Admin, "west"), ["west", "lofts"]);
        assert_eq!(reach(Role::Admin, "lofts"), ["lofts"]);
        assert_eq!(reach(Role::Agent, "lofts"), ["acme", "west", "lofts"]);
        assert_eq!(reach(Role::Agent, "east"), ["acme", "east"]);
        assert!(reach(Role::Source, "acme").is_empty());
    }

    #[test]
    fn what_a_key_configures_does_not_depend_on_the_request() {
        let admin = caller(Role::Admin, "acme").acting_in(&tree(), Some(&id("west")));
        assert!(admin.configures(&tree(), &id("east")));
        assert_eq!(admin.own(), Some(&id("acme")));
        assert!(!caller(Role::Admin, "west").configures(&tree(), &id("east")));
        assert!(!caller(Role::Agent, "lofts").configures(&tree(), &id("lofts")));
    }
}
