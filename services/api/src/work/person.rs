//! What is held about a person: finding it, handing it out, forgetting it.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_board::{Actor, Erase};
use tipoff_domain::{EntityId, Lead, LeadId};
use tipoff_wire::{Event, EventKind};

use super::held::ContactWanted;
use super::refusal::no_lead;
use super::request::RequestId;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In, Sent};
use crate::names::{InEntity, LeadPath, WhichEntity};
use crate::problem::Problem;
use crate::schema;
use crate::shown::Sight;

/// Erase the person of a lead
///
/// For admins. What was sent and what they are recognised by is forgotten: on the board and in the log at once, in
/// what streams keep a moment later. The lead is closed; who had it and when stays. Cannot be taken back.
#[utoipa::path(post, path = "/v1/leads/{id}/erase", tag = "people", params(LeadPath, WhichEntity),
    responses((status = 200, body = schema::Done)))]
pub(crate) async fn erase_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    caller.admin_of(&entity)?;
    match api.board.erase(&entity, &id, &Actor::Admin, &request.of("erase", "admin")).await? {
        Erase::Erased(lead) => {
            Ok(Json(json!({ "outcome": "erased", "lead": api.shown(&lead, Sight::Whole, None) })))
        }
        Erase::Unknown => Err(no_lead(&id)),
    }
}

/// Export what is held about the person of a lead
///
/// For admins. The lead as it was sent, later inquiries, and everything that happened to it.
#[utoipa::path(get, path = "/v1/leads/{id}/export", tag = "people", params(LeadPath, WhichEntity),
    responses((status = 200, body = schema::Export)))]
pub(crate) async fn export_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    caller.admin_of(&entity)?;
    let lead = api.board.lead(&entity, &id).await?.ok_or_else(|| no_lead(&id))?;
    let timeline = api.board.timeline(&entity, &id).await?;
    let inquiries: Vec<Value> = timeline
        .iter()
        .filter(|event| event.kind == EventKind::Duplicate)
        .map(|event| json!({ "at": event.at, "lead": event.inquiry, "sent": event.payload }))
        .collect();
    let events: Vec<Event> = timeline.into_iter().map(Event::without_payload).collect();
    Ok(Json(json!({
        "id": id,
        "entity": entity,
        "received_at": lead.now_is.received_at,
        "sent": lead.lead,
        "inquiries": inquiries,
        "events": events,
    })))
}

/// Find the leads of a person
///
/// For admins. Looks at every lead of the entity.
#[utoipa::path(post, path = "/v1/entities/{entity}/people", tag = "people", params(InEntity),
    request_body = ContactWanted, responses((status = 200, body = schema::LeadsOfPerson)))]
pub(crate) async fn find_person(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Sent(wanted): Sent<ContactWanted>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    Ok(Json(json!({ "leads": api.find_leads_of(&entity, wanted).await? })))
}

/// Erase a person
///
/// For admins. All their leads, as each alone.
#[utoipa::path(post, path = "/v1/entities/{entity}/people/erase", tag = "people", params(InEntity),
    request_body = ContactWanted, responses((status = 200, body = schema::LeadsOfPerson)))]
pub(crate) async fn erase_person(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    request: RequestId,
    Sent(wanted): Sent<ContactWanted>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let leads = api.find_leads_of(&entity, wanted).await?;
    let request = request.of("erase", "admin");
    for lead in &leads {
        api.board.erase(&entity, lead, &Actor::Admin, &request).await?;
    }
    Ok(Json(json!({ "leads": leads })))
}

impl Api {
    /// Of whoever has one of these ways to be reached.
    async fn find_leads_of(
        &self,
        entity: &EntityId,
        wanted: ContactWanted,
    ) -> Result<Vec<LeadId>, Problem> {
        let country = &self.entity_view(entity)?.entity.country;
        let person = wanted.add_to(&Lead::default(), country)?;
        Ok(self.board.leads_of_person(entity, &person).await?)
    }
}
