use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use tipoff_domain::{Agent, AgentId, EntityId};

use super::Named;
use crate::Api;
use crate::access::Caller;
use crate::body::{Document, In};
use crate::etag::{Basis, Versioned};
use crate::names::{AgentPath, InEntity};
use crate::problem::Problem;
use crate::schema;

type Shown = Versioned<Named<AgentId, Agent>>;

pub(super) fn missing(agent: &AgentId) -> Problem {
    Problem::not_found(&format!("agent `{agent}`"))
}

/// Create or replace an agent
#[utoipa::path(put, path = "/v1/entities/{entity}/agents/{agent}", tag = "agents", params(AgentPath),
    request_body = schema::Agent,
    responses((status = 200, body = schema::Agent), (status = 201, body = schema::Agent)))]
pub(crate) async fn put_agent(
    State(api): State<Api>,
    caller: Caller,
    In(AgentPath { entity, agent }): In<AgentPath>,
    basis: Basis,
    sent: Document<Agent>,
) -> Result<Shown, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let current = api.roster.agent_version(&entity, &agent);
    let expect = basis.expect(&format!("agent `{agent}`"), current)?;
    if current.is_none() {
        must_be_the_same_person(&api, &caller, &entity, &agent)?;
    }
    let value = sent.called(agent.as_str())?;
    let edited = api.roster.by(&caller.0).put_agent(&entity, &agent, value, expect).await?;
    Ok(Named::edited(agent, edited))
}

/// Show an agent
#[utoipa::path(get, path = "/v1/entities/{entity}/agents/{agent}", tag = "agents", params(AgentPath),
    responses((status = 200, body = schema::Agent)))]
pub(crate) async fn get_agent(
    State(api): State<Api>,
    caller: Caller,
    In(AgentPath { entity, agent }): In<AgentPath>,
) -> Result<Shown, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let version = api.roster.agent_version(&entity, &agent);
    let found = Named::found(&agent, view.agents.get(&agent), version);
    found.map(Named::shown).ok_or_else(|| missing(&agent))
}

/// An agent of the entity, or of one below it.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    agent: Named<AgentId, Agent>,
    /// Where their entry stands, if not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<EntityId>,
}

/// List the agents
///
/// Those of entities below are among them; `entity` says where they are edited.
#[utoipa::path(get, path = "/v1/entities/{entity}/agents", tag = "agents", params(InEntity),
    responses((status = 200, body = schema::Agents)))]
pub(crate) async fn list_agents(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let listed = |(id, agent): (&AgentId, &Arc<Agent>)| {
        let home = api.roster.home(&entity, id)?;
        let agent = Named::found(id, Some(agent), api.roster.agent_version(&home, id))?;
        Some(Listed { agent, entity: (home != entity).then_some(home) })
    };
    let agents: Vec<_> = view.agents.iter().filter_map(listed).collect();
    Ok(Json(json!({ "agents": agents })))
}

/// Remove an agent
///
/// Their keys stop working.
#[utoipa::path(delete, path = "/v1/entities/{entity}/agents/{agent}", tag = "agents", params(AgentPath),
    responses((status = 204, description = "removed")))]
pub(crate) async fn delete_agent(
    State(api): State<Api>,
    caller: Caller,
    In(AgentPath { entity, agent }): In<AgentPath>,
    basis: Basis,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    let current = api.roster.agent_version(&entity, &agent);
    let expect = basis.must_exist(&format!("agent `{agent}`"), current)?;
    api.roster.by(&caller.0).delete_agent(&entity, &agent, expect).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// In one tree a name means one person: whoever enters them a second time must
/// be able to edit the first entry, or they could take the other's leads.
fn must_be_the_same_person(
    api: &Api,
    caller: &Caller,
    entity: &EntityId,
    agent: &AgentId,
) -> Result<(), Problem> {
    match api.roster.namesake(entity, agent)? {
        Some(other) if !caller.configures(&api.roster.tree(), &other) => Err(Problem::new(
            StatusCode::CONFLICT,
            "name_taken",
            "Somebody in your company is called so",
        )
        .detail(format!(
            "`{agent}` is an agent elsewhere in your company, where one name means one person; choose another, or \
             let an admin above both enter them"
        ))),
        Some(_) | None => Ok(()),
    }
}
