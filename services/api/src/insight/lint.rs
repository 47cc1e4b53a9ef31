//! What is odd about the routes and the people of an entity.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use tipoff_domain::lint::{Finding, lint, warnings_for};
use tipoff_domain::{EntityView, Route};

use super::{Draft, schema};
use crate::Api;
use crate::access::Caller;
use crate::body::{In, Sent};
use crate::names::InEntity;
use crate::problem::Problem;

/// Look for what is odd about the configuration
///
/// Hours and sources that no active route covers, routes that never get a lead, agents whom nothing reaches, timeouts that come too early.
#[utoipa::path(get, path = "/v1/entities/{entity}/lint", tag = "insight", params(InEntity),
    responses((status = 200, body = schema::Findings)))]
pub(crate) async fn lint_routes(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.drafted(&entity, None)?;
    Ok(Json(found(&api, &view)))
}

/// Look for what would be odd about other routes
///
/// Nothing is saved.
#[utoipa::path(post, path = "/v1/entities/{entity}/lint", tag = "insight", params(InEntity),
    request_body = Draft, responses((status = 200, body = schema::Findings)))]
pub(crate) async fn lint_draft(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Sent(Draft { routes }): Sent<Draft>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.drafted(&entity, Some(routes))?;
    Ok(Json(found(&api, &view)))
}

fn found(api: &Api, view: &EntityView) -> Value {
    json!({ "findings": lint(view, api.clock.now()) })
}

/// A route as it was saved, and what is odd about that.
#[derive(Debug, Serialize)]
pub(crate) struct Saved {
    #[serde(flatten)]
    route: Route,
    warnings: Vec<Finding>,
}

impl Api {
    /// `before`: the entity as it was until then.
    pub(crate) fn saved(&self, route: Route, before: &EntityView) -> Saved {
        let warnings = warnings_for(&route, before, self.clock.now());
        Saved { route, warnings }
    }
}
