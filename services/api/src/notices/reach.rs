//! Which channels of an agent work.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_domain::{AgentId, Channel, EntityId};

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::In;
use crate::names::AgentPath;
use crate::problem::Problem;

/// Show how an agent's channels are
///
/// An address that was refused for good has failed: nothing is sent there until it is changed. One that was
/// confirmed by a test message works; whether others count is for the entity to say (`confirmed_channels_only`).
#[utoipa::path(get, path = "/v1/entities/{entity}/agents/{agent}/channels", tag = "agents", params(AgentPath),
    responses((status = 200, body = schema::Channels)))]
pub(crate) async fn get_channels(
    State(api): State<Api>,
    caller: Caller,
    In(AgentPath { entity, agent }): In<AgentPath>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    if !view.agents.contains_key(&agent) {
        return Err(Problem::not_found(&format!("agent `{agent}`")));
    }
    Ok(all(&api, &entity, &agent))
}

/// Show how my channels are
#[utoipa::path(get, path = "/v1/me/channels", tag = "me", responses((status = 200, body = schema::Channels)))]
pub(crate) async fn my_channels(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let (entity, agent) = caller.agent()?;
    Ok(all(&api, entity, agent))
}

fn all(api: &Api, entity: &EntityId, agent: &AgentId) -> Json<Value> {
    let channels: Vec<Value> = Channel::OF_AGENTS
        .into_iter()
        .map(|channel| channel_state(api, entity, agent, channel))
        .collect();
    Json(json!({ "channels": channels }))
}

/// How one channel is.
pub(super) fn channel_state(
    api: &Api,
    entity: &EntityId,
    agent: &AgentId,
    channel: Channel,
) -> Value {
    let reach = api.roster.reach(entity, agent, channel);
    let view = api.roster.view(entity);
    let known = view.as_ref().and_then(|view| view.agents.get(agent));
    let has_address = match channel {
        Channel::InApp => true,
        channel => !api.roster.addresses(entity, agent, channel).is_empty(),
    };
    json!({
        "channel": channel,
        "wanted": known.is_some_and(|known| known.channels.contains(&channel)),
        "has_address": has_address,
        "counts": has_address && view.as_ref().is_some_and(|view| view.counts(agent, channel)),
        "works": reach.as_ref().map(|reach| reach.works),
        "at": reach.as_ref().map(|reach| reach.at),
        "why": reach.and_then(|reach| reach.why),
    })
}
