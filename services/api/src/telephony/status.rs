//! What became of calls and text messages, as the telephone provider tells it.

use axum::extract::State;
use axum::http::StatusCode;
use tipoff_contact::{e164, is_dead_number};
use tipoff_domain::Channel;
use tipoff_roster::Reach;
use tipoff_wire::Setback;
use tipoff_wire::link::{About, CallLink};
use tracing::{error, info};

use super::signed::Signed;
use crate::Api;
use crate::body::In;
use crate::problem::Problem;

/// What a telephone network says of a number that nobody has (SIP, RFC 3261).
const NO_SUCH_NUMBER: [u32; 3] = [404, 484, 604];

/// A call is over
///
/// Called by the telephone provider, whose signature is checked. A number that cannot be called at all is called no more; if that was the last way to tell the agent, the lead moves on.
#[utoipa::path(post, path = "/telephony/voice/{token}/status", tag = "telephony", security(()),
    params(("token" = String, Path, description = "made with the call")),
    responses((status = 204, description = "noted")))]
pub(crate) async fn call_ended(
    State(api): State<Api>,
    In(token): In<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    let error = number(signed.field("ErrorCode")).filter(|error| is_dead_number(*error));
    let network =
        number(signed.field("SipResponseCode")).filter(|code| NO_SUCH_NUMBER.contains(code));
    if signed.field("CallStatus") == "failed" {
        let code = error.or(network);
        failed(&api, &token, Channel::Voice, signed.field("To"), code).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A text message arrived, or did not
///
/// Called by the telephone provider, whose signature is checked. A number that cannot be texted at all is texted no more; if that was the last way to tell the agent, the lead moves on.
#[utoipa::path(post, path = "/telephony/sms/{token}/status", tag = "telephony", security(()),
    params(("token" = String, Path, description = "made with the message")),
    responses((status = 204, description = "noted")))]
pub(crate) async fn text_ended(
    State(api): State<Api>,
    In(token): In<String>,
    signed: Signed,
) -> Result<StatusCode, Problem> {
    let error = number(signed.field("ErrorCode")).filter(|error| is_dead_number(*error));
    let lost = matches!(signed.field("MessageStatus"), "failed" | "undelivered");
    if lost {
        failed(&api, &token, Channel::Sms, signed.field("To"), error).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

/// Notes a dead number, if it is still the agent's, and has the notifier see
/// whether the agent can be told of the offer another way. `dead`: what the
/// provider said of the number.
async fn failed(
    api: &Api,
    token: &str,
    channel: Channel,
    to: &str,
    dead: Option<u32>,
) -> Result<(), Problem> {
    let Ok(link) = CallLink::open(token, &api.telephony.secret) else { return Ok(()) };
    if let Some(code) = dead {
        mark(api, &link, channel, to, code).await?;
    }
    let CallLink { entity, lead, agent, about } = link;
    let About::Offer { round, .. } = about else { return Ok(()) };
    api.set_back(&Setback { channel, entity, lead, agent, round }).await
}

async fn mark(
    api: &Api,
    link: &CallLink,
    channel: Channel,
    to: &str,
    code: u32,
) -> Result<(), Problem> {
    let CallLink { entity, agent, .. } = link;
    let Some(view) = api.roster.view(entity) else { return Ok(()) };
    let phone = view.agents.get(agent).and_then(|known| known.phone.as_deref());
    let Some(phone) =
        phone.filter(|phone| e164(phone, &view.entity.country).as_deref() == Some(to))
    else {
        return Ok(());
    };
    let why = format!("the telephone provider cannot reach the number: error {code}");
    let reach = Reach::failed(phone, &why, api.clock.now());
    info!(entity.id = %entity, agent.id = %agent, channel = channel.as_str(), code, "a number is of no use and is left out from now on");
    api.roster.put_reach(entity, agent, channel, reach).await.map_err(|failed| {
        error!(error = &failed as &dyn std::error::Error, "it was not noted");
        failed.into()
    })
}
