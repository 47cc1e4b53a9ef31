use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tipoff_domain::{Route, RouteId, route};
use tipoff_roster::{EditError, Expect};
use utoipa::ToSchema;

use super::ATTEMPTS;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, Document, In, Sent};
use crate::etag::{Basis, Versioned};
use crate::insight::lint::Saved;
use crate::insight::schema::SavedRoute;
use crate::names::{InEntity, RoutePath, WhichRoutes};
use crate::problem::Problem;
use crate::schema;

fn missing(route: &RouteId) -> Problem {
    Problem::not_found(&format!("route `{route}`"))
}

/// A route as it is listed.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    #[serde(flatten)]
    route: Route,
    /// It takes what no other takes, and stays as it is (D-6).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    default: bool,
}

impl From<Route> for Listed {
    fn from(route: Route) -> Self {
        Self { default: is_default(&route.id), route }
    }
}

fn is_default(id: &RouteId) -> bool {
    id.as_str() == route::DEFAULT
}

/// "The default rule cannot be removed or deleted" (kvCORE; D-6).
pub(super) fn not_the_default(id: &RouteId) -> Result<(), Problem> {
    if !is_default(id) {
        return Ok(());
    }
    let code = "default_route";
    Err(Problem::new(StatusCode::CONFLICT, code, "The default route stays as it is").detail(
        "it takes what no other route takes and cannot be edited, paused, moved or removed; to do without it, set \
         `no_match` of the entity to `pool`",
    ))
}

/// Create a route at the end of the list
#[utoipa::path(post, path = "/v1/entities/{entity}/routes", tag = "routes", params(InEntity),
    request_body = schema::Route, responses((status = 201, body = SavedRoute)))]
pub(crate) async fn create_route(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    sent: Document<Route>,
) -> Result<Response, Problem> {
    caller.admin_of(&entity)?;
    let before = api.entity_view(&entity)?;
    let route = sent.with(|route| api.take_snapshot(&entity, route))?.unnamed()?;
    let edited = api.roster.by(&caller.0).create_route(&entity, route).await?;
    let location = format!("/v1/entities/{entity}/routes/{}", edited.value.id);
    let body = api.saved(edited.value, &before);
    let shown = Versioned { status: StatusCode::CREATED, version: edited.version, body };
    Ok(([(header::LOCATION, location)], shown).into_response())
}

/// List the routes in their order
///
/// The first that matches a lead takes it; an agent who manages some sees those. The default route, if the entity has one, stands last. `ETag` is the
/// version of the list.
#[utoipa::path(get, path = "/v1/entities/{entity}/routes", tag = "routes", params(InEntity, WhichRoutes),
    responses((status = 200, body = schema::Routes)))]
pub(crate) async fn list_routes(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Asked(WhichRoutes { active }): Asked<WhichRoutes>,
) -> Result<Versioned<Value>, Problem> {
    caller.member_of(&entity)?;
    let version = api.roster.order_version(&entity);
    let view = api.entity_view(&entity)?;
    let mut wanted = caller.routes_of(&view)?;
    wanted.retain(|route| active.is_none_or(|it| it == route.active));
    let routes: Vec<_> = wanted.into_iter().cloned().map(Listed::from).collect();
    Ok(Versioned::ok(version, json!({ "routes": routes })))
}

/// Show a route
#[utoipa::path(get, path = "/v1/entities/{entity}/routes/{id}", tag = "routes", params(RoutePath),
    responses((status = 200, body = schema::Route)))]
pub(crate) async fn get_route(
    State(api): State<Api>,
    caller: Caller,
    In(RoutePath { entity, id }): In<RoutePath>,
) -> Result<Versioned<Listed>, Problem> {
    let view = api.managed(&caller, &entity, &id)?;
    let route = view.route(&id).ok_or_else(|| missing(&id))?.as_ref().clone();
    Ok(Versioned::ok(route.version, route.into()))
}

/// Replace a route
///
/// Acts on the next offer; offers that are out stay as they are.
#[utoipa::path(put, path = "/v1/entities/{entity}/routes/{id}", tag = "routes", params(RoutePath),
    request_body = schema::Route, responses((status = 200, body = SavedRoute)))]
