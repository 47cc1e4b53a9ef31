//! What an agent has and may claim.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::cursor;
use crate::Api;
use crate::access::Caller;
use crate::body::Asked;
use crate::names::PageOf;
use crate::problem::Problem;
use crate::schema;

/// Show whose key this is
#[utoipa::path(get, path = "/v1/me", tag = "me", responses((status = 200, body = schema::Me)))]
pub(crate) async fn get_me(State(api): State<Api>, caller: Caller) -> Json<Value> {
    let access = &caller.0;
    let view = access.entity.as_ref().and_then(|entity| api.roster.view(entity));
    let agent =
        view.as_ref().zip(access.agent.as_ref()).and_then(|(view, agent)| view.agents.get(agent));
    Json(json!({
        "key_id": access.key_id,
        "role": access.role,
        "entity": access.entity,
        "entity_name": view.as_ref().map(|view| &view.entity.name),
        "zone": view.as_ref().map(|view| view.entity.zone),
        "agent": access.agent,
        "name": agent.map(|agent| &agent.name),
        "paused": agent.map(|agent| agent.is_paused(api.clock.now())),
        "away": agent.and_then(|agent| agent.away.clone()),
        "source": access.source,
    }))
}

/// List what you may claim now
///
/// Also from entities above yours. An offer whose deadline is over is not among them, also while the lead has not moved on yet.
#[utoipa::path(get, path = "/v1/me/offers", tag = "me", responses((status = 200, body = schema::Leads)))]
pub(crate) async fn my_offers(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let (scopes, agent) = api.scopes(&caller)?;
    let mut shown = Vec::new();
    for entity in &scopes {
        let mut leads = api.board.offers_to(entity, agent).await?;
        if let Some(now) = api.time_for(entity, &leads).await? {
            leads.retain(|lead| lead.now_is.until.is_none_or(|until| now < until));
        }
        shown.extend(api.show(&caller.0, entity, &leads).await?);
    }
    Ok(Json(json!({ "leads": shown })))
}

/// List the leads you have
///
/// Those of your entity first, then those of entities above it; in the order of their ids.
#[utoipa::path(get, path = "/v1/me/leads", tag = "me", params(PageOf),
    responses((status = 200, body = schema::LeadsPage)))]
pub(crate) async fn my_leads(
    State(api): State<Api>,
    caller: Caller,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    let (scopes, agent) = api.scopes(&caller)?;
    let (mut room, (first, mut from)) = (page.limit()?, page.cursor_within(&scopes)?);
    let (mut shown, mut next) = (Vec::new(), None);
    for entity in scopes.iter().skip(first) {
        let found = api.board.leads_of(entity, agent, from.take().as_ref(), room).await?;
        room -= found.leads.len();
        shown.extend(api.show(&caller.0, entity, &found.leads).await?);
        if let Some(lead) = found.next {
            next = Some(cursor::within(entity, &lead));
            break;
        }
    }
    Ok(Json(json!({ "leads": shown, "next_cursor": next })))
}
