//! Why a lead went where it went, and "why not me?".

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tipoff_domain::explain::{self, CandidateSaid, NoticeSaid, RouteSaid, Words, why_not};
use tipoff_domain::{AgentId, Decision, Notified};
use tipoff_roster::Role;
use tipoff_wire::Event;

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In};
use crate::names::LeadPath;
use crate::problem::Problem;

/// Whose question it is.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// For admins: "why not they?", as that agent would be told.
    #[param(value_type = Option<String>)]
    agent: Option<AgentId>,
    /// For operators.
    #[param(value_type = Option<String>)]
    entity: Option<tipoff_domain::EntityId>,
}

/// Tell why a lead went where it went
///
/// Admins are told everything: every route and the first thing that failed, every agent and why they were chosen or not. Agents are told the same about themselves ("why not me?"); others are "another agent". For a week it is also told what became of each notice.
#[utoipa::path(get, path = "/v1/leads/{id}/why", tag = "insight", params(LeadPath, Whose),
    responses((status = 200, body = schema::Why)))]
pub(crate) async fn why_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(whose): Asked<Whose>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(whose.entity)?;
    let own = caller.0.agent.clone().filter(|_| caller.0.role == Role::Agent);
    let reader = match (own, whose.agent) {
        (Some(own), Some(other)) if own != other => {
            return Err(Problem::forbidden("an agent may ask for themselves only"));
        }
        (Some(own), _) => Some(own),
        (None, asked) => asked,
    };
    let no_lead = || Problem::not_found(&format!("lead `{id}`"));
    api.board.lead(&entity, &id).await?.ok_or_else(no_lead)?;
    let events = api.board.timeline(&entity, &id).await?;
    let notices = api.board.notices(&entity, &id).await?;
    let words = api.roster.view(&entity).map(|view| Words::of(&view)).unwrap_or_default();
    Ok(Json(json!(why(&events, &notices, &words, reader.as_ref()).ok_or_else(no_lead)?)))
}

/// One decision of a lead's story.
#[derive(Debug, Serialize)]
pub struct Hop {
    pub at: chrono::DateTime<chrono::Utc>,
    #[serde(rename = "type")]
    pub kind: tipoff_wire::EventKind,
    round: Option<u32>,
    route: Option<String>,
    title: Option<String>,
    until: Option<chrono::DateTime<chrono::Utc>>,
    /// Why it rests, or how it came to somebody.
    pub message: Option<tipoff_domain::lint::Message>,
    pub routes: Vec<RouteSaid>,
    pub candidates: Vec<CandidateSaid>,
    /// Of a large decision: how many more there were, and what became of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<tipoff_domain::lint::Message>,
    /// What the route remembers from now on: whose turn is next, who was first.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<String>,
}

/// The whole story.
#[derive(Debug, Serialize)]
pub struct Why {
    lead: tipoff_domain::LeadId,
    /// With an agent as the reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<explain::Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<tipoff_domain::lint::Message>,
    pub hops: Vec<Hop>,
    /// What became of each notice, as long as that is known.
    pub notices: Vec<NoticeSaid>,
}

/// From a lead's events, and what became of the notices, to why. `reader`: an
/// agent, who is told the names of no others. `None`: nothing is known of the lead.
pub fn why(
    events: &[Event],
    notices: &[Notified],
    words: &Words,
    reader: Option<&AgentId>,
) -> Option<Why> {
    let last = events.last()?;
    let decisions: Vec<&Decision> =
        events.iter().filter_map(|event| event.decision.as_ref()).collect();
    let now = &last.after;
    let answer = reader
        .map(|agent| why_not(agent, now.agent.as_ref(), &now.pending, &now.tried, &decisions));
    let hops = events.iter().filter(|event| event.decision.is_some());
    let (answer, message) = answer.unzip();
    Some(Why {
        lead: last.lead.clone(),
        answer,
        message,
        hops: hops.map(|event| hop(event, words, reader)).collect(),
        notices: words.notices(notices, reader),
    })
}

fn hop(event: &Event, words: &Words, reader: Option<&AgentId>) -> Hop {
    let decision = event.decision.clone().unwrap_or_default();
    let title = event.route.as_ref().and_then(|route| words.title(route));
    let rests = match event.after.why {
        Some(tipoff_wire::PooledWhy::Planned(why)) => Some(explain::rest(why)),
        _ => None,
    };
    Hop {
        at: event.at,
        kind: event.kind,
        round: event.round,
        title: title.map(str::to_owned),
        route: event.route.as_ref().map(ToString::to_string),
        until: event.offers.first().map(|offer| offer.until),
        message: rests.or(event.after.how.map(explain::how)),
        routes: words.routes(&decision),
        candidates: words.candidates(&decision, reader),
        others: explain::others(&decision),
        // It names agents.
        memory: event.after.memory.clone().filter(|_| reader.is_none()),
    }
}