pub(crate) async fn put_route(
    State(api): State<Api>,
    caller: Caller,
    In(RoutePath { entity, id }): In<RoutePath>,
    basis: Basis,
    sent: Document<Route>,
) -> Result<Versioned<Saved>, Problem> {
    let before = api.managed(&caller, &entity, &id)?;
    let current = before.route(&id).map(|route| route.version);
    let expect = basis.must_exist(&format!("route `{id}`"), current)?;
    not_the_default(&id)?;
    let route = sent.with(|route| api.take_snapshot(&entity, route))?.called(id.as_str())?;
    caller.leaves_managers(before.route(&id).ok_or_else(|| missing(&id))?, &route)?;
    let edited = api.roster.by(&caller.0).put_route(&entity, &id, route, expect).await?;
    Ok(Versioned::ok(edited.version, api.saved(edited.value, &before)))
}

/// Remove a route
#[utoipa::path(delete, path = "/v1/entities/{entity}/routes/{id}", tag = "routes", params(RoutePath),
    responses((status = 204, description = "removed")))]
pub(crate) async fn delete_route(
    State(api): State<Api>,
    caller: Caller,
    In(RoutePath { entity, id }): In<RoutePath>,
    basis: Basis,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    let current = api.entity_view(&entity)?.route(&id).map(|route| route.version);
    let expect = basis.must_exist(&format!("route `{id}`"), current)?;
    not_the_default(&id)?;
    api.roster.by(&caller.0).delete_route(&entity, &id, expect).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes by id, first to last.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    #[schema(value_type = Vec<String>)]
    order: Vec<RouteId>,
}

/// Put the routes in another order
///
/// Names every route once. Send the `ETag` of the list as `If-Match` to be sure that nobody moved them meanwhile.
#[utoipa::path(put, path = "/v1/entities/{entity}/routes/order", tag = "routes", params(InEntity),
    request_body = Order, responses((status = 200, body = Order)))]
pub(crate) async fn order_routes(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    basis: Basis,
    Sent(Order { order }): Sent<Order>,
) -> Result<Versioned<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let expect =
        basis.expect("the order of the routes", Some(api.roster.order_version(&entity)))?;
    let edited = api.roster.by(&caller.0).order_routes(&entity, order, expect).await?;
    Ok(Versioned::ok(edited.version, json!({ "order": edited.value })))
}

/// Pause a route
///
/// It takes no new leads; leads that it has on offer stay.
#[utoipa::path(post, path = "/v1/entities/{entity}/routes/{id}/pause", tag = "routes", params(RoutePath),
    responses((status = 200, body = schema::Route)))]
pub(crate) async fn pause_route(
    State(api): State<Api>,
    caller: Caller,
    In(path): In<RoutePath>,
    basis: Basis,
) -> Result<Versioned<Route>, Problem> {
    set_active(&api, &caller, path, basis, false).await
}

/// Resume a route
#[utoipa::path(post, path = "/v1/entities/{entity}/routes/{id}/resume", tag = "routes", params(RoutePath),
    responses((status = 200, body = schema::Route)))]
pub(crate) async fn resume_route(
    State(api): State<Api>,
    caller: Caller,
    In(path): In<RoutePath>,
    basis: Basis,
) -> Result<Versioned<Route>, Problem> {
    set_active(&api, &caller, path, basis, true).await
}

async fn set_active(
    api: &Api,
    caller: &Caller,
    path: RoutePath,
    basis: Basis,
    active: bool,
) -> Result<Versioned<Route>, Problem> {
    let RoutePath { entity, id } = path;
    api.managed(caller, &entity, &id)?;
    let roster = api.roster.by(&caller.0);
    let mut conflict = None;
    for _ in 0..ATTEMPTS {
        let view = api.entity_view(&entity)?;
        let current = view.route(&id).map(|route| route.version);
        let expect = basis.must_exist(&format!("route `{id}`"), current)?;
        not_the_default(&id)?;
        let mut route = view.route(&id).ok_or_else(|| missing(&id))?.as_ref().clone();
        let expect = match expect {
            Expect::Anything => Expect::Version(route.version),
            named => named,
        };
        route.active = active;
        match roster.put_route(&entity, &id, route, expect).await {
            Ok(edited) => return Ok(Versioned::ok(edited.version, edited.value)),
            Err(refused @ EditError::Conflict { .. }) if basis == Basis::Anything => {
                conflict = Some(refused);
            }
            Err(refused) => return Err(refused.into()),
        }
    }
    Err(conflict.map_or_else(Problem::internal, Problem::from))
}
