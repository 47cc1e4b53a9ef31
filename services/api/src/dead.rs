//! Messages that nobody could handle: looked at, and sent round again. An admin
//! has those of the entity, the operator all.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tipoff_domain::EntityId;
use tipoff_roster::Role;
use tipoff_runtime::dead::{self, DeadError, Which};
use tipoff_wire::Dead;
use tracing::error;

use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In};
use crate::names::{DeadPath, PageOf, WhatIsShown, WhichDead, WhichEntity};
use crate::problem::Problem;
use crate::schema;

const USUAL_PAGE: usize = 50;
const LONGEST_PAGE: usize = 200;
/// Sent again with one request, at most.
const MOST_AT_ONCE: usize = 500;

/// List messages that nobody could handle
///
/// Oldest first. An admin sees those of the entity; the operator all of them, or with `?entity=` those of one.
#[utoipa::path(get, path = "/v1/dead", tag = "dead letters", params(WhichEntity, WhichDead, PageOf),
    responses((status = 200, body = schema::DeadLetters)))]
pub(crate) async fn list_dead(
    State(api): State<Api>,
    caller: Caller,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    Asked(asked): Asked<WhichDead>,
    Asked(PageOf { limit, cursor }): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    let which = asked.of(whose(&caller, entity)?);
    let limit = limit.unwrap_or(USUAL_PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        let message = format!("must lie between 1 and {LONGEST_PAGE}");
        return Err(Problem::invalid_field("/limit", message));
    }
    let after = place(cursor.as_deref())?;
    let found = dead::list_those(&api.nats, limit, after, |dead| which.fits(dead)).await;
    let found = found.map_err(refusal)?;
    let next = found.last().filter(|_| found.len() == limit).map(|(number, _)| number.to_string());
    let shown: Vec<Value> = found.iter().map(|(number, dead)| shown(*number, dead)).collect();
    Ok(Json(json!({ "dead": shown, "next_cursor": next })))
}

/// Show a message that nobody could handle
#[utoipa::path(get, path = "/v1/dead/{number}", tag = "dead letters", params(DeadPath, WhatIsShown),
    responses((status = 200, body = schema::DeadLetter)))]
pub(crate) async fn get_dead(
    State(api): State<Api>,
    caller: Caller,
    In(DeadPath { number }): In<DeadPath>,
    Asked(WhatIsShown { body }): Asked<WhatIsShown>,
) -> Result<Json<Value>, Problem> {
    let dead = api.own_dead(&caller, number).await?;
    let mut all = shown(number, &dead);
    if body {
        let bytes = STANDARD.decode(&dead.body).unwrap_or_default();
        all["body"] = match String::from_utf8(bytes) {
            Ok(text) => json!(text),
            Err(_) => json!(dead.body),
        };
    }
    Ok(Json(all))
}

/// Send a message round again
///
/// To where it was first sent; it is off the list then. What comes from the permanent log is never written twice.
#[utoipa::path(post, path = "/v1/dead/{number}/redrive", tag = "dead letters", params(DeadPath),
    responses((status = 200, body = schema::Redriven)))]
pub(crate) async fn redrive_dead(
    State(api): State<Api>,
    caller: Caller,
    In(DeadPath { number }): In<DeadPath>,
) -> Result<Json<Value>, Problem> {
    let dead = api.own_dead(&caller, number).await?;
    let sent = dead::redrive(&api.nats, number).await.map_err(refusal)?;
    Ok(Json(json!({ "outcome": "sent_again", "stream": dead.stream, "sequence": sent.sequence })))
}

/// Send many messages round again
///
/// All that the list would show, 500 with one request: where there are more, `next_cursor` goes on after them.
/// What comes from the permanent log, or cannot be read, is left where it is and named.
#[utoipa::path(post, path = "/v1/dead/redrive", tag = "dead letters", params(WhichEntity, WhichDead, PageOf),
    responses((status = 200, body = schema::ManyRedriven)))]
