//! Ponds: named pools and who may claim from them (D-25).

use std::slice::from_ref;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tipoff_domain::{EntityId, Pond, PondId};

use super::Named;
use crate::Api;
use crate::access::Caller;
use crate::body::{Document, In};
use crate::etag::{Basis, Versioned};
use crate::names::{InEntity, PondPath};
use crate::problem::Problem;
use crate::schema;

type Shown = Versioned<Named<PondId, Pond>>;

fn missing(pond: &PondId) -> Problem {
    Problem::not_found(&format!("pond `{pond}`"))
}

/// Create or replace a pond
///
/// The lead pool of the entity is always there and has no entry of its own.
#[utoipa::path(put, path = "/v1/entities/{entity}/ponds/{pond}", tag = "ponds", params(PondPath),
    request_body = schema::Pond,
    responses((status = 200, body = schema::Pond), (status = 201, body = schema::Pond)))]
pub(crate) async fn put_pond(
    State(api): State<Api>,
    caller: Caller,
    In(PondPath { entity, pond }): In<PondPath>,
    basis: Basis,
    sent: Document<Pond>,
) -> Result<Shown, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let current = api.roster.pond_version(&entity, &pond);
    let expect = basis.expect(&format!("pond `{pond}`"), current)?;
    let value = sent.called(pond.as_str())?;
    let edited = api.roster.by(&caller.0).put_pond(&entity, &pond, value, expect).await?;
    Ok(Named::edited(pond, edited))
}

/// Show a pond
#[utoipa::path(get, path = "/v1/entities/{entity}/ponds/{pond}", tag = "ponds", params(PondPath),
    responses((status = 200, body = schema::Pond)))]
pub(crate) async fn get_pond(
    State(api): State<Api>,
    caller: Caller,
    In(PondPath { entity, pond }): In<PondPath>,
) -> Result<Shown, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let version = api.roster.pond_version(&entity, &pond);
    let found = Named::found(&pond, view.ponds.get(&pond), version);
    found.map(Named::shown).ok_or_else(|| missing(&pond))
}

/// List the ponds
#[utoipa::path(get, path = "/v1/entities/{entity}/ponds", tag = "ponds", params(InEntity),
    responses((status = 200, body = schema::Ponds)))]
pub(crate) async fn list_ponds(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let version = |id: &PondId| api.roster.pond_version(&entity, id);
    let named =
        view.ponds.iter().filter_map(|(id, pond)| Named::found(id, Some(pond), version(id)));
    let ponds: Vec<_> = named.collect();
    Ok(Json(json!({ "ponds": ponds })))
}

/// Remove a pond
///
/// Refused while a route leads into it or leads rest in it. What was taken from it before returns to the lead pool.
#[utoipa::path(delete, path = "/v1/entities/{entity}/ponds/{pond}", tag = "ponds", params(PondPath),
    responses((status = 204, description = "removed")))]
pub(crate) async fn delete_pond(
    State(api): State<Api>,
    caller: Caller,
    In(PondPath { entity, pond }): In<PondPath>,
    basis: Basis,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    let current = api.roster.pond_version(&entity, &pond);
    let expect = basis.must_exist(&format!("pond `{pond}`"), current)?;
    // This comes first, so that nobody empties a pond that is filled all the while.
    api.roster.no_route_into(&entity, &pond)?;
    nothing_rests_in(&api, &entity, &pond).await?;
    // What comes to rest there from now on is found by routers, who hear of this.
    api.roster.by(&caller.0).delete_pond(&entity, &pond, expect).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// In a pond that is gone, nobody would see them.
async fn nothing_rests_in(api: &Api, entity: &EntityId, pond: &PondId) -> Result<(), Problem> {
    let counts = api.board.rest_counts(entity, from_ref(pond)).await?;
    let resting = counts.ponds.get(pond).copied().unwrap_or(0);
    if resting == 0 {
        return Ok(());
    }
    let problem = Problem::new(StatusCode::CONFLICT, "pond_not_empty", "Leads rest in the pond");
    let detail = format!(
        "leads that rest in pond `{pond}`: {resting}; have them claimed, assigned or closed first"
    );
    Err(problem.detail(detail).member("leads", resting))
}
