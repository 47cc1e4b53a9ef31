//! Rooms in Slack and Teams in which an entity hears of its leads.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_domain::Channel;
use tipoff_roster::{Room, is_outside};

use super::names::RoomPath;
use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::{In, Sent};
use crate::names::InEntity;
use crate::problem::Problem;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    url: String,
}

fn a_chat(chat: Channel) -> Result<Channel, Problem> {
    if chat.is_a_room() {
        return Ok(chat);
    }
    Err(Problem::not_found(&format!("a room in `{}`; there are slack and teams", chat.as_str())))
}

/// List an entity's rooms
#[utoipa::path(get, path = "/v1/entities/{entity}/rooms", tag = "notices", params(InEntity),
    responses((status = 200, body = schema::Rooms)))]
pub(crate) async fn list_rooms(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let rooms = Channel::ALL.into_iter().filter_map(|chat| {
        let room = api.roster.room(&entity, chat)?;
        Some(json!({"chat": chat, "works": room.gone.is_none(), "why": room.gone}))
    });
    Ok(Json(json!({ "rooms": rooms.collect::<Vec<_>>() })))
}

/// Post to a room
///
/// A room hears of every offer and assignment by a route that allows its channel. It can claim nothing.
#[utoipa::path(put, path = "/v1/entities/{entity}/rooms/{chat}", tag = "notices", params(RoomPath),
    request_body = schema::RoomWanted, responses((status = 204, description = "posted to from now on")))]
pub(crate) async fn put_room(
    State(api): State<Api>,
    caller: Caller,
    In(RoomPath { entity, chat }): In<RoomPath>,
    Sent(Wanted { url }): Sent<Wanted>,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    if !api.any_push_endpoint {
        is_outside(&url).map_err(|error| Problem::invalid_field("/url", error.to_string()))?;
    }
    api.roster.put_room(&entity, a_chat(chat)?, Room { url, gone: None }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stop posting to a room
#[utoipa::path(delete, path = "/v1/entities/{entity}/rooms/{chat}", tag = "notices", params(RoomPath),
    responses((status = 204, description = "not posted to any more")))]
pub(crate) async fn delete_room(
    State(api): State<Api>,
    caller: Caller,
    In(RoomPath { entity, chat }): In<RoomPath>,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    api.roster.remove_room(&entity, a_chat(chat)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
