//! Telephones with an app that want to be told.

use axum::extract::State;
use axum::http::StatusCode;
use tipoff_roster::AppDevice;

use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::Sent;
use crate::problem::Problem;

const LONGEST_TOKEN: usize = 4_096;

/// Get notices on this telephone
///
/// An agent has twenty browsers and telephones at most.
#[utoipa::path(post, path = "/v1/me/devices", tag = "push", request_body = schema::AppDevice,
    responses((status = 201, description = "subscribed")))]
pub(crate) async fn add_device(
    State(api): State<Api>,
    caller: Caller,
    Sent(device): Sent<AppDevice>,
) -> Result<StatusCode, Problem> {
    let (entity, agent) = caller.agent()?;
    // A token stands in the path of a request to Apple.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
    let token = &device.token;
    if token.is_empty() || token.len() > LONGEST_TOKEN || !token.chars().all(plain) {
        return Err(Problem::invalid_field("/token", "is not a token of a push service"));
    }
    api.roster.add_device(entity, agent, device.into()).await?;
    Ok(StatusCode::CREATED)
}

/// Stop notices on a telephone
#[utoipa::path(delete, path = "/v1/me/devices", tag = "push", request_body = schema::AppDevice,
    responses((status = 204, description = "not subscribed any more")))]
pub(crate) async fn remove_device(
    State(api): State<Api>,
    caller: Caller,
    Sent(device): Sent<AppDevice>,
) -> Result<StatusCode, Problem> {
    let (entity, agent) = caller.agent()?;
    api.roster.remove_push_subscription(entity, agent, &device.token).await?;
    Ok(StatusCode::NO_CONTENT)
}
