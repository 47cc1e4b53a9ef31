//! Entities to measure with, made at once and many at a time.

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tipoff_domain::{EntityId, Route};
use tipoff_roster::{Expect, NewKey, Role, Roster};

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
}

/// Makes `count` teams whose names begin with `prefix`.
pub(super) async fn teams(
    roster: &Roster,
    prefix: &str,
    count: usize,
    like: &Like,
) -> anyhow::Result<Vec<Team>> {
    let making = (0..count).map(|number| team(roster, format!("{prefix}-{number}"), like));
    stream::iter(making).buffered(AT_ONCE).try_collect().await
}

async fn team(roster: &Roster, name: String, like: &Like) -> anyhow::Result<Team> {
    let entity: EntityId = name.parse()?;
    let body = json!({"name": name, "kind": "team", "zone": "America/New_York"});
    roster.put_entity(&entity, serde_json::from_value(body)?, Expect::Absent).await?;
    let agents = (0..like.agents).map(|agent| add_agent(roster, &entity, agent));
    stream::iter(agents).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let source = "portal".parse()?;
    let body = serde_json::from_value(json!({"name": "Portal"}))?;
    roster.put_source(&entity, &source, body, Expect::Absent).await?;
    for route in &like.routes {
        roster.create_route(&entity, route.clone()).await?;
    }
    let key = NewKey {
        role: Role::Source,
        entity: Some(entity.clone()),
        agent: None,
        source: Some(source),
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
