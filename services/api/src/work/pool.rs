//! The lead pool.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::answers::{AssignWanted, assign, claim_pooled};
use super::request::RequestId;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In, MaybeSent, Sent};
use crate::names::{InEntity, PageOf, PoolPath};
use crate::problem::Problem;
use crate::schema;
use crate::work::answers::ClaimWanted;

/// List the lead pool, newest first
#[utoipa::path(get, path = "/v1/entities/{entity}/pool", tag = "pool", params(InEntity, PageOf),
    responses((status = 200, body = schema::LeadsPage)))]
pub(crate) async fn list_pool(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    caller.member_of(&entity)?;
    api.roster.view(&entity).ok_or_else(|| Problem::not_found(&format!("entity `{entity}`")))?;
    let leads = api.board.pool(&entity, page.cursor()?, page.limit()?).await?;
    Ok(Json(api.show_page(&caller.0, &entity, leads).await?))
}

/// Claim a lead from the pool
#[utoipa::path(post, path = "/v1/entities/{entity}/pool/{lead}/claim", tag = "pool", params(PoolPath),
    responses((status = 200, body = schema::Claimed)))]
pub(crate) async fn claim_from_pool(
    State(api): State<Api>,
    caller: Caller,
    In(PoolPath { entity, lead }): In<PoolPath>,
    request: RequestId,
    MaybeSent(_nothing): MaybeSent<ClaimWanted>,
) -> Result<Json<Value>, Problem> {
    caller.member_of(&entity)?;
    claim_pooled(&api, &caller, &lead, &request).await
}

/// Assign a lead from the pool
///
/// For admins.
#[utoipa::path(post, path = "/v1/entities/{entity}/pool/{lead}/assign", tag = "pool", params(PoolPath),
    request_body = AssignWanted, responses((status = 200, body = schema::Done)))]
pub(crate) async fn assign_from_pool(
    State(api): State<Api>,
    caller: Caller,
    In(PoolPath { entity, lead }): In<PoolPath>,
    request: RequestId,
    Sent(wanted): Sent<AssignWanted>,
) -> Result<Json<Value>, Problem> {
    assign(&api, &caller, &entity, &lead, &wanted, &request).await
}