pub(crate) async fn redrive_many(
    State(api): State<Api>,
    caller: Caller,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    Asked(asked): Asked<WhichDead>,
    Asked(PageOf { limit, cursor }): Asked<PageOf>,
) -> Result<Json<Value>, Problem> {
    let which = asked.of(whose(&caller, entity)?);
    let limit = limit.unwrap_or(MOST_AT_ONCE).clamp(1, MOST_AT_ONCE);
    let after = place(cursor.as_deref())?;
    let done = dead::redrive_those(&api.nats, &which, limit, after).await.map_err(refusal)?;
    let refused = done.refused.iter();
    let refused: Vec<Value> =
        refused.map(|(number, why)| json!({"number": number, "why": why.to_string()})).collect();
    let next = done.next.map(|number| number.to_string());
    Ok(Json(json!({
        "outcome": "sent_again", "sent": done.sent, "refused": refused, "next_cursor": next,
    })))
}

fn place(cursor: Option<&str>) -> Result<u64, Problem> {
    let Some(cursor) = cursor else { return Ok(0) };
    cursor.parse().map_err(|_| Problem::bad_request("`cursor` is not one that a list gave"))
}

impl WhichDead {
    fn of(self, entity: Option<EntityId>) -> Which {
        let Self { stream, consumer, from, until } = self;
        Which { entity, stream, consumer, from, until }
    }
}

/// Whose list it is; `None`: everybody's.
fn whose(caller: &Caller, asked: Option<EntityId>) -> Result<Option<EntityId>, Problem> {
    if caller.0.role == Role::Operator && asked.is_none() {
        return Ok(None);
    }
    let entity = caller.entity(asked)?;
    caller.admin_of(&entity)?;
    Ok(Some(entity))
}

/// Without the message itself.
fn shown(number: u64, dead: &Dead) -> Value {
    json!({
        "number": number, "at": dead.at, "entity": dead.entity(), "stream": dead.stream,
        "subject": dead.subject, "sequence": dead.sequence, "consumer": dead.consumer,
        "error": dead.error, "deliveries": dead.deliveries,
    })
}

fn missing(number: u64) -> Problem {
    Problem::not_found(&format!("dead message {number}"))
}

fn refusal(failed: DeadError) -> Problem {
    match failed {
        DeadError::NotFound { sequence } => missing(sequence),
        DeadError::PermanentLog { .. } => {
            Problem::new(StatusCode::CONFLICT, "permanent_log", "It comes from the permanent log")
                .detail("what happened is never written twice; it stands in the log as it was")
        }
        DeadError::Garbled { .. } | DeadError::Unreadable { .. } => {
            Problem::new(StatusCode::CONFLICT, "unreadable", "It cannot be read any more")
                .detail(failed.to_string())
        }
        failed => {
            error!(error = &failed as &dyn std::error::Error, "dead messages cannot be reached");
            Problem::unavailable(
                "log_unavailable",
                "They cannot be reached",
                "try again in a moment",
            )
        }
    }
}

impl Api {
    /// The message, if it is for the caller to see: one of somebody else's looks
    /// as if it did not exist.
    async fn own_dead(&self, caller: &Caller, number: u64) -> Result<Dead, Problem> {
        match caller.0.role {
            Role::Operator | Role::Admin => {}
            Role::Agent | Role::Source => {
                return Err(Problem::forbidden("an admin key of the entity is needed"));
            }
        }
        let dead = dead::show(&self.nats, number).await.map_err(refusal)?;
        let tree = self.roster.tree();
        let theirs = caller.0.role == Role::Operator
            || dead.entity().is_some_and(|entity| caller.configures(&tree, &entity));
        if !theirs {
            return Err(missing(number));
        }
        if let Some(entity) = dead.entity() {
            caller.acts_on(&entity);
        }
        Ok(dead)
    }
}
