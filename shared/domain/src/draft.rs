//! Routes that are not saved: what would happen if they were.

use std::sync::Arc;

use crate::invalid::under;
use crate::{EntityView, Invalid, Route};

impl EntityView {
    /// The entity as it would be with `routes`, in this order, instead of its
    /// own. Those without an id are called `draft_1`, `draft_2` and so on.
    pub fn drafted(&self, routes: Vec<Route>) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        let mut drafted = self.clone();
        drafted.routes = Vec::with_capacity(routes.len() + 1).into();
        for (place, mut route) in routes.into_iter().enumerate() {
            if route.is_unnamed()
                && let Ok(id) = format!("draft_{}", place + 1).parse()
            {
                route.id = id;
            }
            if drafted.route(&route.id).is_some() || route.is_default() {
                invalid.add(format!("/routes/{place}/id"), "is taken; leave it out");
            }
            drafted.routes.push(Arc::new(route));
        }
        for (place, route) in drafted.routes.iter().enumerate() {
            invalid.absorb(under(&format!("/routes/{place}"), route.check(&drafted)));
        }
        invalid.into_result()?;
        drafted.routes.extend(self.entity.default_route().map(Arc::new));
        Ok(drafted)
    }
}
