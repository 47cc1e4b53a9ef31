//! Making, changing and removing endpoints.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tipoff_domain::WebhookId;
use tipoff_roster::{Expect, Secret, Webhook, WebhookWanted};

use super::{Shown, secrets};
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, Document, In, Sent};
use crate::etag::{Basis, Versioned};
use crate::names::{WebhookPath, WhichEntity};
use crate::problem::Problem;
use crate::schema;

/// One entity needs no more.
const MOST: usize = 50;

/// Be told what happens
///
/// Events are posted to the address as the Standard Webhooks specification says. The answer holds the secret
/// that signs them, this once. Contact details go along only where `contact` is true.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", params(WhichEntity),
    request_body = schema::WebhookWanted, responses((status = 201, body = schema::NewWebhook)))]
pub(crate) async fn create_webhook(
    State(api): State<Api>,
    caller: Caller,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    Sent(wanted): Sent<WebhookWanted>,
) -> Result<Response, Problem> {
    let entity = caller.entity(entity)?;
    caller.admin_of(&entity)?;
    api.check_webhook(&wanted)?;
    if api.roster.webhooks(&entity).len() >= MOST {
        let detail = format!("an entity can have {MOST} webhooks; remove one first");
        return Err(Problem::new(StatusCode::CONFLICT, "too_many", "There are too many webhooks")
            .detail(detail));
    }
    let id: WebhookId =
        format!("hook_{}", api.fresh_id()).parse().map_err(|_| Problem::internal())?;
    let text = secrets::fresh()?;
    let webhook = Webhook {
        wanted,
        secrets: vec![Secret { text: text.clone(), until: None }],
        created_at: api.clock.now(),
        failing_since: None,
        failing_why: None,
        disabled: None,
    };
    let roster = api.roster.by(&caller.0);
    let edited = roster.put_webhook(&entity, &id, webhook, Expect::Absent).await?;
    let location = format!("/v1/webhooks/{id}");
    let shown = Shown::new(entity, id, edited.value, edited.version);
    let mut body = serde_json::to_value(shown).map_err(|_| Problem::internal())?;
    body["secret"] = Value::from(text);
    let tag = format!("\"{}\"", edited.version);
    let headers = [(header::LOCATION, location), (header::ETAG, tag)];
    Ok((StatusCode::CREATED, headers, Json(body)).into_response())
}

/// List the webhooks
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", params(WhichEntity),
    responses((status = 200, body = schema::Webhooks)))]
pub(crate) async fn list_webhooks(
    State(api): State<Api>,
    caller: Caller,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    caller.admin_of(&entity)?;
    let all = api.roster.webhooks(&entity).into_iter();
    let shown = all.map(|(id, webhook, version)| Shown::new(entity.clone(), id, webhook, version));
    Ok(Json(json!({ "webhooks": shown.collect::<Vec<_>>() })))
}

/// Show a webhook
///
/// `failing_since` and `disabled` say how it stands.
#[utoipa::path(get, path = "/v1/webhooks/{webhook}", tag = "webhooks", params(WebhookPath, WhichEntity),
    responses((status = 200, body = schema::Webhook)))]
pub(crate) async fn get_webhook(
    State(api): State<Api>,
    caller: Caller,
    In(WebhookPath { webhook: id }): In<WebhookPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
) -> Result<Versioned<Shown>, Problem> {
    let (entity, webhook, version) = api.own_webhook(&caller, entity, &id)?;
    Ok(Versioned::ok(version, Shown::new(entity, id, webhook, version)))
}

/// Change a webhook
///
/// One that was disabled is on again with `active: true`.
#[utoipa::path(put, path = "/v1/webhooks/{webhook}", tag = "webhooks", params(WebhookPath, WhichEntity),
    request_body = schema::WebhookWanted, responses((status = 200, body = schema::Webhook)))]
pub(crate) async fn put_webhook(
    State(api): State<Api>,
    caller: Caller,
    In(WebhookPath { webhook: id }): In<WebhookPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    basis: Basis,
    sent: Document<WebhookWanted>,
) -> Result<Versioned<Shown>, Problem> {
    let (entity, webhook, version) = api.own_webhook(&caller, entity, &id)?;
    let wanted = sent.called(id.as_str())?;
    api.check_webhook(&wanted)?;
    let expect = match basis.expect(&format!("webhook `{id}`"), Some(version))? {
        Expect::Anything => Expect::Version(version),
        expect => expect,
    };
    let webhook = if wanted.active {
        Webhook { wanted, failing_since: None, failing_why: None, disabled: None, ..webhook }
    } else {
        Webhook { wanted, ..webhook }
    };
    let edited = api.roster.by(&caller.0).put_webhook(&entity, &id, webhook, expect).await?;
    Ok(Versioned::ok(edited.version, Shown::new(entity, id, edited.value, edited.version)))
}

/// Remove a webhook
///
/// What is on its way to it is dropped.
#[utoipa::path(delete, path = "/v1/webhooks/{webhook}", tag = "webhooks", params(WebhookPath, WhichEntity),
    responses((status = 204, description = "removed")))]
pub(crate) async fn delete_webhook(
    State(api): State<Api>,
    caller: Caller,
    In(WebhookPath { webhook: id }): In<WebhookPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    basis: Basis,
) -> Result<StatusCode, Problem> {
    let (entity, _, version) = api.own_webhook(&caller, entity, &id)?;
    let expect = basis.expect(&format!("webhook `{id}`"), Some(version))?;
    api.roster.by(&caller.0).delete_webhook(&entity, &id, expect).await?;
    Ok(StatusCode::NO_CONTENT)
}
