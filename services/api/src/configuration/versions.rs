//! Versions: who changed what, and back to what it was.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_domain::{EntityView, Route};
use tipoff_roster::{Change, Expect};

use super::routes::not_the_default;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In};
use crate::etag::{Basis, Versioned};
use crate::names::{InEntity, PageOf, RoutePath, RouteVersion};
use crate::problem::Problem;
use crate::schema;

/// List the versions of a route, newest first
///
/// Who made each, when, and which fields they changed. The last 64 are kept, also of a route that was removed.
#[utoipa::path(get, path = "/v1/entities/{entity}/routes/{id}/versions", tag = "versions", params(RoutePath),
    responses((status = 200, body = schema::Versions)))]
pub(crate) async fn list_versions(
    State(api): State<Api>,
    caller: Caller,
    In(RoutePath { entity, id }): In<RoutePath>,
) -> Result<Json<Value>, Problem> {
    let view = api.managed(&caller, &entity, &id)?;
    let versions = api.roster.route_versions(&entity, &id).await?;
    if versions.is_empty() {
        return Err(Problem::not_found(&format!("route `{id}`")));
    }
    let versions: Vec<_> = versions.iter().map(|version| told(version, &view)).collect();
    Ok(Json(json!({ "versions": versions })))
}

/// Show a route as it was
#[utoipa::path(get, path = "/v1/entities/{entity}/routes/{id}/versions/{version}", tag = "versions",
    params(RouteVersion), responses((status = 200, body = schema::Route)))]
pub(crate) async fn get_version(
    State(api): State<Api>,
    caller: Caller,
    In(path): In<RouteVersion>,
) -> Result<Versioned<Route>, Problem> {
    api.managed(&caller, &path.entity, &path.id)?;
    let route = at(&api, &path).await?;
    Ok(Versioned::ok(path.version, route))
}

/// Make a route what it was
///
/// That is an edit like any other: it makes a new version, and is refused where it does not fit what is there now. A
/// route that was removed comes back at the end of the list.
#[utoipa::path(post, path = "/v1/entities/{entity}/routes/{id}/versions/{version}/restore", tag = "versions",
    params(RouteVersion), responses((status = 200, body = schema::Route)))]
pub(crate) async fn restore_version(
    State(api): State<Api>,
    caller: Caller,
    In(path): In<RouteVersion>,
    basis: Basis,
) -> Result<Versioned<Route>, Problem> {
    let view = api.managed(&caller, &path.entity, &path.id)?;
    not_the_default(&path.id)?;
    let route = at(&api, &path).await?;
    let RouteVersion { entity, id, .. } = path;
    if let Some(now) = view.route(&id) {
        caller.leaves_managers(now, &route)?;
    }
    let current = view.route(&id).map(|route| route.version);
    let expect = match basis.expect(&format!("route `{id}`"), current)? {
        Expect::Anything if current.is_none() => Expect::Absent,
        named => named,
    };
    let edited = api.roster.by(&caller.0).put_route(&entity, &id, route, expect).await?;
    Ok(Versioned::ok(edited.version, edited.value))
}

async fn at(api: &Api, path: &RouteVersion) -> Result<Route, Problem> {
    let RouteVersion { entity, id, version } = path;
    api.entity_view(entity)?;
    let route = api.roster.route_at(entity, id, *version).await?;
    route.ok_or_else(|| Problem::not_found(&format!("version {version} of route `{id}`")))
}

/// List what was changed in an entity, newest first
///
/// Everything that is configured there: who changed what, and when.
#[utoipa::path(get, path = "/v1/entities/{entity}/changes", tag = "versions", params(InEntity, PageOf),
    responses((status = 200, body = schema::Changes)))]
pub(crate) async fn list_changes(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let before = page.cursor_number()?;
    let (changes, more) = api.roster.changes_of(&entity, before, page.limit()?).await?;
    let next = changes.last().filter(|_| more).map(|last| last.version.to_string());
    let changes: Vec<_> = changes.iter().map(|change| told(change, &view)).collect();
    Ok(Json(json!({ "changes": changes, "next_cursor": next })))
}

/// A change, with the name of whoever made it.
fn told(change: &Change, view: &EntityView) -> Value {
    let mut told = json!(change);
    let Some(by) = &change.by else { return told };
    let agent = by.agent.as_ref().and_then(|agent| view.agents.get(agent));
    let role = by.role_word();
    let name = agent.map_or(role, |agent| &agent.name);
    told["by"] = json!({"name": name, "role": role, "key": by.key, "agent": by.agent});
    told
}
