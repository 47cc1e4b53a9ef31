//! A test call: pressing 1 confirms that calls reach the agent.

use axum::extract::State;
use tipoff_domain::Locale;
use tipoff_wire::link::ConfirmLink;

use super::signed::{Signed, Spoken};
use super::talk::out_of_date;
use super::twiml::Twiml;
use crate::Api;
use crate::body::In;
use crate::page::say;
use crate::problem::Problem;

/// How long a key is waited for, in seconds.
const WAITING: i64 = 8;

/// An agent picked up a test call
///
/// Called by the telephone provider, whose signature is checked. Answers TwiML.
#[utoipa::path(post, path = "/telephony/test/{token}", tag = "telephony", security(()),
    params(("token" = String, Path, description = "made with the call")),
    responses((status = 200, content_type = "text/xml", body = String)))]
pub(crate) async fn picked_up_test(
    State(api): State<Api>,
    In(token): In<String>,
    signed: Signed,
) -> Result<Spoken, Problem> {
    let machine = signed.field("AnsweredBy");
    if machine.starts_with("machine") || machine == "fax" {
        return Ok(Spoken(Twiml::default().hang_up().finish()));
    }
    let Some(test) = TestCall::open(&api, &token) else { return Ok(Spoken(out_of_date())) };
    let names = [("name", test.name.clone()), ("entity", test.entity.clone())];
    let question = Twiml::default().say(test.locale, &say(test.locale, "test-call", names));
    let back = format!("{}/telephony/test/{token}/pressed", api.telephony.public_url);
    Ok(Spoken(Twiml::default().gather(&back, WAITING, &question).finish()))
}

/// An agent pressed a key in a test call, or none
///
/// Called by the telephone provider, whose signature is checked. Answers TwiML.
#[utoipa::path(post, path = "/telephony/test/{token}/pressed", tag = "telephony", security(()),
    params(("token" = String, Path, description = "made with the call")),
    responses((status = 200, content_type = "text/xml", body = String)))]
pub(crate) async fn pressed_test(
    State(api): State<Api>,
    In(token): In<String>,
    signed: Signed,
) -> Result<Spoken, Problem> {
    let Some(test) = TestCall::open(&api, &token) else { return Ok(Spoken(out_of_date())) };
    let confirmed = signed.field("Digits") == "1" && api.confirm(&test.link).await?;
    let said = if confirmed { "test-call-confirmed" } else { "test-call-not-confirmed" };
    let said = Twiml::default().say(test.locale, &say(test.locale, said, []));
    Ok(Spoken(said.hang_up().finish()))
}

/// Whom a test call is about.
struct TestCall {
    link: ConfirmLink,
    name: String,
    entity: String,
    locale: Locale,
}

impl TestCall {
    /// `None`: the link is not ours or too old, or its agent has left.
    fn open(api: &Api, token: &str) -> Option<Self> {
        let link = ConfirmLink::open(token, api.pages.secret()?).ok()?;
        if link.until <= api.clock.now() {
            return None;
        }
        let view = api.roster.view(&link.entity)?;
        let agent = view.agents.get(&link.agent)?;
        let locale = agent.locale.unwrap_or(view.entity.locale);
        let name = agent.name.split_whitespace().next().unwrap_or_default().to_owned();
        Some(Self { link, name, entity: view.entity.name.clone(), locale })
    }
}
