use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_domain::{AgentId, EntityId, SourceId};
use tipoff_roster::{Access, NewKey, Role};
use utoipa::ToSchema;

use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In, Sent};
use crate::names::{KeyPath, WhichEntity};
use crate::problem::Problem;
use crate::schema;

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"entity": "acme", "role": "agent", "agent": "ana"}))]
pub(crate) struct KeyWanted {
    #[schema(value_type = schema::Role)]
    role: Role,
    /// Admins may leave it out: it is theirs.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    entity: Option<EntityId>,
    /// With role `agent`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent: Option<AgentId>,
    /// With role `source`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    source: Option<SourceId>,
}

/// Make a key
///
/// Its text is in the answer, this once; only a hash of it is kept.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", request_body = KeyWanted,
    responses((status = 201, body = schema::NewKey)))]
pub(crate) async fn create_key(
    State(api): State<Api>,
    caller: Caller,
    Sent(wanted): Sent<KeyWanted>,
) -> Result<Response, Problem> {
    let new = if wanted.role == Role::Operator {
        operator_key(&caller, &wanted)?
    } else {
        entity_key(&api, &caller, wanted)?
    };
    let key = api.roster.by(&caller.0).create_key(new.clone()).await?;
    let body = json!({
        "id": key.id, "key": key.text,
        "role": new.role, "entity": new.entity, "agent": new.agent, "source": new.source,
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

fn operator_key(caller: &Caller, wanted: &KeyWanted) -> Result<NewKey, Problem> {
    caller.operator()?;
    if wanted.entity.is_some() {
        return Err(Problem::invalid_field(
            "/entity",
            "an operator belongs to no entity; leave it out",
        ));
    }
    Ok(NewKey { role: Role::Operator, entity: None, agent: None, source: None })
}

fn entity_key(api: &Api, caller: &Caller, wanted: KeyWanted) -> Result<NewKey, Problem> {
    let KeyWanted { role, entity, agent, source } = wanted;
    if caller.0.role == Role::Operator && entity.is_none() {
        return Err(Problem::invalid_field(
            "/entity",
            "is missing: say which entity the key is for",
        ));
    }
    let caller = caller.clone().acting_in(&api.roster.tree(), entity.as_ref());
    let entity = caller.entity(entity)?;
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    match (role, &agent) {
        (Role::Agent, None) => {
            return Err(Problem::invalid_field("/agent", "is missing: say whose key it is"));
        }
        (Role::Agent, Some(agent)) if !view.agents.contains_key(agent) => {
            return Err(Problem::invalid_field(
                "/agent",
                format!("`{agent}` is not an agent of this entity"),
            ));
        }
        (Role::Agent, Some(agent)) if api.roster.agent_version(&entity, agent).is_none() => {
            let home = api.roster.home(&entity, agent).unwrap_or(entity);
            let problem = format!("`{agent}` is an agent of `{home}`; make the key for that");
            return Err(Problem::invalid_field("/agent", problem));
        }
        (Role::Agent, Some(_)) | (_, None) => {}
        (_, Some(_)) => {
            return Err(Problem::invalid_field("/agent", "goes with the role `agent` only"));
        }
    }
    match (role, &source) {
        (Role::Source, None) => {
            return Err(Problem::invalid_field("/source", "is missing: say which source it is"));
        }
        (Role::Source, Some(source)) if !view.sources.contains_key(source) => {
            return Err(Problem::invalid_field(
                "/source",
                format!("`{source}` is not a source of this entity"),
            ));
        }
        (Role::Source, Some(_)) | (_, None) => {}
        (_, Some(_)) => {
            return Err(Problem::invalid_field("/source", "goes with the role `source` only"));
        }
    }
    Ok(NewKey { role, entity: Some(entity), agent, source })
}

/// List the keys of an entity
///
/// Without their secrets. Operators see operators' keys where they name no entity.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", params(WhichEntity),
    responses((status = 200, body = schema::Keys)))]
pub(crate) async fn list_keys(
    State(api): State<Api>,
    caller: Caller,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
) -> Result<Json<Value>, Problem> {
    let keys = if caller.0.role == Role::Operator && entity.is_none() {
        api.roster.keys(None)
    } else {
        let entity = caller.entity(entity)?;
        caller.admin_of(&entity)?;
        api.roster.keys(Some(&entity))
    };
    let shown: Vec<_> = keys.iter().map(show).collect();
    Ok(Json(json!({ "keys": shown })))
}

fn show(key: &Access) -> Value {
    json!({"id": key.key_id, "role": key.role, "entity": key.entity, "agent": key.agent, "source": key.source})
}

/// Revoke a key
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys", params(KeyPath),
    responses((status = 204, description = "revoked")))]
pub(crate) async fn revoke_key(
    State(api): State<Api>,
    caller: Caller,
    In(KeyPath { id }): In<KeyPath>,
) -> Result<StatusCode, Problem> {
    let of = api.roster.key(&id).and_then(|key| key.entity);
    if caller.0.role != Role::Operator {
        let entity = caller.entity(None)?;
        caller.admin_of(&entity)?;
        let configures = |of: &EntityId| caller.configures(&api.roster.tree(), of);
        if !of.as_ref().is_some_and(configures) {
            return Err(Problem::not_found("this key"));
        }
    }
    if let Some(of) = &of {
        caller.acts_on(of);
    }
    api.roster.by(&caller.0).revoke_key(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
