//! Claim, pass, assign, return.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_board::{Actor, Assign, Claim, OnBoard, Pass, Return};
use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_roster::Role;
use utoipa::ToSchema;

use super::no_lead;
use super::request::RequestId;
use crate::Api;
use crate::access::Caller;
use crate::body::{Asked, In, MaybeSent, Sent};
use crate::names::{LeadPath, WhichEntity};
use crate::problem::Problem;
use crate::schema;
use crate::shown::{Shown, Sight};

const LONGEST_REASON: usize = 500;

/// Which offer is meant.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"round": 1}))]
pub(crate) struct ClaimWanted {
    /// The round of the offer. Left out, whatever is open to you now counts.
    #[serde(default)]
    round: Option<u32>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"round": 1, "reason": "on holiday"}))]
pub(crate) struct PassWanted {
    #[serde(default)]
    round: Option<u32>,
    /// 500 characters at most.
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agent": "ana"}))]
pub(crate) struct AssignWanted {
    #[schema(value_type = String)]
    agent: AgentId,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "moved to another city"}))]
pub(crate) struct ReturnWanted {
    /// 500 characters at most.
    #[serde(default)]
    reason: Option<String>,
}

fn reason(given: Option<&str>) -> Result<Option<&str>, Problem> {
    let given = given.map(str::trim).filter(|reason| !reason.is_empty());
    if given.is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(Problem::invalid_field(
            "/reason",
            format!("may have {LONGEST_REASON} characters at most"),
        ));
    }
    Ok(given)
}

fn conflict(code: &'static str, title: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, title).detail(detail)
}

fn gone(code: &'static str, title: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::GONE, code, title).detail(detail)
}

fn taken() -> Problem {
    conflict(
        "taken",
        "Somebody else has it",
        "another agent has this lead; there is nothing left to do",
    )
}

fn too_late() -> Problem {
    gone(
        "too_late",
        "The deadline is over",
        "the claim deadline of this offer is over; look for the lead in the pool",
    )
}

fn withdrawn() -> Problem {
    gone(
        "withdrawn",
        "The offer was taken back",
        "this offer does not count any more; look at your offers",
    )
}

fn not_offered() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "not_offered", "It was not offered to you")
        .detail("only agents who were offered this lead can answer")
}

/// What the board said to a claim.
fn answer_claim(answer: Claim, lead: &LeadId) -> Result<(&'static str, Box<OnBoard>), Problem> {
    match answer {
        Claim::Won(lead) => Ok(("won", lead)),
        Claim::AlreadyYours(lead) => Ok(("already_yours", lead)),
        Claim::Taken => Err(taken()),
        Claim::TooLate => Err(too_late()),
        Claim::Withdrawn => Err(withdrawn()),
        Claim::Passed => Err(conflict(
            "passed",
            "You passed on it",
            "an offer that was passed cannot be claimed",
        )),
        Claim::NotOffered => Err(not_offered()),
        Claim::LimitReached => Err(conflict(
            "limit_reached",
            "You have as many as you may have",
            "work or return a lead, then claim again",
        )),
        Claim::Unknown => Err(no_lead(lead)),
    }
}

fn answer_pass(answer: Pass, lead: &LeadId) -> Result<(), Problem> {
    match answer {
        Pass::Passed => Ok(()),
        Pass::AlreadyYours => Err(conflict(
            "already_yours",
            "You have this lead",
            "send it back to the pool with `/return` instead",
        )),
        Pass::Taken => Err(taken()),
        Pass::TooLate => Err(too_late()),
        Pass::Withdrawn => Err(withdrawn()),
        Pass::NotOffered => Err(not_offered()),
        Pass::Unknown => Err(no_lead(lead)),
    }
}

/// Claim a lead
///
/// Whoever is first has it; the answer is in the log before it is given. Claiming again what you have is harmless.
#[utoipa::path(post, path = "/v1/leads/{id}/claim", tag = "leads", params(LeadPath),
    request_body = Option<ClaimWanted>, responses((status = 200, body = schema::Claimed)))]
pub(crate) async fn claim_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    request: RequestId,
    MaybeSent(wanted): MaybeSent<ClaimWanted>,
) -> Result<Json<Value>, Problem> {
    claim(&api, &caller, &id, wanted.round, &request).await
}

async fn claim(
    api: &Api,
    caller: &Caller,
    id: &LeadId,
    round: Option<u32>,
    request: &RequestId,
) -> Result<Json<Value>, Problem> {
    let (entity, agent) = caller.agent()?;
    let request = request.of("claim", agent.as_str());
    let answer = api.claim(entity, id, agent, round, &request).await?;
    Ok(won(answer_claim(answer, id)?))
}

/// Everybody may claim from the pool, so whoever cannot came after somebody else.
pub(super) async fn claim_pooled(
    api: &Api,
    caller: &Caller,
    id: &LeadId,
    request: &RequestId,
) -> Result<Json<Value>, Problem> {
    let (entity, agent) = caller.agent()?;
    let request = request.of("claim", agent.as_str());
    match api.claim(entity, id, agent, None, &request).await? {
        Claim::NotOffered | Claim::Withdrawn | Claim::Passed | Claim::TooLate => Err(taken()),
        answer => Ok(won(answer_claim(answer, id)?)),
    }
}

