use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_domain::{Entity, EntityId};

use super::Named;
use crate::Api;
use crate::access::Caller;
use crate::body::{Document, In};
use crate::etag::{Basis, Versioned};
use crate::names::InEntity;
use crate::problem::Problem;
use crate::schema;

type Shown = Versioned<Named<EntityId, Entity>>;

/// Create or replace an entity
///
/// Operators create; an admin may replace their own.
#[utoipa::path(put, path = "/v1/entities/{entity}", tag = "entities", params(InEntity),
    request_body = schema::Entity,
    responses((status = 200, body = schema::Entity), (status = 201, body = schema::Entity)))]
pub(crate) async fn put_entity(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
    basis: Basis,
    sent: Document<Entity>,
) -> Result<Shown, Problem> {
    caller.admin_of(&entity)?;
    let current = api.roster.entity_version(&entity);
    if current.is_none() {
        caller.operator()?;
    }
    let expect = basis.expect(&format!("entity `{entity}`"), current)?;
    let edited = api.roster.put_entity(&entity, sent.called(entity.as_str())?, expect).await?;
    let shown = Named { id: entity, value: edited.value, version: edited.version };
    Ok(Versioned::edited(edited.created, edited.version, shown))
}

/// Show an entity
#[utoipa::path(get, path = "/v1/entities/{entity}", tag = "entities", params(InEntity),
    responses((status = 200, body = schema::Entity)))]
pub(crate) async fn get_entity(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
) -> Result<Shown, Problem> {
    caller.admin_of(&entity)?;
    let value = api.entity_view(&entity)?.entity.clone();
    let version = api.roster.entity_version(&entity).unwrap_or_default();
    Ok(Versioned::ok(version, Named { id: entity, value, version }))
}

/// List all entities
///
/// For operators.
#[utoipa::path(get, path = "/v1/entities", tag = "entities", responses((status = 200, body = schema::Entities)))]
pub(crate) async fn list_entities(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    caller.operator()?;
    let named = |id: EntityId| {
        let value = api.roster.view(&id)?.entity.clone();
        let version = api.roster.entity_version(&id)?;
        Some(Named { id, value, version })
    };
    let mut entities: Vec<_> = api.roster.entities().into_iter().filter_map(named).collect();
    entities.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(Json(json!({ "entities": entities })))
}
