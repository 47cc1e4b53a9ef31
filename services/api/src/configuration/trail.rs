//! The trail of administration.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_runtime::trail;
use tracing::warn;

use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In};
use crate::names::{InEntity, PageOf};
use crate::problem::Problem;
use crate::schema;

/// List what was done in an entity by right of administration, oldest first
///
/// For admins: every call that changed something or may have, or that looked a person up, with the key that made it.
/// Kept for 400 days. What an edit changed stands in `/changes`.
#[utoipa::path(get, path = "/v1/entities/{entity}/trail", tag = "versions", params(InEntity, PageOf),
    responses((status = 200, body = schema::Trail)))]
pub(crate) async fn read_trail(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let after = page.cursor_number()?.unwrap_or(0);
    let read = trail::read(&api.nats, Some(&entity), after, page.limit()?).await;
    let (deeds, more) = read.map_err(|error| {
        warn!(error = &error as &dyn std::error::Error, "the trail cannot be read");
        Problem::unavailable("log_unavailable", "The trail cannot be read", "try again in a moment")
    })?;
    let next = deeds.last().filter(|_| more).map(|(place, _)| place.to_string());
    let deeds: Vec<_> = deeds.into_iter().map(|(_, deed)| deed).collect();
    Ok(Json(json!({ "deeds": deeds, "next_cursor": next })))
}
