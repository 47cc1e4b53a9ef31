//! An entity's own words for its notices: checked before they are kept.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_domain::Locale;
use tipoff_letters::{Encoding, Piece, Preview, Texts, check};
use tracing::error;

use super::names::TemplatePath;
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
    template: String,
}

fn named(piece: Piece, locale: Locale) -> String {
    format!("template `{piece}` in `{}`", locale.as_str())
}

/// List what an entity may put in its own words
#[utoipa::path(get, path = "/v1/entities/{entity}/templates", tag = "notices", params(InEntity),
    responses((status = 200, body = schema::Templates)))]
pub(crate) async fn list_templates(
    State(api): State<Api>,
    caller: Caller,
    In(InEntity { entity }): In<InEntity>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let shown = |(piece, locale): (Piece, Locale)| {
        let name = piece.to_string();
        let own = api.roster.template(&entity, &name, locale);
        let version = api.roster.template_version(&entity, &name, locale);
        json!({"piece": piece, "locale": locale, "template": own, "version": version})
    };
    let all = Piece::ALL.into_iter().flat_map(|piece| [(piece, Locale::En), (piece, Locale::Es)]);
    Ok(Json(json!({ "templates": all.map(shown).collect::<Vec<_>>() })))
}

/// Put a text in the entity's own words
///
/// It is tried on an invented lead first. An offer must show its link.
#[utoipa::path(put, path = "/v1/entities/{entity}/templates/{piece}/{locale}", tag = "notices",
    params(TemplatePath), request_body = schema::TemplateWanted,
    responses((status = 200, body = schema::Preview), (status = 201, body = schema::Preview)))]
pub(crate) async fn put_template(
    State(api): State<Api>,
    caller: Caller,
    In(TemplatePath { entity, piece, locale }): In<TemplatePath>,
    basis: Basis,
    Sent(Wanted { template }): Sent<Wanted>,
) -> Result<Versioned<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    let name = piece.to_string();
    let current = api.roster.template_version(&entity, &name, locale);
    let expect = basis.expect(&named(piece, locale), current)?;
    let preview = tried(piece, locale, &template)?;
    let roster = api.roster.by(&caller.0);
    let edited = roster.put_template(&entity, &name, locale, template, expect).await?;
    Ok(Versioned::edited(edited.created, edited.version, preview))
}

/// Try a template
///
/// Shows what it makes of an invented lead, and keeps nothing.
#[utoipa::path(post, path = "/v1/entities/{entity}/templates/{piece}/{locale}/preview", tag = "notices",
    params(TemplatePath), request_body = schema::TemplateWanted,
    responses((status = 200, body = schema::Preview)))]
pub(crate) async fn preview_template(
    State(api): State<Api>,
    caller: Caller,
    In(TemplatePath { entity, piece, locale }): In<TemplatePath>,
    Sent(Wanted { template }): Sent<Wanted>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.entity_view(&entity)?;
    tried(piece, locale, &template).map(Json)
}

/// Go back to our words
#[utoipa::path(delete, path = "/v1/entities/{entity}/templates/{piece}/{locale}", tag = "notices",
    params(TemplatePath), responses((status = 204, description = "ours are used again")))]
pub(crate) async fn delete_template(
    State(api): State<Api>,
    caller: Caller,
    In(TemplatePath { entity, piece, locale }): In<TemplatePath>,
    basis: Basis,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    let name = piece.to_string();
    let current = api.roster.template_version(&entity, &name, locale);
    let expect = basis.must_exist(&named(piece, locale), current)?;
    api.roster.by(&caller.0).remove_template(&entity, &name, locale, expect).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tried(piece: Piece, locale: Locale, template: &str) -> Result<Value, Problem> {
    let texts = Texts::new().map_err(|broken| {
        error!(error = &broken as &dyn std::error::Error, "notices cannot be written");
        Problem::internal()
    })?;
    let checked = check(&texts, piece, locale, template);
    let Preview { text, segments } =
        checked.map_err(|bad| Problem::invalid_field("/template", bad.to_string()))?;
    let encoding = segments.map(|segments| match segments.encoding {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
    });
    let count = segments.map(|segments| segments.count);
    Ok(json!({"text": text, "segments": count, "encoding": encoding}))
}
