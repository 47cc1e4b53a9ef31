use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tipoff_domain::{Agent, AgentId};
use tipoff_roster::{EditError, Expect};

use super::{ATTEMPTS, Named};
use crate::Api;
use crate::access::Caller;
use crate::body::{Document, In};
use crate::etag::{Basis, Versioned};
use crate::names::{AgentPath, InEntity};
use crate::problem::Problem;
use crate::schema;

type Shown = Versioned<Named<AgentId, Agent>>;

fn missing(agent: &AgentId) -> Problem {
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
    let edited =
        api.roster.put_agent(&entity, &agent, sent.called(agent.as_str())?, expect).await?;
    let shown = Named { id: agent, value: edited.value, version: edited.version };
    Ok(Versioned::edited(edited.created, edited.version, shown))
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
    let value = view.agents.get(&agent).ok_or_else(|| missing(&agent))?.as_ref().clone();
    let version = api.roster.agent_version(&entity, &agent).unwrap_or_default();
    Ok(Versioned::ok(version, Named { id: agent, value, version }))
}

/// List the agents
#[utoipa::path(get, path = "/v1/entities/{entity}/agents", tag = "agents", params(InEntity),
    responses((status = 200, body = schema::Agents)))]
pub(crate) async fn list_agents(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let named = |(id, agent): (&AgentId, &std::sync::Arc<Agent>)| {
        let version = api.roster.agent_version(&entity, id).unwrap_or_default();
        Named { id: id.clone(), value: agent.as_ref().clone(), version }
    };
    let agents: Vec<_> = view.agents.iter().map(named).collect();
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
    if current.is_none() {
        return Err(missing(&agent));
    }
    let expect = basis.expect(&format!("agent `{agent}`"), current)?;
    api.roster.delete_agent(&entity, &agent, expect).await?;
    super::keys::revoke_where(&api, &entity, |key| key.agent.as_ref() == Some(&agent)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pause an agent
///
/// A paused agent is offered nothing new; what is on offer to them stays.
#[utoipa::path(post, path = "/v1/entities/{entity}/agents/{agent}/pause", tag = "agents", params(AgentPath),
    responses((status = 200, body = schema::Agent)))]
pub(crate) async fn pause_agent(
    State(api): State<Api>,
    caller: Caller,
    In(path): In<AgentPath>,
    basis: Basis,
) -> Result<Shown, Problem> {
    set_paused(&api, &caller, path, basis, true).await
}

/// Resume an agent
#[utoipa::path(post, path = "/v1/entities/{entity}/agents/{agent}/resume", tag = "agents", params(AgentPath),
    responses((status = 200, body = schema::Agent)))]
pub(crate) async fn resume_agent(
    State(api): State<Api>,
    caller: Caller,
    In(path): In<AgentPath>,
    basis: Basis,
) -> Result<Shown, Problem> {
    set_paused(&api, &caller, path, basis, false).await
}

async fn set_paused(
    api: &Api,
    caller: &Caller,
    path: AgentPath,
    basis: Basis,
    paused: bool,
) -> Result<Shown, Problem> {
    let AgentPath { entity, agent: id } = path;
    caller.admin_of(&entity)?;
    let mut conflict = None;
    for _ in 0..ATTEMPTS {
        let current = api.roster.agent_version(&entity, &id).ok_or_else(|| missing(&id))?;
        let expect = match basis.expect(&format!("agent `{id}`"), Some(current))? {
            Expect::Anything => Expect::Version(current),
            named => named,
        };
        let view = api.entity_view(&entity)?;
        let mut agent = view.agents.get(&id).ok_or_else(|| missing(&id))?.as_ref().clone();
        agent.paused = paused;
        match api.roster.put_agent(&entity, &id, agent, expect).await {
            Ok(edited) => {
                let shown = Named { id, value: edited.value, version: edited.version };
                return Ok(Versioned::ok(edited.version, shown));
            }
            Err(refused @ EditError::Conflict { .. }) if basis == Basis::Anything => {
                conflict = Some(refused);
            }
            Err(refused) => return Err(refused.into()),
        }
    }
    Err(conflict.map_or_else(Problem::internal, Problem::from))
}
