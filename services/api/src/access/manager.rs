//! Agents who manage some of the routes.

use tipoff_domain::{EntityId, EntityView, Route};
use tipoff_roster::Role;

use super::Caller;
use crate::problem::Problem;

impl Caller {
    /// Who may change that route: an admin of the entity, or an agent whom the route
    /// names among its managers.
    pub(crate) fn manager_of(
        &self,
        entity: &EntityId,
        route: Option<&Route>,
    ) -> Result<(), Problem> {
        if self.member_of(entity).is_ok() && route.is_some_and(|route| self.manages(route)) {
            self.2.about(entity);
            return Ok(());
        }
        self.admin_of(entity)
    }

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

    /// The keys of agents are theirs in every entity in which they may be offered leads.
    fn manages(&self, route: &Route) -> bool {
        let agent = self.0.agent.as_ref().filter(|_| self.0.role == Role::Agent);
        agent.is_some_and(|agent| route.managers.contains(agent))
    }
}
