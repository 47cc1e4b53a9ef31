//! From hand to hand: assign, return, credit, close.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_board::{Actor, Assign, Close, Credit, OnBoard, Return};
use tipoff_domain::{EntityId, LeadId};
use tipoff_roster::Role;

use super::refusal::{conflict, no_lead, not_yours};
use super::request::RequestId;
use super::wanted::{AssignWanted, Because, CloseWanted};
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In, MaybeSent, Sent};
use crate::names::{LeadPath, WhichEntity};
use crate::problem::Problem;
use crate::schema;
use crate::shown::Sight;

/// Assign a lead to an agent
///
/// For admins. Offers that are out are taken back.
#[utoipa::path(post, path = "/v1/leads/{id}/assign", tag = "leads", params(LeadPath, WhichEntity),
    request_body = AssignWanted, responses((status = 200, body = schema::Done)))]
pub(crate) async fn assign_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
    Sent(wanted): Sent<AssignWanted>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    assign(&api, &caller, &entity, &id, &wanted, &request).await
}

pub(super) async fn assign(
    api: &Api,
    caller: &Caller,
    entity: &EntityId,
    id: &LeadId,
    wanted: &AssignWanted,
    request: &RequestId,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(entity)?;
    let view = api.roster.view(entity).ok_or_else(|| no_lead(id))?;
    if !view.agents.contains_key(&wanted.agent) {
        return Err(Problem::invalid_field(
            "/agent",
            format!("`{}` is not an agent of this entity", wanted.agent),
        ));
    }
    let request = request.of("assign", "admin");
    match api.board.assign(entity, id, &wanted.agent, &Actor::Admin, &request).await? {
        Assign::Assigned(lead) => Ok(done(api, "assigned", &lead)),
        Assign::Closed => {
            Err(conflict("closed", "The lead is closed", "a closed lead cannot be assigned"))
        }
        Assign::Unknown => Err(no_lead(id)),
    }
}

fn done(api: &Api, outcome: &str, lead: &OnBoard) -> Json<Value> {
    Json(json!({ "outcome": outcome, "lead": api.shown(lead, Sight::Whole, None) }))
}

/// Send a lead back to the pool
///
/// To the pond that it was taken from, if it was and that is still there. Agents send back what they have, admins
/// anything.
#[utoipa::path(post, path = "/v1/leads/{id}/return", tag = "leads", params(LeadPath, WhichEntity),
    request_body = Option<Because>, responses((status = 200, body = schema::Done)))]
pub(crate) async fn return_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
    MaybeSent(because): MaybeSent<Because>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    let why = because.reason()?;
    let by = match caller.0.role {
        Role::Agent => Actor::Agent(caller.agent()?.1.clone()),
        _ => Actor::Admin,
    };
    let who = match &by {
        Actor::Agent(agent) => agent.as_str(),
        Actor::Admin => "admin",
    };
    let (ponds, request) = (api.roster.ponds(&entity), request.of("return", who));
    match api.board.give_back(&entity, &id, &by, why, &request, &ponds).await? {
        Return::Returned(lead) => {
            let sight = api.sight(&caller.0, &lead);
            let lead = sight.map(|sight| api.shown(&lead, sight, None));
            Ok(Json(json!({ "outcome": "returned", "lead": lead })))
        }
        Return::NotYours => Err(not_yours()),
        Return::Unknown => Err(no_lead(&id)),
    }
}

/// Close a lead
///
/// For admins. Offers that are out are taken back. With `credit` the agent who got it in their turn gets the next
/// lead of that route as well.
#[utoipa::path(post, path = "/v1/leads/{id}/close", tag = "leads", params(LeadPath, WhichEntity),
    request_body = Option<CloseWanted>, responses((status = 200, body = schema::Done)))]
pub(crate) async fn close_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
    MaybeSent(wanted): MaybeSent<CloseWanted>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    caller.admin_of(&entity)?;
    let (why, request) = (wanted.reason()?, request.of("close", "admin"));
    let closed = api.board.close(&entity, &id, &Actor::Admin, why, wanted.credit, &request).await?;
    match closed {
        Close::Closed(lead) => Ok(done(&api, "closed", &lead)),
        Close::Unknown => Err(no_lead(&id)),
    }
}

/// Credit a lead that was worth nothing
///
/// For admins. The agent who got it in their turn gets the next lead of that route as well; nobody else loses
/// their place. Once for each lead.
#[utoipa::path(post, path = "/v1/leads/{id}/credit", tag = "leads", params(LeadPath, WhichEntity),
    request_body = Option<Because>, responses((status = 200, body = schema::Done)))]
pub(crate) async fn credit_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
    MaybeSent(because): MaybeSent<Because>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    caller.admin_of(&entity)?;
    let (why, request) = (because.reason()?, request.of("credit", "admin"));
    match api.board.credit(&entity, &id, &Actor::Admin, why, &request).await? {
        Credit::Credited(lead) => Ok(done(&api, "credited", &lead)),
        Credit::NotRouted => Err(conflict(
            "not_routed",
            "Nobody is owed anything",
            "only an agent who got the lead by a route is owed another one",
        )),
        Credit::Unknown => Err(no_lead(&id)),
    }
}
