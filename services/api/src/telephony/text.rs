//! Text messages from agents: 1 claims, 2 passes, and STOP is stop.

use axum::extract::State;
use tracing::{error, warn};

use super::said::{Said, read};
use super::signed::{Signed, Spoken};
use super::texter::Texter;
use super::twiml::Twiml;
use crate::Api;
use crate::problem::Problem;

/// An agent sent a text message
///
/// Called by the telephone provider, whose signature is checked. Answers TwiML.
#[utoipa::path(post, path = "/telephony/sms", tag = "telephony", security(()),
    responses((status = 200, content_type = "text/xml", body = String)))]
pub(crate) async fn receive(State(api): State<Api>, signed: Signed) -> Result<Spoken, Problem> {
    // Whoever we do not know hears nothing, not even that we do not know them.
    let Some(texter) = Texter::of(&api, signed.field("From")) else { return Ok(silence()) };
    let sid = signed.field("MessageSid");
    let first = api.telephony.heard.first(sid).await.map_err(|error| {
        error!(error = &error as &dyn std::error::Error, "a text message was not answered");
        Problem::unavailable("busy", "It cannot be answered now", "send it again in a moment")
    })?;
    if !first {
        return Ok(silence());
    }
    let said = read(signed.field("Body"));
    // Where the provider answers these words itself, ours would be a second answer.
    let answered_there = !signed.field("OptOutType").is_empty();
    let quiet = answered_there || texter.stopped(&api) && !matches!(said, Said::Start | Said::Help);
    let answer = answer(&api, &texter, said, sid).await;
    Ok(if quiet { silence() } else { Spoken(Twiml::default().message(&answer).finish()) })
}

fn silence() -> Spoken {
    Spoken(Twiml::default().finish())
}

async fn answer(api: &Api, texter: &Texter, said: Said, sid: &str) -> String {
    let answered = match said {
        Said::Stop => Ok(texter.stop(api).await),
        Said::Start => Ok(texter.start(api).await),
        Said::Help => Ok(texter.say("sms-help", [])),
        Said::Code(code) => Ok(texter.confirm(api, &code).await),
        Said::Unclear => Ok(texter.say("sms-unclear", [])),
        Said::List => texter.list(api).await,
        Said::Claim(code) => texter.claim(api, code.as_deref(), sid).await,
        Said::Pass(code) => texter.pass(api, code.as_deref(), sid).await,
    };
    answered.unwrap_or_else(|failed| {
        warn!(error = &failed as &dyn std::error::Error, "a text message could not be acted upon");
        texter.say("sms-away", [])
    })
}
