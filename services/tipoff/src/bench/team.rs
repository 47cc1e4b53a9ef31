//! Entities to measure with, made at once and many at a time.

use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tipoff_domain::{EntityId, Route};
use tipoff_roster::{Expect, NewKey, Role, Roster};
use tipoff_runtime::Nats;

use super::copies::copy;

/// Edits on their way at once.
const AT_ONCE: usize = 64;

/// An entity, and the key that its source sends with.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) entity: EntityId,
    pub(super) source_key: String,
}

/// What every team is like.
pub(super) struct Like {
    pub(super) agents: usize,
    pub(super) routes: Vec<Route>,
    /// Leads per second that its source may send.
    pub(super) source_rate: u32,
}

/// Faster than any source that is measured.
const NO_LIMIT: u32 = 1_000_000;

impl Like {
    /// Whose source may send as fast as it can.
    pub(super) fn new(agents: usize, routes: Vec<Route>) -> Self {
        Self { agents, routes, source_rate: NO_LIMIT }
    }
}

/// Makes `count` teams whose names begin with `prefix`: the first by the
/// roster, the others after it.
pub(super) async fn teams(
    nats: &Nats,
    roster: &Roster,
    prefix: &str,
    count: usize,
    like: &Like,
) -> anyhow::Result<Vec<Team>> {
    let names = (0..count).map(|number| Ok(format!("{prefix}-{number}").parse()?));
    let names = names.collect::<anyhow::Result<Vec<EntityId>>>()?;
    let (first, others) = names.split_first().context("at least one entity is needed")?;
    make(roster, first, like).await?;
    if !others.is_empty() {
        copy(nats, roster, first, others).await?;
    }
    let keys = names.iter().map(|entity| with_key(roster, entity.clone()));
    stream::iter(keys).buffered(AT_ONCE).try_collect().await
}

async fn make(roster: &Roster, entity: &EntityId, like: &Like) -> anyhow::Result<()> {
    let name = entity.as_str();
    let body = json!({"name": name, "kind": "team", "zone": "America/New_York"});
    roster.put_entity(entity, serde_json::from_value(body)?, Expect::Absent).await?;
    let agents = (0..like.agents).map(|agent| add_agent(roster, entity, agent));
    stream::iter(agents).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let source = "portal".parse()?;
    let body =
        serde_json::from_value(json!({"name": "Portal", "leads_per_second": like.source_rate}))?;
    roster.put_source(entity, &source, body, Expect::Absent).await?;
    for route in &like.routes {
        roster.create_route(entity, route.clone()).await?;
    }
    Ok(())
}

async fn with_key(roster: &Roster, entity: EntityId) -> anyhow::Result<Team> {
    let key = NewKey {
        role: Role::Source,
        entity: Some(entity.clone()),
        agent: None,
        source: Some("portal".parse()?),
    };
    let source_key = roster.create_key(key).await?.text;
    Ok(Team { entity, source_key })
}

async fn add_agent(roster: &Roster, entity: &EntityId, agent: usize) -> anyhow::Result<()> {
    let email = format!("agent{agent}@{entity}.example.com");
    let body = json!({"name": format!("Agent {agent}"), "email": email, "channels": ["email"]});
    let id = format!("agent{agent}").parse()?;
    roster.put_agent(entity, &id, serde_json::from_value(body)?, Expect::Absent).await?;
    Ok(())
}

/// A key for one of the team's agents.
pub(super) async fn agent_key(
    roster: &Roster,
    entity: &EntityId,
    agent: usize,
) -> anyhow::Result<String> {
    let agent = Some(format!("agent{agent}").parse()?);
    let key = NewKey { role: Role::Agent, entity: Some(entity.clone()), agent, source: None };
    Ok(roster.create_key(key).await?.text)
}
