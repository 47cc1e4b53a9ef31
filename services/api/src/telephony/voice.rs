//! The call of an agent, step by step: the telephone provider asks here what to
//! say next.

use axum::extract::State;
use chrono::{DateTime, Utc};

use super::call::{self, Heard, Picked, Question, Turn};
use super::signed::{Signed, Spoken};
use super::talk::{Found, Talk, out_of_date};
use crate::Api;
use crate::body::{Asked, In};
use crate::names::Times;
use crate::page::Standing;
use crate::problem::Problem;

/// An agent picked up
///
/// Called by the telephone provider, whose signature is checked. Answers TwiML.
#[utoipa::path(post, path = "/telephony/voice/{token}", tag = "telephony", security(()),
    params(("token" = String, Path, description = "made with the call")),
    responses((status = 200, content_type = "text/xml", body = String)))]
pub(crate) async fn picked_up(
    State(api): State<Api>,
    In(token): In<String>,
    signed: Signed,
) -> Result<Spoken, Problem> {
    let Some(talk) = talk(&api, &token, &signed) else { return Ok(Spoken(out_of_date())) };
    let found = talk.look(&api).await;
    let who = match signed.field("AnsweredBy") {
        machine if machine.starts_with("machine") => Picked::Machine,
        "fax" => Picked::Machine,
        _ => Picked::Person,
    };
    let turn = call::picked_up(who, talk.offer(), found.standing, found.left);
    Ok(perform(&api, &talk, &turn, &found))
}

/// An agent was asked whether they accept
///
/// Called by the telephone provider, whose signature is checked. Answers TwiML.
#[utoipa::path(post, path = "/telephony/voice/{token}/accept", tag = "telephony", security(()),
    params(("token" = String, Path, description = "made with the call"), Times),
    responses((status = 200, content_type = "text/xml", body = String)))]
pub(crate) async fn accept(
    State(api): State<Api>,
    In(token): In<String>,
    Asked(Times { times }): Asked<Times>,
    signed: Signed,
) -> Result<Spoken, Problem> {
    answered(&api, &token, Question::Accept, times, &signed).await
}

/// An agent was asked whether to connect them, or to set a follow-up
///
/// Called by the telephone provider, whose signature is checked. Answers TwiML.
#[utoipa::path(post, path = "/telephony/voice/{token}/next", tag = "telephony", security(()),
    params(("token" = String, Path, description = "made with the call"), Times),
    responses((status = 200, content_type = "text/xml", body = String)))]
pub(crate) async fn next(
    State(api): State<Api>,
    In(token): In<String>,
    Asked(Times { times }): Asked<Times>,
    signed: Signed,
) -> Result<Spoken, Problem> {
    answered(&api, &token, Question::Next, times, &signed).await
}

/// The connection to a lead is over, or did not come about
///
/// Called by the telephone provider, whose signature is checked. Answers TwiML.
#[utoipa::path(post, path = "/telephony/voice/{token}/dialled", tag = "telephony", security(()),
    params(("token" = String, Path, description = "made with the call")),
    responses((status = 200, content_type = "text/xml", body = String)))]
pub(crate) async fn dialled(
    State(api): State<Api>,
    In(token): In<String>,
    signed: Signed,
) -> Result<Spoken, Problem> {
    let Some(talk) = talk(&api, &token, &signed) else { return Ok(Spoken(out_of_date())) };
    let found = talk.look(&api).await;
    let talked = matches!(signed.field("DialCallStatus"), "completed" | "answered");
    Ok(perform(&api, &talk, &call::dialled(talked), &found))
}

async fn answered(
    api: &Api,
    token: &str,
    question: Question,
    times: u8,
    signed: &Signed,
) -> Result<Spoken, Problem> {
    let Some(talk) = talk(api, token, signed) else { return Ok(Spoken(out_of_date())) };
    let heard = signed.field("Digits").chars().next().map_or(Heard::Silence, Heard::Key);
    let (found, turn) = if let Some(deed) = call::deed(question, heard) {
        let found = talk.act(api, deed).await;
        let turn = call::after(deed, found.standing, found.number().is_some());
        (found, turn)
    } else {
        let found = talk.look(api).await;
        let turn = if question == Question::Accept && found.standing != Standing::Open {
            call::picked_up(Picked::Person, talk.offer(), found.standing, found.left)
        } else {
            call::undecided(question, heard, times.min(9), found.left)
        };
        (found, turn)
    };
    Ok(perform(api, &talk, &turn, &found))
}

fn talk(api: &Api, token: &str, signed: &Signed) -> Option<Talk> {
    Talk::open(api, token, signed.field("CallSid"), signed.field("From"))
}

fn perform(api: &Api, talk: &Talk, turn: &Turn, found: &Found) -> Spoken {
    let now: DateTime<Utc> = api.clock.now();
    Spoken(talk.perform(turn, found, now))
}
