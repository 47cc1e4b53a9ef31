//! Test messages: a person confirms that a channel reaches them.

use async_nats::HeaderMap;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_domain::{AgentId, Channel, EntityId, Works};
use tipoff_roster::{EditError, Reach, mark};
use tipoff_runtime::Publisher;
use tipoff_wire::link::ConfirmLink;
use tipoff_wire::{Trial, subject};
use tracing::{error, info};

use super::names::{AgentChannelPath, ChannelPath};
use super::reach::channel_state;
use super::schema;
use crate::Api;
use crate::access::Caller;
use crate::body::{In, Sent};
use crate::problem::Problem;

const LONGEST_CODE: usize = 16;

/// What stood in the test message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    code: String,
}

/// A channel of an agent.
struct Whose {
    entity: EntityId,
    agent: AgentId,
    channel: Channel,
}

/// Send me a test message
///
/// It goes to every address that you have for the channel, one a minute at most. Confirm it by its link, by its
/// code, by answering a text with the code, or by pressing 1 in a call.
#[utoipa::path(post, path = "/v1/me/channels/{channel}/test", tag = "me", params(ChannelPath),
    responses((status = 202, body = schema::TestSent)))]
pub(crate) async fn test_mine(
    State(api): State<Api>,
    caller: Caller,
    In(ChannelPath { channel }): In<ChannelPath>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (entity, agent) = caller.agent()?;
    api.test(Whose { entity: entity.clone(), agent: agent.clone(), channel }).await
}

/// Confirm a test message of mine by its code
#[utoipa::path(post, path = "/v1/me/channels/{channel}/confirm", tag = "me", params(ChannelPath),
    request_body = schema::TestCode, responses((status = 200, body = schema::ChannelState)))]
pub(crate) async fn confirm_mine(
    State(api): State<Api>,
    caller: Caller,
    In(ChannelPath { channel }): In<ChannelPath>,
    Sent(Wanted { code }): Sent<Wanted>,
) -> Result<Json<Value>, Problem> {
    let (entity, agent) = caller.agent()?;
    api.confirm_code(Whose { entity: entity.clone(), agent: agent.clone(), channel }, &code).await
}

/// Send an agent a test message
///
/// The agent confirms it by its link, by answering a text with the code or by pressing 1 in a call, or tells you the code.
#[utoipa::path(post, path = "/v1/entities/{entity}/agents/{agent}/channels/{channel}/test", tag = "agents",
    params(AgentChannelPath), responses((status = 202, body = schema::TestSent)))]
pub(crate) async fn test_agent(
    State(api): State<Api>,
    caller: Caller,
    In(AgentChannelPath { entity, agent, channel }): In<AgentChannelPath>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.admin_of(&entity)?;
    api.test(Whose { entity, agent, channel }).await
}

/// Confirm a test message to an agent by its code
#[utoipa::path(post, path = "/v1/entities/{entity}/agents/{agent}/channels/{channel}/confirm", tag = "agents",
    params(AgentChannelPath), request_body = schema::TestCode,
    responses((status = 200, body = schema::ChannelState)))]
pub(crate) async fn confirm_agent(
    State(api): State<Api>,
    caller: Caller,
    In(AgentChannelPath { entity, agent, channel }): In<AgentChannelPath>,
    Sent(Wanted { code }): Sent<Wanted>,
) -> Result<Json<Value>, Problem> {
    caller.admin_of(&entity)?;
    api.confirm_code(Whose { entity, agent, channel }, &code).await
}

fn too_many_guesses(seconds: i64) -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_guesses",
        "Too many codes were tried for this channel",
    )
    .detail("try again later, or press the button of the test message")
    .header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

