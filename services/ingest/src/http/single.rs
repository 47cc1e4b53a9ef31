//! `POST /v1/leads`: one lead.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::json;
use tokio::time::timeout;
use tracing::warn;

use super::caller::Caller;
use super::{BodyTime, is_one_of};
use crate::identity::Key;
use crate::intake::{Intake, Refusal, Sent};
use crate::problem::Problem;
use crate::read::{LARGEST, Unreadable};

pub(super) async fn post(
    State(intake): State<Arc<Intake>>,
    Extension(caller): Extension<Arc<Caller>>,
    Extension(time): Extension<BodyTime>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if !is_one_of(&headers, &["application/json", "text/json"]) {
        return Err(Problem::media_type("application/json"));
    }
    let body = timeout(time.single, whole(body)).await.map_err(|_| Problem::too_slow())??;
    let sent = Sent {
        entity: &caller.entity,
        source: caller.source.as_ref(),
        key: idempotency_key(&headers),
        at: intake.now(),
        body: &body,
    };
    match intake.accept(sent).await {
        Ok(taken) => {
            let answer = Json(json!({"id": taken.id, "duplicate": taken.duplicate}));
            Ok((StatusCode::ACCEPTED, answer).into_response())
        }
        Err(refusal) => {
            match &refusal {
                Refusal::Unreadable(unreadable) => {
                    intake.reject_quietly(caller.names(), unreadable, &body).await;
                }
                Refusal::Mismatch => {}
                other => warn!(error = other as &dyn std::error::Error, "a lead is not accepted"),
            }
            Err(Problem::from(&refusal))
        }
    }
}

async fn whole(body: Body) -> Result<Bytes, Problem> {
    // One byte more than allowed tells too large from broken off.
    match to_bytes(body, LARGEST + 1).await {
        Ok(body) if body.len() <= LARGEST => Ok(body),
        Ok(_) => Err(Problem::from(&Refusal::Unreadable(Unreadable::TooLarge))),
        Err(error) if is_too_large(&error) => {
            Err(Problem::from(&Refusal::Unreadable(Unreadable::TooLarge)))
        }
        Err(_) => Err(Problem::interrupted()),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.to_string().contains("length limit"))
}

/// With or without the quotes that the draft standard asks for.
fn idempotency_key(headers: &HeaderMap) -> Option<Key> {
    let given = headers.get("idempotency-key")?.as_bytes().trim_ascii();
    let bare = given.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(given);
    (!bare.is_empty()).then(|| Key::Idempotency(Bytes::copy_from_slice(bare)))
}
