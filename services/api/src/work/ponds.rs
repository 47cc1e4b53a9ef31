//! What rests in ponds, and who takes it (D-25). The lead pool is the pond that
//! every agent is in.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_domain::{AgentId, EntityId, EntityView, PondId};
use tipoff_roster::Role;

use super::answers::{ClaimWanted, claim_resting};
use super::hands::assign;
use super::request::RequestId;
use super::wanted::AssignWanted;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In, MaybeSent, Sent};
use crate::names::{InEntity, PageOf, PondLeadPath, PondPath, PoolPath};
use crate::problem::Problem;
use crate::schema;

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
    api.entity_view(&entity)?;
    let leads = api.board.pool(&entity, None, page.cursor()?, page.limit()?).await?;
    Ok(Json(api.show_page(&caller.0, &entity, leads).await?))
}

/// Claim a lead from the pool
///
/// Whoever is too late hears who has it, and since when.
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
    claim_resting(&api, &caller, &lead, &request).await
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

/// List what rests in a pond, newest first
///
/// For its members and for admins.
#[utoipa::path(get, path = "/v1/entities/{entity}/ponds/{pond}/leads", tag = "pool", params(PondPath, PageOf),
    responses((status = 200, body = schema::LeadsPage)))]
pub(crate) async fn list_pond_leads(
    State(api): State<Api>,
    caller: Caller,
    In(PondPath { entity, pond }): In<PondPath>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    member_of_pond(&api, &caller, &entity, &pond)?;
    let leads = api.board.pool(&entity, Some(&pond), page.cursor()?, page.limit()?).await?;
    Ok(Json(api.show_page(&caller.0, &entity, leads).await?))
}

/// Claim a lead from a pond
///
/// For its members. Whoever is too late hears who has it, and since when.
#[utoipa::path(post, path = "/v1/entities/{entity}/ponds/{pond}/leads/{lead}/claim", tag = "pool",
    params(PondLeadPath), responses((status = 200, body = schema::Claimed)))]
pub(crate) async fn claim_from_pond(
    State(api): State<Api>,
    caller: Caller,
    In(PondLeadPath { entity, pond, lead }): In<PondLeadPath>,
    request: RequestId,
    MaybeSent(_nothing): MaybeSent<ClaimWanted>,
) -> Result<Json<Value>, Problem> {
    member_of_pond(&api, &caller, &entity, &pond)?;
    claim_resting(&api, &caller, &lead, &request).await
}

/// Assign a lead from a pond
///
/// For admins.
#[utoipa::path(post, path = "/v1/entities/{entity}/ponds/{pond}/leads/{lead}/assign", tag = "pool",
    params(PondLeadPath), request_body = AssignWanted, responses((status = 200, body = schema::Done)))]
pub(crate) async fn assign_from_pond(
    State(api): State<Api>,
    caller: Caller,
    In(PondLeadPath { entity, pond, lead }): In<PondLeadPath>,
    request: RequestId,
    Sent(wanted): Sent<AssignWanted>,
) -> Result<Json<Value>, Problem> {
    member_of_pond(&api, &caller, &entity, &pond)?;
    assign(&api, &caller, &entity, &lead, &wanted, &request).await
}

/// List the ponds you are in
///
/// Those of your entity and of those above it. The lead pool, called `pool`, comes first. `admin` is who looks
/// after a pond.
#[utoipa::path(get, path = "/v1/me/ponds", tag = "me", responses((status = 200, body = schema::MyPonds)))]
pub(crate) async fn my_ponds(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let (scopes, agent) = api.scopes(&caller)?;
    let mut ponds = Vec::new();
    for entity in &scopes {
        let view = api.entity_view(entity)?;
        let mine: Vec<PondId> = ponds_of(&view, agent).cloned().collect();
        let counts = api.board.rest_counts(entity, &mine).await?;
        let show = |id: &str, name: Option<&str>, admin: Option<&AgentId>, leads: usize| json!({ "entity": entity, "id": id, "name": name, "admin": admin, "leads": leads });
        ponds.push(show("pool", None, None, counts.pool));
        ponds.extend(mine.iter().filter_map(|id| {
            let pond = view.ponds.get(id)?;
            // Whoever looked after it and left is followed by the next (D-25).
            let admin = pond.admins.iter().find(|admin| view.agents.contains_key(*admin));
            let leads = counts.ponds.get(id).copied().unwrap_or(0);
            Some(show(id.as_str(), Some(&pond.name), admin, leads))
        }));
    }
    Ok(Json(json!({ "ponds": ponds })))
}

/// The ponds that the agent may claim from, besides the pool.
fn ponds_of<'a>(view: &'a EntityView, agent: &AgentId) -> impl Iterator<Item = &'a PondId> {
    view.ponds.iter().filter(|(_, pond)| pond.has(agent)).map(|(id, _)| id)
}

/// Refuses who is not in the pond. For them it is not there.
fn member_of_pond(
    api: &Api,
    caller: &Caller,
    entity: &EntityId,
    pond: &PondId,
) -> Result<(), Problem> {
    caller.member_of(entity)?;
    let view = api.entity_view(entity)?;
    let agent = caller.0.agent.as_ref().filter(|_| caller.0.role == Role::Agent);
    let known = view.ponds.get(pond).filter(|pond| agent.is_none_or(|agent| pond.has(agent)));
    known.map(drop).ok_or_else(|| Problem::not_found(&format!("pond `{pond}`")))
}