impl Api {
    /// The channel's addresses, if there is anything to test.
    fn testable(&self, whose: &Whose) -> Result<Vec<String>, Problem> {
        let Whose { entity, agent, channel } = whose;
        let view = self.entity_view(entity)?;
        if !view.agents.contains_key(agent) {
            return Err(Problem::not_found(&format!("agent `{agent}`")));
        }
        if !channel.is_tested() {
            return Err(Problem::not_found(&format!("a test over `{}`", channel.as_str())));
        }
        let addresses = self.roster.addresses(entity, agent, *channel);
        if addresses.is_empty() {
            let detail = format!("`{agent}` has no address for `{}`", channel.as_str());
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "no_address",
                "There is nowhere to send it",
            )
            .detail(detail));
        }
        Ok(addresses)
    }

    async fn test(&self, whose: Whose) -> Result<(StatusCode, Json<Value>), Problem> {
        let addresses = self.testable(&whose)?;
        let Whose { entity, agent, channel } = whose;
        let reach = self.roster.reach(&entity, &agent, channel);
        if reach.is_some_and(|reach| reach.works == Works::Stopped) {
            let detail = "they said STOP; they must text START before anything is sent there";
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "stopped",
                "They want no messages there",
            )
            .detail(detail));
        }
        let trial = Trial { channel, entity, agent, at: self.clock.now() };
        let (subject, key) = (subject::trial(channel, &trial.entity), trial.key());
        let body = Bytes::from(serde_json::to_vec(&trial).map_err(|_| Problem::internal())?);
        let publisher = Publisher::new(self.nats.clone());
        let published = publisher.publish(subject, &key, None, HeaderMap::new(), body).await;
        let published = published.map_err(|failed| {
            error!(
                error = &failed as &dyn std::error::Error,
                "a test message was not written down"
            );
            Problem::unavailable(
                "log_unavailable",
                "It cannot be sent now",
                "try again in a moment",
            )
        })?;
        if published.duplicate {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_soon",
                "A test message was just sent",
            )
            .detail("look for it; another one can be sent in a minute")
            .header(header::RETRY_AFTER, HeaderValue::from_static("60")));
        }
        let body = json!({"outcome": "queued", "channel": channel, "addresses": addresses.len()});
        Ok((StatusCode::ACCEPTED, Json(body)))
    }

    async fn confirm_code(&self, whose: Whose, code: &str) -> Result<Json<Value>, Problem> {
        let addresses = self.testable(&whose)?;
        let Whose { entity, agent, channel } = whose;
        let code = code.trim().chars().take(LONGEST_CODE).collect::<String>();
        let link = self.guess(&entity, &agent, channel, &addresses, &code).await?;
        let refused =
            || Problem::invalid_field("/code", "is not in a test message of the last half hour");
        if !self.confirm(&link.ok_or_else(refused)?).await? {
            return Err(refused());
        }
        Ok(Json(channel_state(self, &entity, &agent, channel)))
    }

    /// What a test message with this code was about. Whoever tries many codes may
    /// try no more for a while, the right one neither.
    pub(crate) async fn guess(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        channel: Channel,
        addresses: &[String],
        code: &str,
    ) -> Result<Option<ConfirmLink>, Problem> {
        let now = self.clock.now();
        let whose = format!("{entity}:{agent}:{}", channel.as_str());
        let may = self.telephony.may_guess(&whose, now).await.map_err(|failed| {
            error!(error = &failed as &dyn std::error::Error, "a code was not looked at");
            Problem::unavailable("busy", "It cannot be looked at now", "try again in a moment")
        })?;
        may.map_err(too_many_guesses)?;
        let Some(secret) = self.pages.secret() else { return Ok(None) };
        let link = |address: &String| {
            let (entity, agent, address) = (entity.clone(), agent.clone(), mark(address));
            ConfirmLink { entity, agent, channel, address, until: now }
        };
        Ok(addresses.iter().map(link).find(|link| link.is_code(code, secret, now)))
    }

    /// The address that a link is about, if the agent still has it.
    pub(crate) fn present_address(&self, link: &ConfirmLink) -> Option<String> {
        let ConfirmLink { entity, agent, channel, .. } = link;
        let addresses = self.roster.addresses(entity, agent, *channel);
        addresses.into_iter().find(|address| mark(address) == link.address)
    }

    /// Notes that whoever has the address read a test message. `false`: it is
    /// not the agent's any more, or they said STOP since.
    pub(crate) async fn confirm(&self, link: &ConfirmLink) -> Result<bool, EditError> {
        let ConfirmLink { entity, agent, channel, .. } = link;
        let Some(address) = self.present_address(link) else { return Ok(false) };
        let known = self.roster.reach(entity, agent, *channel);
        if known.is_some_and(|known| known.works == Works::Stopped) {
            return Ok(false);
        }
        let reach = Reach::confirmed(&address, self.clock.now());
        self.roster.put_reach(entity, agent, *channel, reach).await?;
        info!(entity.id = %entity, agent.id = %agent, channel = channel.as_str(), "a channel was confirmed");
        Ok(true)
    }
}
