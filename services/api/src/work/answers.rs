//! What agents answer to an offer: claim, pass, and second thoughts.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_board::{Chance, Claim, OnBoard, Pass, Undone, Worked};
use tipoff_domain::LeadId;
use utoipa::ToSchema;

use super::refusal::{
    already_yours, conflict, no_lead, not_offered, not_yours, taken, taken_by, too_late, withdrawn,
};
use super::request::RequestId;
use super::wanted::reason;
use crate::Api;
use crate::access::Caller;
use crate::body::{In, MaybeSent};
use crate::names::LeadPath;
use crate::problem::Problem;
use crate::schema;
use crate::shown::Sight;

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
            "an offer that was passed cannot be claimed; ask for another chance",
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
        Pass::AlreadyYours => Err(already_yours()),
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
    let (entity, agent) = caller.agent()?;
    let request = request.of("claim", agent.as_str());
    let answer = api.claim(entity, &id, agent, wanted.round, &request).await?;
    Ok(won(&api, answer_claim(answer, &id)?))
}

/// Everybody in a pond may claim from it, so whoever cannot came after somebody else.
pub(super) async fn claim_resting(
    api: &Api,
    caller: &Caller,
    id: &LeadId,
    request: &RequestId,
) -> Result<Json<Value>, Problem> {
    let (entity, agent) = caller.agent()?;
    let request = request.of("claim", agent.as_str());
    match api.claim(entity, id, agent, None, &request).await? {
        Claim::NotOffered | Claim::Withdrawn | Claim::Passed | Claim::TooLate | Claim::Taken => {
            let lead = api.board.lead(entity, id).await?;
            Err(lead.map_or_else(|| no_lead(id), |lead| taken_by(&lead)))
        }
        answer => Ok(won(api, answer_claim(answer, id)?)),
    }
}

fn won(api: &Api, (outcome, lead): (&str, Box<OnBoard>)) -> Json<Value> {
    Json(json!({ "outcome": outcome, "lead": api.shown(&lead, Sight::Whole, None) }))
}

/// Pass on a lead
///
/// It goes on to the next agent at once, unless the entity leaves time for second thoughts.
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
    let why = reason("/reason", wanted.reason.as_deref())?;
    let answer = api.pass(entity, &id, agent, wanted.round, why, &request).await?;
    answer_pass(answer, &id)?;
    Ok(Json(json!({ "outcome": "passed" })))
}

/// Take back a pass
///
/// As long as the entity allows and the lead has not moved on. The deadline is the one that it was.
#[utoipa::path(post, path = "/v1/leads/{id}/undo-pass", tag = "leads", params(LeadPath),
    responses((status = 200, body = schema::Done)))]
pub(crate) async fn undo_pass(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    request: RequestId,
) -> Result<Json<Value>, Problem> {
    let (entity, agent) = caller.agent()?;
    let request = request.of("undo", agent.as_str());
    match api.board.undo_pass(entity, &id, agent, &request).await? {
        Undone::Pending => Ok(Json(json!({ "outcome": "pending" }))),
        Undone::TooLate => Err(too_late()),
        Undone::NotPassed => Err(conflict(
            "not_passed",
            "You did not pass on it",
            "there is no pass of yours to take back",
        )),
        Undone::Unknown => Err(no_lead(&id)),
    }
}

/// Ask for another chance
///
/// For a lead that you passed on or were too late for: when nobody else is left, you are asked again.
#[utoipa::path(post, path = "/v1/leads/{id}/another-chance", tag = "leads", params(LeadPath),
    responses((status = 200, body = schema::Done)))]
pub(crate) async fn another_chance(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
    request: RequestId,
) -> Result<Json<Value>, Problem> {
    let (entity, agent) = caller.agent()?;
    let request = request.of("again", agent.as_str());
    match api.board.another_chance(entity, &id, agent, &request).await? {
        Chance::Queued => Ok(Json(json!({ "outcome": "queued" }))),
        Chance::Offered => Ok(Json(json!({ "outcome": "offered" }))),
        Chance::AlreadyYours => Err(already_yours()),
        Chance::Taken => Err(taken()),
        Chance::InPool => Err(conflict(
            "in_pool",
            "Nobody is asked any more",
            "the lead rests in the pool or in a pond; claim it there",
        )),
        Chance::NotOffered => Err(not_offered()),
        Chance::Unknown => Err(no_lead(&id)),
    }
}

/// Say that you are working a lead
///
/// The pond that it came from does not take it back.
#[utoipa::path(post, path = "/v1/leads/{id}/worked", tag = "leads", params(LeadPath),
    responses((status = 200, body = schema::Done)))]
pub(crate) async fn worked(
    State(api): State<Api>,
    caller: Caller,
    In(LeadPath { id }): In<LeadPath>,
) -> Result<Json<Value>, Problem> {
    let (entity, agent) = caller.agent()?;
    match api.board.worked(entity, &id, agent).await? {
        Worked::Done => Ok(Json(json!({ "outcome": "worked" }))),
        Worked::NotYours => Err(not_yours()),
        Worked::Unknown => Err(no_lead(&id)),
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
