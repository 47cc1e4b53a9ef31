//! Agents who manage some of the routes.

use std::sync::Arc;

use tipoff_domain::{EntityId, EntityView, Route, RouteId};
use tipoff_roster::Role;

use super::Caller;
use crate::Api;
use crate::problem::Problem;

impl Api {
    /// The entity, for whoever may change that route of it: an admin, or an agent whom
    /// the route names among its managers.
    pub(crate) fn managed(
        &self,
        caller: &Caller,
        entity: &EntityId,
        id: &RouteId,
    ) -> Result<Arc<EntityView>, Problem> {
        caller.member_of(entity)?;
        let view = self.entity_view(entity)?;
        if view.route(id).is_some_and(|route| caller.manages(route)) {
            caller.2.about(entity);
        } else {
            caller.admin_of(entity)?;
        }
        Ok(view)
    }
}

impl Caller {
    /// The routes that the caller may see: all for an admin, their own for a manager.
    pub(crate) fn routes_of<'a>(&self, view: &'a EntityView) -> Result<Vec<&'a Route>, Problem> {
        let all = view.routes.iter().map(AsRef::as_ref);
        if self.0.role != Role::Agent {
            self.admin_of(&view.id)?;
            return Ok(all.collect());
        }
        self.member_of(&view.id)?;
        let theirs: Vec<&Route> = all.filter(|route| self.manages(route)).collect();
        if theirs.is_empty() {
            self.admin_of(&view.id)?;
        }
        Ok(theirs)
    }

    /// Only admins say who manages a route.
    pub(crate) fn leaves_managers(&self, before: &Route, after: &Route) -> Result<(), Problem> {
        if self.0.role == Role::Agent && before.managers != after.managers {
            return Err(Problem::forbidden("only an admin of the entity changes `managers`"));
        }
        Ok(())
    }

    /// Of an entity in which they are known to be a member: others may have an agent of that name.
    fn manages(&self, route: &Route) -> bool {
        let agent = self.0.agent.as_ref().filter(|_| self.0.role == Role::Agent);
        agent.is_some_and(|agent| route.managers.contains(agent))
    }
}
