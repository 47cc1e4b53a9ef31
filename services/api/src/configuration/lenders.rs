//! Lenders: who finances what a lead buys; a route's comes before the agent's own.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tipoff_domain::{Lender, LenderId};

use super::Named;
use crate::Api;
use crate::access::Caller;
use crate::body::{Document, In};
use crate::etag::{Basis, Versioned};
use crate::names::{InEntity, LenderPath};
use crate::problem::Problem;
use crate::schema;

type Shown = Versioned<Named<LenderId, Lender>>;

fn missing(lender: &LenderId) -> Problem {
    Problem::not_found(&format!("lender `{lender}`"))
}

/// Create or replace a lender
///
/// A lender must be there before a route or an agent can name it.
#[utoipa::path(put, path = "/v1/entities/{entity}/lenders/{lender}", tag = "lenders", params(LenderPath),
    request_body = schema::Lender,
    responses((status = 200, body = schema::Lender), (status = 201, body = schema::Lender)))]
pub(crate) async fn put_lender(
    State(api): State<Api>,
    caller: Caller,
    In(LenderPath { entity, lender }): In<LenderPath>,
    basis: Basis,
    sent: Document<Lender>,
) -> Result<Shown, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let current = api.roster.lender_version(&entity, &lender);
    let expect = basis.expect(&format!("lender `{lender}`"), current)?;
    let value = sent.called(lender.as_str())?;
    let edited = api.roster.by(&caller.0).put_lender(&entity, &lender, value, expect).await?;
    Ok(Named::edited(lender, edited))
}

/// Show a lender
#[utoipa::path(get, path = "/v1/entities/{entity}/lenders/{lender}", tag = "lenders", params(LenderPath),
    responses((status = 200, body = schema::Lender)))]
pub(crate) async fn get_lender(
    State(api): State<Api>,
    caller: Caller,
    In(LenderPath { entity, lender }): In<LenderPath>,
) -> Result<Shown, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let version = api.roster.lender_version(&entity, &lender);
    let found = Named::found(&lender, view.lenders.get(&lender), version);
    found.map(Named::shown).ok_or_else(|| missing(&lender))
}

/// List the lenders
#[utoipa::path(get, path = "/v1/entities/{entity}/lenders", tag = "lenders", params(InEntity),
    responses((status = 200, body = schema::Lenders)))]
pub(crate) async fn list_lenders(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let version = |id: &LenderId| api.roster.lender_version(&entity, id);
    let named =
        view.lenders.iter().filter_map(|(id, lender)| Named::found(id, Some(lender), version(id)));
    let lenders: Vec<_> = named.collect();
    Ok(Json(json!({ "lenders": lenders })))
}

/// Remove a lender
///
/// Refused while a route or an agent names it.
#[utoipa::path(delete, path = "/v1/entities/{entity}/lenders/{lender}", tag = "lenders", params(LenderPath),
    responses((status = 204, description = "removed")))]
pub(crate) async fn delete_lender(
    State(api): State<Api>,
    caller: Caller,
    In(LenderPath { entity, lender }): In<LenderPath>,
    basis: Basis,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    let current = api.roster.lender_version(&entity, &lender);
    let expect = basis.must_exist(&format!("lender `{lender}`"), current)?;
    api.roster.by(&caller.0).delete_lender(&entity, &lender, expect).await?;
    Ok(StatusCode::NO_CONTENT)
}
