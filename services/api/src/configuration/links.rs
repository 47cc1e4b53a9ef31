//! Claim links that came into wrong hands.

use axum::extract::State;
use axum::http::StatusCode;
use tipoff_domain::{Agent, AgentId, EntityId};

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
    api.end_links_of(&caller, &entity, &agent).await
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
    api.end_links_of(&caller, entity, agent).await
}

impl Api {
    /// In one tree a name is one person; links about leads of an entity go by its own entry
    /// of them, so they are ended wherever the agent is entered.
    async fn end_links_of(
        &self,
        caller: &Caller,
        entity: &EntityId,
        agent: &AgentId,
    ) -> Result<StatusCode, Problem> {
        for home in self.roster.entries(entity, agent) {
            self.change_agent(caller, &home, agent, Basis::Anything, begin_another).await?;
        }
        Ok(StatusCode::NO_CONTENT)
    }
}

fn begin_another(agent: &mut Agent) {
    agent.link_series = agent.link_series.saturating_add(1);
}
