//! What nobody sees by looking at one lead: what is odd about the routes, what
//! became of all leads, what a draft would do, why somebody got nothing.
//!
//! The domain computes; these handlers fetch what it needs.

pub(crate) mod attempt;
pub(crate) mod audit;
pub(crate) mod lint;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod simulate;
pub(crate) mod why;

use std::sync::Arc;

use serde::Deserialize;
use tipoff_domain::{EntityId, EntityView, Route};
use utoipa::ToSchema;

use crate::Api;
use crate::problem::Problem;

/// Routes to look at instead of the entity's own, in their order.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    #[schema(value_type = Vec<crate::schema::Route>)]
    routes: Vec<Route>,
}

impl Api {
    /// The entity with a draft of its routes, or as it is.
    fn drafted(
        &self,
        entity: &EntityId,
        draft: Option<Vec<Route>>,
    ) -> Result<Arc<EntityView>, Problem> {
        let view = self
            .roster
            .view(entity)
            .ok_or_else(|| Problem::not_found(&format!("entity `{entity}`")))?;
        match draft {
            None => Ok(view),
            Some(routes) => Ok(Arc::new(view.drafted(routes).map_err(Problem::invalid)?)),
        }
    }
}
