//! Pauses and limits of agents (D-20, D-23): by themselves, by an admin on all
//! routes, by an admin on one.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tipoff_domain::{Agent, AgentId, Away, EntityId, Limit, RouteId};
use tipoff_roster::{EditError, Expect};
use utoipa::ToSchema;

use super::{ATTEMPTS, Named, agents::missing};
use crate::Api;
use crate::access::Caller;
use crate::body::{Document, In, MaybeSent};
use crate::etag::{Basis, Versioned};
use crate::names::AgentPath;
use crate::problem::Problem;
use crate::schema;

type Shown = Versioned<Named<AgentId, Agent>>;

/// Where an agent is paused.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"route": "route_1"}))]
pub(crate) struct Where {
    /// On this route only; on all routes if left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    route: Option<RouteId>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"limits": [{"count": 5, "period": "day"}]}))]
pub(crate) struct Limits {
    /// All of them count; none: as many leads as come.
    #[schema(value_type = Vec<schema::Limit>)]
    limits: Vec<Limit>,
}

/// For how long. Either end may be open.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "2026-12-24T00:00:00Z", "until": "2027-01-02T00:00:00Z"}))]
pub(crate) struct PauseWanted {
    /// From now on if left out.
    #[serde(default, deserialize_with = "crate::instant::in_reach")]
    from: Option<DateTime<Utc>>,
    /// Exclusive; until you resume if left out.
    #[serde(default, deserialize_with = "crate::instant::in_reach")]
    until: Option<DateTime<Utc>>,
}

/// Pause an agent
///
/// A paused agent is offered nothing new, on all routes or on the one named; what is on offer to them stays.
#[utoipa::path(post, path = "/v1/entities/{entity}/agents/{agent}/pause", tag = "agents", params(AgentPath),
    request_body = Option<Where>, responses((status = 200, body = schema::Agent)))]
pub(crate) async fn pause_agent(
    State(api): State<Api>,
    caller: Caller,
    In(path): In<AgentPath>,
    basis: Basis,
    MaybeSent(Where { route }): MaybeSent<Where>,
) -> Result<Shown, Problem> {
    api.pauses_on(&caller, &path.entity, route.as_ref())?;
    let view = api.entity_view(&path.entity)?;
    if let Some(route) = route.as_ref().filter(|route| view.route(route).is_none()) {
        return Err(Problem::invalid_field("/route", format!("`{route}` is not a route here")));
    }
    api.change_agent(&caller, &path.entity, &path.agent, basis, |agent| match &route {
        None => agent.paused = true,
        Some(route) if agent.paused_on.contains(route) => {}
        Some(route) => agent.paused_on.push(route.clone()),
    })
    .await
}

/// Resume an agent
///
/// On all routes or on the one named; each lifts only its own pause. A pause that the agent made for themselves stays: look at `away`.
#[utoipa::path(post, path = "/v1/entities/{entity}/agents/{agent}/resume", tag = "agents", params(AgentPath),
    request_body = Option<Where>, responses((status = 200, body = schema::Agent)))]
pub(crate) async fn resume_agent(
    State(api): State<Api>,
    caller: Caller,
    In(path): In<AgentPath>,
    basis: Basis,
    MaybeSent(Where { route }): MaybeSent<Where>,
) -> Result<Shown, Problem> {
    api.pauses_on(&caller, &path.entity, route.as_ref())?;
    api.change_agent(&caller, &path.entity, &path.agent, basis, |agent| match &route {
        None => agent.paused = false,
        Some(route) => agent.paused_on.retain(|paused| paused != route),
    })
    .await
}

/// Set how many leads an agent gets
///
/// They take the place of the limits before.
#[utoipa::path(put, path = "/v1/entities/{entity}/agents/{agent}/limits", tag = "agents", params(AgentPath),
    request_body = Limits, responses((status = 200, body = schema::Agent)))]
pub(crate) async fn limit_agent(
    State(api): State<Api>,
    caller: Caller,
    In(path): In<AgentPath>,
    basis: Basis,
    sent: Document<Limits>,
) -> Result<Shown, Problem> {
    caller.admin_of(&path.entity)?;
    let Limits { limits } = sent.called(path.agent.as_str())?;
    api.change_agent(&caller, &path.entity, &path.agent, basis, |agent| {
        agent.limits.clone_from(&limits);
    })
    .await
}

