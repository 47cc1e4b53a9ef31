//! Which channels of an agent work.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_domain::Channel;

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::In;
use crate::names::AgentPath;
use crate::problem::Problem;

/// Show how an agent's channels are
///
/// An address that was refused for good has failed: nothing is sent there until it is changed.
#[utoipa::path(get, path = "/v1/entities/{entity}/agents/{agent}/channels", tag = "agents", params(AgentPath),
    responses((status = 200, body = schema::Channels)))]
pub(crate) async fn get_channels(
    State(api): State<Api>,
    caller: Caller,
    In(AgentPath { entity, agent }): In<AgentPath>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let known = view.agents.get(&agent);
    let known = known.ok_or_else(|| Problem::not_found(&format!("agent `{agent}`")))?;
    let state = |channel: Channel| {
        let reach = api.roster.reach(&entity, &agent, channel);
        let has_address = match channel {
            Channel::Push => !api.roster.devices(&entity, &agent).is_empty(),
            channel => channel.has_address_of(known),
        };
        json!({
            "channel": channel,
            "wanted": known.channels.contains(&channel),
            "has_address": has_address,
            "works": reach.as_ref().map(|reach| reach.works),
            "at": reach.as_ref().map(|reach| reach.at),
            "why": reach.and_then(|reach| reach.why),
        })
    };
    let channels: Vec<Value> = Channel::OF_AGENTS.into_iter().map(state).collect();
    Ok(Json(json!({ "channels": channels })))
}
