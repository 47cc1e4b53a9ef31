//! Leads that wait to be routed: what is held and why, and what lets it go.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_board::{Known, OnBoard, Release, Released};
use tipoff_contact::{normalise, tidy};
use tipoff_domain::{Lead, LeadId};
use tipoff_wire::event::State as LeadState;
use utoipa::ToSchema;

use super::refusal::{conflict, no_lead};
use super::request::RequestId;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In, Sent};
use crate::names::{InEntity, LeadPath, PageOf, WhichEntity};
use crate::problem::Problem;
use crate::schema;
use crate::shown::Sight;

/// How the person can be reached.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"emails": ["dana@example.com"], "phones": ["(512) 555-0101"]}))]
pub(crate) struct ContactWanted {
    #[serde(default)]
    emails: Vec<String>,
    /// Numbers of the entity's country need no prefix.
    #[serde(default)]
    phones: Vec<String>,
}

impl ContactWanted {
    /// The lead with what is new about it, kept as intake keeps it.
    pub(super) fn add_to(self, lead: &Lead, country: &str) -> Result<Lead, Problem> {
        let (phones, phones_sent) = normalise(self.phones, country);
        let emails = tidy([lead.emails.clone(), self.emails].concat());
        let mut lead = Lead { emails, ..lead.clone() };
        lead.phones.extend(phones);
        lead.phones_sent.extend(phones_sent);
        if !lead.is_reachable() {
            let nothing = "give at least one e-mail address or phone number";
            return Err(Problem::invalid_field("/emails", nothing));
        }
        lead.check().map(|()| lead).map_err(Problem::invalid)
    }
}

/// List the leads that are held, newest first
///
/// For admins. `why` says what each waits for: `incomplete` for a way to reach the person, `not_automatic` for
/// somebody to send it to routing.
#[utoipa::path(get, path = "/v1/entities/{entity}/held", tag = "leads", params(InEntity, PageOf),
    responses((status = 200, body = schema::LeadsPage)))]
pub(crate) async fn list_held(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    Asked(page): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let leads = api.board.held(&entity, page.cursor()?, page.limit()?).await?;
    Ok(Json(api.show_page(&caller.0, &entity, leads).await?))
}

/// Send a lead to routing
///
/// For admins, once, and only a lead that was typed in or imported and has a source.
#[utoipa::path(post, path = "/v1/leads/{id}/send-to-routing", tag = "leads", params(LeadPath, WhichEntity),
    responses((status = 200, body = schema::Done)))]
pub(crate) async fn send_to_routing(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    caller.admin_of(&entity)?;
    let lead = api.board.lead(&entity, &id).await?.ok_or_else(|| no_lead(&id))?;
    if lead.now_is.state == LeadState::Held && lead.now_is.source.is_none() {
        return Err(no_source());
    }
    let known = known(&api, &lead)?;
    let (request, sent) = (request.of("send", "admin"), Some(&lead.lead));
    let release = api.board.release(&entity, &id, sent, known, Released::Sent, &request).await?;
    let opens = lead.now_is.until.is_some();
    answer(&api, release, &id, || {
        if opens {
            return conflict(
                "waits",
                "It waits until its route opens",
                "it is on its way by itself; assign it to an agent if it cannot wait",
            );
        }
        conflict(
            "incomplete",
            "Nobody can be reached",
            "it is routed as soon as there is an e-mail address or a number: add one with `/contact`",
        )
    })
}

/// Whether the person is looked for when the lead is routed.
fn known(api: &Api, lead: &OnBoard) -> Result<Known, Problem> {
    let view = api.entity_view(&lead.entity)?;
    Ok(Known::by(view.same_person(lead.now_is.source.as_ref())))
}

fn no_source() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_source", "The lead has no source")
        .detail("routes take leads by their source; assign this one to an agent instead")
}

/// Add a way to reach the person
///
/// For admins. A lead that was held because nobody could be reached is routed now.
#[utoipa::path(post, path = "/v1/leads/{id}/contact", tag = "leads", params(LeadPath, WhichEntity),
    request_body = ContactWanted, responses((status = 200, body = schema::Done)))]
pub(crate) async fn add_contact(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
    Sent(wanted): Sent<ContactWanted>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    caller.admin_of(&entity)?;
    let lead = api.board.lead(&entity, &id).await?.ok_or_else(|| no_lead(&id))?;
    let country = api.entity_view(&entity)?.entity.country.clone();
    let whole = wanted.add_to(&lead.lead, &country)?;
    let (request, known) = (request.of("contact", "admin"), known(&api, &lead)?);
    let how = Released::Completed;
    let release = api.board.release(&entity, &id, Some(&whole), known, how, &request).await?;
    answer(&api, release, &id, || {
        conflict(
            "not_held",
            "It does not wait for that",
            "this lead can be reached already; send it to routing with `/send-to-routing`",
        )
    })
}

fn answer(
    api: &Api,
    release: Release,
    id: &LeadId,
    not_held: impl FnOnce() -> Problem,
) -> Result<Json<Value>, Problem> {
    let released = |lead: &OnBoard| api.shown(lead, Sight::Whole, None);
    match release {
        Release::Released(lead) => {
            Ok(Json(json!({ "outcome": "released", "lead": released(&lead) })))
        }
        Release::AlreadyRouted => Err(conflict(
            "already_routed",
            "It was routed before",
            "a lead goes through routing once; assign it to an agent instead",
        )),
        Release::NotHeld => Err(not_held()),
        Release::Unknown => Err(no_lead(id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(value: Value) -> ContactWanted {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_was_known_stays_and_what_is_new_is_kept_as_intake_keeps_it() {
        let known = json!({"property": {"address": "15 Oak Ct"}, "emails": ["dana@example.com"]});
        let known: Lead = serde_json::from_value(known).unwrap();
        let new = wanted(json!({"emails": ["Dana@EXAMPLE.com"], "phones": ["(512) 555-0101"]}));
        let lead = new.add_to(&known, "US").unwrap();
        assert_eq!(lead.emails, ["dana@example.com", "Dana@example.com"]);
        assert_eq!(lead.phones, ["+15125550101"]);
        assert_eq!(lead.phones_sent, ["(512) 555-0101"]);
        assert!(lead.property == known.property);
    }

    #[test]
    fn nothing_to_reach_anybody_by_is_refused() {
        assert!(wanted(json!({"phones": [" "]})).add_to(&Lead::default(), "US").is_err());
        assert!(wanted(json!({"emails": ["nobody"]})).add_to(&Lead::default(), "US").is_err());
    }
}
