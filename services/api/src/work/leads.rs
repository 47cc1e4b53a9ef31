//! Leads, one and many, and their timelines.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_roster::Role;

use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In};
use crate::names::{InEntity, LeadPath, PageOf, WhichEntity};
use crate::problem::Problem;
use crate::schema;
use crate::shown::{Shown, heard};

/// List the leads of an entity, newest first
#[utoipa::path(get, path = "/v1/entities/{entity}/leads", tag = "leads", params(InEntity, PageOf),
    responses((status = 200, body = schema::LeadsPage)))]
pub(crate) async fn list_leads(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.roster.view(&entity).ok_or_else(|| Problem::not_found(&format!("entity `{entity}`")))?;
    let leads = api.board.leads(&entity, page.cursor()?, page.limit()?).await?;
    Ok(Json(api.show_page(&caller.0, &entity, leads).await?))
}

/// Show a lead
///
/// Agents see it while it is theirs, on offer to them or in the pool; contact details only once it is theirs.
#[utoipa::path(get, path = "/v1/leads/{id}", tag = "leads", params(LeadPath, WhichEntity),
    responses((status = 200, body = Shown)))]
pub(crate) async fn get_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
) -> Result<Json<Shown>, Problem> {
    let entity = caller.entity(entity)?;
    let (lead, sight) = api.seen(&caller.0, &entity, &id).await?;
    let now = api.time_for(&entity, std::slice::from_ref(&lead)).await?;
    Ok(Json(api.shown(&lead, sight, now)))
}

/// Show everything that happened to a lead, and why
///
/// Agents who do not have it read what they said of it themselves and not what others said; the other candidates of a
/// decision are counted, not named.
#[utoipa::path(get, path = "/v1/leads/{id}/timeline", tag = "leads", params(LeadPath, WhichEntity),
    responses((status = 200, body = schema::Timeline)))]
pub(crate) async fn get_timeline(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    let (lead, _) = api.seen(&caller.0, &entity, &id).await?;
    let timeline = api.board.timeline(&entity, &id).await?;
    let agent = caller.0.agent.as_ref().filter(|_| caller.0.role == Role::Agent);
    let (route, view) = (lead.now_is.route.as_ref(), api.roster.view(&entity));
    // Whoever has it by now may know what they did not before.
    let without = agent.filter(|agent| lead.now_is.agent.as_ref() != Some(*agent));
    let show = |event| heard(event, without, route, view.as_deref());
    let events: Vec<_> = timeline.into_iter().map(show).collect();
    Ok(Json(json!({ "events": events })))
}
