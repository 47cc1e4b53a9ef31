use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tipoff_domain::{EntityId, Source, SourceId};
use tipoff_roster::{ApiKey, NewKey, Role};

use crate::Api;
use crate::access::Caller;
use crate::body::{Document, In};
use crate::etag::{Basis, Versioned};
use crate::names::{InEntity, SourcePath};
use crate::problem::Problem;
use crate::schema;

impl Api {
    /// A source as it is shown: where it sends its leads to stands beside it.
    fn show_source(
        &self,
        entity: &EntityId,
        id: &SourceId,
        source: &Source,
        version: u64,
    ) -> Map<String, Value> {
        let mut shown = Map::new();
        shown.insert("id".to_owned(), json!(id));
        shown.insert("name".to_owned(), json!(source.name));
        shown.insert("kind".to_owned(), json!(source.kind));
        if let Some(most) = source.leads_per_second {
            shown.insert("leads_per_second".to_owned(), json!(most));
        }
        if let Some(rule) = &source.same_person {
            shown.insert("same_person".to_owned(), json!(rule));
        }
        let last_seen = self.roster.last_seen(entity, id);
        shown.insert("last_seen_at".to_owned(), json!(last_seen));
        shown.insert("version".to_owned(), json!(version));
        shown.insert("intake_url".to_owned(), json!(format!("{}/v1/leads", self.intake_url)));
        shown
    }
}

fn missing(source: &SourceId) -> Problem {
    Problem::not_found(&format!("source `{source}`"))
}

async fn make_key(api: &Api, entity: EntityId, source: SourceId) -> Result<ApiKey, Problem> {
    let key =
        NewKey { role: Role::Source, entity: Some(entity), agent: None, source: Some(source) };
    Ok(api.roster.create_key(key).await?)
}

/// Create or replace a source
///
/// The answer to creating one holds its `key`, this once. Replacing a source leaves its keys alone.
#[utoipa::path(put, path = "/v1/entities/{entity}/sources/{source}", tag = "sources", params(SourcePath),
    request_body = schema::Source,
    responses((status = 200, body = schema::Source), (status = 201, body = schema::NewSource)))]
pub(crate) async fn put_source(
    State(api): State<Api>,
    caller: Caller,
    In(SourcePath { entity, source }): In<SourcePath>,
    basis: Basis,
    sent: Document<Source>,
) -> Result<Versioned<Map<String, Value>>, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let current = api.roster.source_version(&entity, &source);
    let expect = basis.expect(&format!("source `{source}`"), current)?;
    let value = sent.called(source.as_str())?;
    let edited = api.roster.by(&caller.0).put_source(&entity, &source, value, expect).await?;
    let mut shown = api.show_source(&entity, &source, &edited.value, edited.version);
    // A source whose first key could not be written gets it when it is put again.
    let has_key =
        || api.roster.keys(Some(&entity)).iter().any(|key| key.source.as_ref() == Some(&source));
    if edited.created || !has_key() {
        let key = make_key(&api, entity, source).await?;
        shown.insert("key".to_owned(), json!(key.text));
    }
    Ok(Versioned::edited(edited.created, edited.version, shown))
}

/// Show a source
#[utoipa::path(get, path = "/v1/entities/{entity}/sources/{source}", tag = "sources", params(SourcePath),
    responses((status = 200, body = schema::Source)))]
pub(crate) async fn get_source(
    State(api): State<Api>,
    caller: Caller,
    In(SourcePath { entity, source }): In<SourcePath>,
) -> Result<Versioned<Map<String, Value>>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let value = view.sources.get(&source).ok_or_else(|| missing(&source))?;
    let version = api.roster.source_version(&entity, &source).unwrap_or_default();
    Ok(Versioned::ok(version, api.show_source(&entity, &source, value, version)))
}

/// List the sources
///
/// Those that were announced and those that sent a lead without it; `last_seen_at` is when one last did, to the hour.
#[utoipa::path(get, path = "/v1/entities/{entity}/sources", tag = "sources", params(InEntity),
    responses((status = 200, body = schema::Sources)))]
pub(crate) async fn list_sources(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    let version = |id: &SourceId| api.roster.source_version(&entity, id).unwrap_or_default();
    let sources: Vec<_> = view
        .sources
        .iter()
        .map(|(id, source)| api.show_source(&entity, id, source, version(id)))
        .collect();
    Ok(Json(json!({ "sources": sources })))
}

/// Remove a source
///
/// Its keys stop working.
#[utoipa::path(delete, path = "/v1/entities/{entity}/sources/{source}", tag = "sources", params(SourcePath),
    responses((status = 204, description = "removed")))]
pub(crate) async fn delete_source(
    State(api): State<Api>,
    caller: Caller,
    In(SourcePath { entity, source }): In<SourcePath>,
    basis: Basis,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    let current = api.roster.source_version(&entity, &source);
    let expect = basis.must_exist(&format!("source `{source}`"), current)?;
    api.roster.by(&caller.0).delete_source(&entity, &source, expect).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make another key for a source
///
/// The old ones keep working until they are revoked, so that a key can be changed without a gap.
#[utoipa::path(post, path = "/v1/entities/{entity}/sources/{source}/keys", tag = "sources", params(SourcePath),
    responses((status = 201, body = schema::NewKey)))]
pub(crate) async fn add_source_key(
    State(api): State<Api>,
    caller: Caller,
    In(SourcePath { entity, source }): In<SourcePath>,
) -> Result<Response, Problem> {
    caller.admin_of(&entity)?;
    if !api.entity_view(&entity)?.sources.contains_key(&source) {
        return Err(missing(&source));
    }
    let key = make_key(&api, entity.clone(), source.clone()).await?;
    let body = json!({"id": key.id, "key": key.text, "role": Role::Source, "entity": entity, "source": source});
    Ok((StatusCode::CREATED, Json(body)).into_response())
}
