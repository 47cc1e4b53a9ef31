use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tipoff_domain::{Entity, EntityId, EntityKind};

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
/// Operators create; an admin may replace their own and those below it. `listing` is for company admins, and another
/// `parent` for those who administer both places.
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
    let value = sent.called(entity.as_str())?;
    if let Some(view) = api.roster.view(&entity) {
        may_change(&api, &caller, &entity, &view.entity, &value)?;
    }
    let edited = api.roster.by(&caller.0).put_entity(&entity, value, expect).await?;
    Ok(Named::edited(entity, edited))
}

/// Some of an entity is not for its own admins to decide.
fn may_change(
    api: &Api,
    caller: &Caller,
    id: &EntityId,
    before: &Entity,
    after: &Entity,
) -> Result<(), Problem> {
    if caller.operator().is_ok() {
        return Ok(());
    }
    let tree = api.roster.tree();
    if before.listing != after.listing {
        let root = tree.root(id);
        let company = api.roster.view(&root).filter(|it| it.entity.kind == EntityKind::Company);
        if company.is_none() || caller.own() != Some(&root) {
            return Err(Problem::forbidden(
                "the listing agent and its bypass are for company admins: use an admin key of the company, or send \
                 `listing` as it was",
            ));
        }
    }
    if before.parent != after.parent {
        let places = [&before.parent, &after.parent];
        let theirs = |it: &Option<EntityId>| {
            it.as_ref().is_some_and(|parent| caller.configures(&tree, parent))
        };
        if !places.into_iter().all(theirs) {
            return Err(Problem::forbidden(
                "an entity is moved by an operator, or with an admin key that holds for both places",
            ));
        }
    }
    Ok(())
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
    let value = (*api.entity_view(&entity)?.entity).clone();
    let version = api.roster.entity_version(&entity).unwrap_or_default();
    Ok(Named { id: entity, value, version }.shown())
}

/// List all entities
///
/// For operators; an admin sees their own and those below it.
#[utoipa::path(get, path = "/v1/entities", tag = "entities", responses((status = 200, body = schema::Entities)))]
pub(crate) async fn list_entities(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let ids = match caller.own() {
        None => api.roster.entities(),
        Some(own) => {
            caller.admin_of(own)?;
            [vec![own.clone()], api.roster.tree().below(own)].concat()
        }
    };
    let named = |id: EntityId| {
        let value = (*api.roster.view(&id)?.entity).clone();
        let version = api.roster.entity_version(&id)?;
        Some(Named { id, value, version })
    };
    let mut entities: Vec<_> = ids.into_iter().filter_map(named).collect();
    entities.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(Json(json!({ "entities": entities })))
}
