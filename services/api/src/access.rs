//! Who is calling, and what they may touch.
//!
//! The entity of a request comes from the key. What belongs to another entity
//! is answered exactly like what does not exist.
//!
//! Entities stand in a tree. An admin may act in every entity below their own;
//! an agent in every entity above, for those have them as an agent as well.

mod manager;
mod scope;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use tipoff_domain::{AgentId, EntityId};
use tipoff_roster::{Access, Role};

use crate::Api;
use crate::problem::Problem;
use crate::visit::Visit;

/// A verified key. The entity of its access is the one that the request is
/// about; the key's own stands beside it, and what the edge is to learn.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Access, Option<EntityId>, Visit);

/// The text after `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Whether somebody wants a lead for themselves.
fn is_claim(parts: &Parts) -> bool {
    let path = parts.extensions.get::<MatchedPath>();
    path.is_some_and(|path| path.as_str().ends_with("/claim"))
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Some(key) = bearer(&parts.headers) else {
            return Err(Problem::unauthorized("send your key as `Authorization: Bearer tpf_…`"));
        };
        match api.roster.verify(key).await? {
            Some(access) => {
                let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_default();
                let taken = api.paces.take(&access, is_claim(parts), api.clock.now());
                visit.by(&access, taken.map_err(|error| Problem::too_fast(&error))?);
                scope::of(parts, api, Self::new(access, visit)).await
            }
            None => Err(Problem::unauthorized("this key is not known, or it was revoked")),
        }
    }
}

impl Caller {
    fn new(access: Access, visit: Visit) -> Self {
        let own = access.entity.clone();
        Self(access, own, visit)
    }

    /// The entity that the key was made for; `None` only for operators.
    pub(crate) fn own(&self) -> Option<&EntityId> {
        self.1.as_ref()
    }

    fn belongs_to(&self, entity: &EntityId) -> bool {
        self.0.role == Role::Operator || self.0.entity.as_ref() == Some(entity)
    }

    /// Who configures `entity` and sees all of its leads.
    pub(crate) fn admin_of(&self, entity: &EntityId) -> Result<(), Problem> {
        self.member_of(entity)?;
        match self.0.role {
            Role::Operator | Role::Admin => {
                self.acts_on(entity);
                Ok(())
            }
            Role::Agent | Role::Source => {
                Err(Problem::forbidden("an admin key of the entity is needed"))
            }
        }
    }

    /// The trail of that entity has what is done by this request.
    pub(crate) fn acts_on(&self, entity: &EntityId) {
        self.2.about(entity);
    }

    /// Anybody who works in `entity`.
    pub(crate) fn member_of(&self, entity: &EntityId) -> Result<(), Problem> {
        if self.0.role == Role::Source {
            return Err(Problem::forbidden("a source key sends leads and does nothing else"));
        }
        if self.belongs_to(entity) {
            Ok(())
        } else {
            Err(Problem::not_found(&format!("entity `{entity}`")))
        }
    }

    pub(crate) fn operator(&self) -> Result<(), Problem> {
        match self.0.role {
            Role::Operator => Ok(()),
            _ => Err(Problem::forbidden("an operator key is needed")),
        }
    }

    /// The agent whose key this is.
    pub(crate) fn agent(&self) -> Result<(&EntityId, &AgentId), Problem> {
        match (self.0.role, &self.0.entity, &self.0.agent) {
            (Role::Agent, Some(entity), Some(agent)) => Ok((entity, agent)),
            _ => Err(Problem::new(
                axum::http::StatusCode::FORBIDDEN,
                "agent_key_needed",
                "Only an agent can do that",
            )
            .detail("use the key of the agent who acts")),
        }
    }

    /// The entity that a request without one in its path is about. Operators say it with `?entity=`.
    pub(crate) fn entity(&self, asked: Option<EntityId>) -> Result<EntityId, Problem> {
        let own = self.0.entity.clone();
        let entity = match self.0.role {
            Role::Operator => asked.ok_or_else(|| {
                Problem::bad_request("say which entity you mean: add `?entity=` to the address")
            })?,
            _ => match (own, asked) {
                (Some(own), None) => own,
                (Some(own), Some(asked)) if own == asked => own,
                (_, Some(asked)) => return Err(Problem::not_found(&format!("entity `{asked}`"))),
                (None, None) => return Err(Problem::forbidden("this key belongs to no entity")),
            },
        };
        self.member_of(&entity)?;
        self.acts_on(&entity);
        Ok(entity)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    use super::*;

    fn caller(role: Role, entity: Option<&str>) -> Caller {
        let agent = (role == Role::Agent).then(|| "ana".parse().unwrap());
        let entity = entity.map(|name| name.parse().unwrap());
        let access = Access { key_id: "k1".to_owned(), role, entity, agent, source: None };
        Caller::new(access, Visit::default())
    }

    fn status(answer: Result<(), Problem>) -> StatusCode {
        answer.map_or_else(|problem| problem.into_response().status(), |()| StatusCode::OK)
    }

    #[test]
    fn another_entity_looks_like_none_at_all() {
        let (acme, other) = ("acme".parse().unwrap(), "other".parse().unwrap());
        let admin = caller(Role::Admin, Some("acme"));
        assert_eq!(status(admin.admin_of(&acme)), 200);
        assert_eq!(status(admin.admin_of(&other)), 404);
        let agent = caller(Role::Agent, Some("acme"));
        assert_eq!(status(agent.admin_of(&acme)), 403);
        assert_eq!(status(agent.admin_of(&other)), 404);
        assert_eq!(status(agent.member_of(&acme)), 200);
    }

    #[test]
    fn a_source_key_opens_nothing_here() {
        let source = caller(Role::Source, Some("acme"));
        let acme = "acme".parse().unwrap();
        assert_eq!(status(source.member_of(&acme)), 403);
        assert_eq!(status(source.operator()), 403);
        assert_eq!(status(source.agent().map(|_| ())), 403);
        assert_eq!(status(source.entity(None).map(|_| ())), 403);
    }

    #[test]
    fn an_operator_says_which_entity_and_others_need_not() {
        let operator = caller(Role::Operator, None);
        assert_eq!(status(operator.entity(None).map(|_| ())), 400);
        assert_eq!(operator.entity(Some("acme".parse().unwrap())).unwrap().as_str(), "acme");
        let admin = caller(Role::Admin, Some("acme"));
        assert_eq!(admin.entity(None).unwrap().as_str(), "acme");
        assert_eq!(status(admin.entity(Some("other".parse().unwrap())).map(|_| ())), 404);
    }

    #[test]
    fn the_key_is_read_from_the_header_only_as_a_bearer() {
        let headers = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            headers
        };
        assert_eq!(bearer(&headers("Bearer tpf_a_b")), Some("tpf_a_b"));
        assert_eq!(bearer(&headers("bearer tpf_a_b")), Some("tpf_a_b"));
        assert_eq!(bearer(&headers("Basic tpf_a_b")), None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