/// Take no leads for a while
///
/// What is on offer to you stays.
#[utoipa::path(post, path = "/v1/me/pause", tag = "me", request_body = Option<PauseWanted>,
    responses((status = 200, body = schema::Paused)))]
pub(crate) async fn pause_me(
    State(api): State<Api>,
    caller: Caller,
    MaybeSent(PauseWanted { from, until }): MaybeSent<PauseWanted>,
) -> Result<Json<Value>, Problem> {
    if until.is_some_and(|until| until <= api.clock.now()) {
        return Err(Problem::invalid_field("/until", "must lie in the future"));
    }
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        return Err(Problem::invalid_field("/until", "must lie after `from`"));
    }
    let from = Some(from.unwrap_or_else(|| api.clock.now()));
    api.set_away(&caller, Some(Away { from, until })).await
}

/// Take leads again
///
/// A pause by an admin stays, and the answer says so.
#[utoipa::path(post, path = "/v1/me/resume", tag = "me", responses((status = 200, body = schema::Paused)))]
pub(crate) async fn resume_me(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    api.set_away(&caller, None).await
}

impl Api {
    async fn set_away(&self, caller: &Caller, away: Option<Away>) -> Result<Json<Value>, Problem> {
        let (entity, id) = caller.agent()?;
        let change = |agent: &mut Agent| agent.away.clone_from(&away);
        let edited = self.change_agent(caller, entity, id, Basis::Anything, change).await?;
        let Agent { paused, paused_on, away, .. } = edited.body.value;
        let by_admin = match (paused, paused_on.len()) {
            (true, _) => Some("an admin has paused you on all routes; only an admin can lift that"),
            (false, 0) => None,
            (false, _) => {
                Some("an admin has paused you on some routes; only an admin can lift that")
            }
        };
        let now_paused = paused || away.as_ref().is_some_and(|away| away.covers(self.clock.now()));
        Ok(Json(json!({
            "paused": now_paused, "away": away, "paused_by_admin": paused, "paused_on": paused_on,
            "detail": by_admin,
        })))
    }

    /// Who may pause agents: a manager on their route, an admin everywhere.
    fn pauses_on(
        &self,
        caller: &Caller,
        entity: &EntityId,
        route: Option<&RouteId>,
    ) -> Result<(), Problem> {
        match route {
            Some(route) => self.managed(caller, entity, route).map(drop),
            None => caller.admin_of(entity),
        }
    }

    /// Changes an agent of the entity, wherever in the tree their entry stands;
    /// whether the caller may is seen before.
    pub(super) async fn change_agent(
        &self,
        caller: &Caller,
        entity: &EntityId,
        id: &AgentId,
        basis: Basis,
        change: impl Fn(&mut Agent),
    ) -> Result<Shown, Problem> {
        let what = format!("agent `{id}`");
        let roster = self.roster.by(&caller.0);
        let mut conflict = None;
        for _ in 0..ATTEMPTS {
            let home = roster.home(entity, id);
            let version = home.as_ref().and_then(|home| roster.agent_version(home, id));
            let expect = match basis.must_exist(&what, version)? {
                Expect::Anything => version.map_or(Expect::Anything, Expect::Version),
                named => named,
            };
            let home = home.ok_or_else(|| missing(id))?;
            let view = self.entity_view(&home)?;
            let mut agent = view.agents.get(id).ok_or_else(|| missing(id))?.as_ref().clone();
            change(&mut agent);
            match roster.put_agent(&home, id, agent, expect).await {
                Ok(edited) => {
                    let (value, version) = (edited.value, edited.version);
                    return Ok(Named { id: id.clone(), value, version }.shown());
                }
                Err(refused @ EditError::Conflict { .. }) if basis == Basis::Anything => {
                    conflict = Some(refused);
                }
                Err(refused) => return Err(refused.into()),
            }
        }
        Err(conflict.map_or_else(Problem::internal, Problem::from))
    }
}