fn won((outcome, lead): (&str, Box<OnBoard>)) -> Json<Value> {
    Json(json!({ "outcome": outcome, "lead": Shown::new(&lead, Sight::Whole, None) }))
}

/// Pass on a lead
///
/// It goes on to the next agent at once.
#[utoipa::path(post, path = "/v1/leads/{id}/pass", tag = "leads", params(LeadPath),
    request_body = Option<PassWanted>, responses((status = 200, body = schema::Done)))]
pub(crate) async fn pass_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    request: RequestId,
    MaybeSent(wanted): MaybeSent<PassWanted>,
) -> Result<Json<Value>, Problem> {
    let (entity, agent) = caller.agent()?;
    let request = request.of("pass", agent.as_str());
    let why = reason(wanted.reason.as_deref())?;
    let answer = api.board.pass(entity, &id, agent, wanted.round, why, &request).await?;
    answer_pass(answer, &id)?;
    Ok(Json(json!({ "outcome": "passed" })))
}

/// Assign a lead to an agent
///
/// For admins. Offers that are out are taken back.
#[utoipa::path(post, path = "/v1/leads/{id}/assign", tag = "leads", params(LeadPath, WhichEntity),
    request_body = AssignWanted, responses((status = 200, body = schema::Done)))]
pub(crate) async fn assign_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
    Sent(wanted): Sent<AssignWanted>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    assign(&api, &caller, &entity, &id, &wanted, &request).await
}

pub(super) async fn assign(
    api: &Api,
    caller: &Caller,
    entity: &EntityId,
    id: &LeadId,
    wanted: &AssignWanted,
    request: &RequestId,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(entity)?;
    let view = api.roster.view(entity).ok_or_else(|| no_lead(id))?;
    if !view.agents.contains_key(&wanted.agent) {
        return Err(Problem::invalid_field(
            "/agent",
            format!("`{}` is not an agent of this entity", wanted.agent),
        ));
    }
    let request = request.of("assign", "admin");
    match api.board.assign(entity, id, &wanted.agent, &Actor::Admin, &request).await? {
        Assign::Assigned(lead) => Ok(Json(
            json!({ "outcome": "assigned", "lead": Shown::new(&lead, Sight::Whole, None) }),
        )),
        Assign::Closed => {
            Err(conflict("closed", "The lead is closed", "a closed lead cannot be assigned"))
        }
        Assign::Unknown => Err(no_lead(id)),
    }
}

/// Send a lead back to the pool
///
/// Agents send back what they have, admins anything.
#[utoipa::path(post, path = "/v1/leads/{id}/return", tag = "leads", params(LeadPath, WhichEntity),
    request_body = Option<ReturnWanted>, responses((status = 200, body = schema::Done)))]
pub(crate) async fn return_lead(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    Asked(WhichEntity { entity }): Asked<WhichEntity>,
    request: RequestId,
    MaybeSent(wanted): MaybeSent<ReturnWanted>,
) -> Result<Json<Value>, Problem> {
    let entity = caller.entity(entity)?;
    let why = reason(wanted.reason.as_deref())?;
    let by = match caller.0.role {
        Role::Agent => Actor::Agent(caller.agent()?.1.clone()),
        _ => Actor::Admin,
    };
    let who = match &by {
        Actor::Agent(agent) => agent.as_str(),
        Actor::Admin => "admin",
    };
    match api.board.give_back(&entity, &id, &by, why, &request.of("return", who)).await? {
        Return::Returned(lead) => {
            let lead = Sight::of(&caller.0, &lead).map(|sight| Shown::new(&lead, sight, None));
            Ok(Json(json!({ "outcome": "returned", "lead": lead })))
        }
        Return::NotYours => Err(conflict(
            "not_yours",
            "It is not yours to send back",
            "only the agent who has a lead can send it back",
        )),
        Return::Unknown => Err(no_lead(&id)),
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn of(problem: Problem) -> u16 {
        problem.into_response().status().as_u16()
    }

    #[test]
    fn every_refusal_of_a_claim_has_its_status() {
        let lead = "lead_1".parse().unwrap();
        let status = |answer| of(answer_claim(answer, &lead).unwrap_err());
        assert_eq!(status(Claim::Taken), 409);
        assert_eq!(status(Claim::TooLate), 410);
        assert_eq!(status(Claim::Withdrawn), 410);
        assert_eq!(status(Claim::Passed), 409);
        assert_eq!(status(Claim::NotOffered), 403);
        assert_eq!(status(Claim::LimitReached), 409);
        assert_eq!(status(Claim::Unknown), 404);
    }

    #[test]
    fn every_refusal_of_a_pass_has_its_status() {
        let lead = "lead_1".parse().unwrap();
        let status = |answer| of(answer_pass(answer, &lead).unwrap_err());
        assert_eq!(status(Pass::AlreadyYours), 409);
        assert_eq!(status(Pass::TooLate), 410);
        assert_eq!(status(Pass::NotOffered), 403);
        assert_eq!(status(Pass::Unknown), 404);
    }
}
