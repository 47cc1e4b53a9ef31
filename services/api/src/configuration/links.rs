//! Claim links that came into wrong hands.

use axum::extract::State;
use axum::http::StatusCode;
use tipoff_domain::Agent;

use super::agents::missing;
use crate::Api;
use crate::access::Caller;
use crate::body::In;
use crate::etag::Basis;
use crate::names::AgentPath;
use crate::problem::Problem;

/// End an agent's claim links
///
/// Those that they were sent so far open no more, as if they had never been made; those of new messages do. For when a message was forwarded or a mailbox is not theirs any more.
#[utoipa::path(post, path = "/v1/entities/{entity}/agents/{agent}/end-links", tag = "agents", params(AgentPath),
    responses((status = 204, description = "ended")))]
pub(crate) async fn end_links(
    State(api): State<Api>,
    caller: Caller,
    In(AgentPath { entity, agent }): In<AgentPath>,
) -> Result<StatusCode, Problem> {
    caller.admin_of(&entity)?;
    let view = api.entity_view(&entity)?;
    if !view.agents.contains_key(&agent) {
        return Err(missing(&agent));
    }
    // In one tree a name is one person, and their links are ended wherever they are entered.
    for home in api.roster.entries(&entity, &agent) {
        api.change_agent(&caller, &home, &agent, Basis::Anything, begin_another).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// End your claim links
///
/// Those that you were sent so far open no more; those of new messages do.
#[utoipa::path(post, path = "/v1/me/end-links", tag = "me", responses((status = 204, description = "ended")))]
pub(crate) async fn end_my_links(
    State(api): State<Api>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    let (entity, agent) = caller.agent()?;
    // Entities above may have entries of them as well: links about those leads go by these.
    for home in api.roster.entries(entity, agent) {
        api.change_agent(&caller, &home, agent, Basis::Anything, begin_another).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn begin_another(agent: &mut Agent) {
    agent.link_series = agent.link_series.saturating_add(1);
}
