//! Rooms in Slack and Teams in which an entity hears of its leads.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_domain::{Channel, EntityId};
use tipoff_roster::{Room, is_outside};

use super::names::RoomPath;
use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::{In, Sent};
use crate::etag::{Basis, Versioned};
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

fn named(chat: Channel) -> String {
    format!("the room in `{}`", chat.as_str())
}

/// A room as it is shown: whoever knows its address can write there.
fn shown(chat: Channel, room: &Room, version: u64) -> Value {
    json!({"chat": chat, "works": room.gone.is_none(), "why": room.gone, "version": version})
}

impl Api {
    fn show_room(&self, entity: &EntityId, chat: Channel) -> Option<Value> {
        let version = self.roster.room_version(entity, chat)?;
        Some(shown(chat, &self.roster.room(entity, chat)?, version))
    }
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
    let rooms = Channel::ALL.into_iter().filter_map(|chat| api.show_room(&entity, chat));
    Ok(Json(json!({ "rooms": rooms.collect::<Vec<_>>() })))
}

/// Post to a room
///
/// A room hears of every offer and assignment by a route that allows its channel. It can claim nothing.
#[utoipa::path(put, path = "/v1/entities/{entity}/rooms/{chat}", tag = "notices", params(RoomPath),
    request_body = schema::RoomWanted,
    responses((status = 200, body = schema::Room), (status = 201, body = schema::Room)))]
pub(crate) async fn put_room(
    State(api): State<Api>,
    caller: Caller,
    In(RoomPath { entity, chat }): In<RoomPath>,
    basis: Basis,
    Sent(Wanted { url }): Sent<Wanted>,
) -> Result<Versioned<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let chat = a_chat(chat)?;
    let expect = basis.expect(&named(chat), api.roster.room_version(&entity, chat))?;
    if !api.any_push_endpoint {
        is_outside(&url).map_err(|error| Problem::invalid_field("/url", error.to_string()))?;
    }
    let room = Room { url, gone: None };
    let edited = api.roster.by(&caller.0).edit_room(&entity, chat, room, expect).await?;
    let shown = shown(chat, &edited.value, edited.version);
    Ok(Versioned::edited(edited.created, edited.version, shown))
}

/// Stop posting to a room
#[utoipa::path(delete, path = "/v1/entities/{entity}/rooms/{chat}", tag = "notices", params(RoomPath),
    responses((status = 204, description = "not posted to any more")))]
pub(crate) async fn delete_room(
    State(api): State<Api>,
    caller: Caller,
    In(RoomPath { entity, chat }): In<RoomPath>,
    basis: Basis,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    let chat = a_chat(chat)?;
    let expect = basis.must_exist(&named(chat), api.roster.room_version(&entity, chat))?;
    api.roster.by(&caller.0).remove_room(&entity, chat, expect).await?;
    Ok(StatusCode::NO_CONTENT)
}
