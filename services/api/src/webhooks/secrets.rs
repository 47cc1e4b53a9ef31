//! Secrets of endpoints, and changing them without a gap.

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};
use tipoff_roster::{Expect, Secret, Webhook};

use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In};
use crate::names::{WebhookPath, WhichEntity};
use crate::problem::Problem;
use crate::schema;

const PREFIX: &str = "whsec_";
const BYTES: usize = 32;
/// For so long an old secret signs beside the new one.
const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// Signatures beside one another, at most.
const MOST: usize = 3;

/// A new secret.
pub(super) fn fresh() -> Result<String, Problem> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Problem::internal())?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// Change the secret of a webhook
///
/// The answer holds the new one, this once. The old one signs beside it for 24 hours.
#[utoipa::path(post, path = "/v1/webhooks/{webhook}/rotate", tag = "webhooks", params(WebhookPath, WhichEntity),
    responses((status = 200, body = schema::WebhookSecret)))]
pub(crate) async fn rotate_secret(
    State(api): State<Api>,
    caller: Caller,
    In(WebhookPath { webhook: id }): In<WebhookPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
) -> Result<Json<Value>, Problem> {
    let (entity, hook, version) = api.own_webhook(&caller, entity, &id)?;
    let (text, until) = (fresh()?, api.clock.now() + OVERLAP);
    let mut secrets = vec![Secret { text: text.clone(), until: None }];
    let old = hook.secrets.iter().map(|old| Secret {
        text: old.text.clone(),
        until: Some(old.until.map_or(until, |earlier| earlier.min(until))),
    });
    secrets.extend(old.take(MOST - 1));
    let hook = Webhook { secrets, ..hook };
    let roster = api.roster.by(&caller.0);
    roster.put_webhook(&entity, &id, hook, Expect::Version(version)).await?;
    Ok(Json(json!({ "id": id, "secret": text, "old_until": until })))
}
