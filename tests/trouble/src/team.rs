//! A team for each strategy, and one whose leads only ask whether all is well.

use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tipoff_domain::{AgentId, EntityId, Route, RouteId};
use tipoff_roster::{Expect, NewKey, Role, Roster};

/// How many agents each team has.
pub const AGENTS: usize = 4;
/// Edits on their way at once.
const AT_ONCE: usize = 32;
/// The team whose leads are only sent to see whether everything works.
pub const PROBED: &str = "probed";

/// An entity with one route, and keys for everybody.
#[derive(Debug, Clone)]
pub struct Team {
    pub entity: EntityId,
    pub route: RouteId,
    /// Whether its route goes round a list.
    pub in_turns: bool,
    pub agents: Vec<AgentId>,
    pub source_key: String,
    pub admin_key: String,
    /// Of the agents, in their order.
    pub agent_keys: Vec<String>,
}

impl Team {
    /// The key of one of its agents.
    pub fn key_of(&self, agent: &AgentId) -> anyhow::Result<&str> {
        let known = self.agents.iter().position(|known| known == agent);
        let key = known.and_then(|at| self.agent_keys.get(at));
        key.map(String::as_str).with_context(|| format!("{agent} has no key"))
    }
}

pub(crate) async fn teams(roster: &Roster) -> anyhow::Result<Vec<Team>> {
    let weights: serde_json::Map<String, Value> =
        (0..AGENTS).map(|agent| (name_of(agent), json!(100 / AGENTS))).collect();
    let list: Vec<String> = (0..AGENTS).map(name_of).collect();
    let wanted = [
        ("turns", json!({"kind": "round_robin", "agents": list}), "10s"),
        ("draws", json!({"kind": "random", "agents": "all"}), "10s"),
        ("weights", json!({"kind": "weighted_random", "weights": weights}), "10s"),
        ("ball", json!({"kind": "jump_ball", "agents": "all"}), "10s"),
        ("direct", json!({"kind": "assign_to_agent", "agent": name_of(0)}), "10s"),
        (PROBED, json!({"kind": "round_robin", "agents": list}), "2m"),
    ];
    let mut teams = Vec::new();
    for (entity, strategy, claim_within) in wanted {
        teams.push(team(roster, entity, &strategy, claim_within, AGENTS).await?);
    }
    Ok(teams)
}

fn name_of(agent: usize) -> String {
    format!("agent{agent}")
}

/// Where an agent is told.
pub fn address(entity: &EntityId, agent: &AgentId) -> String {
    format!("{agent}@{entity}.example.com")
}

/// An entity with one route and so many agents.
pub async fn team(
    roster: &Roster,
    name: &str,
    strategy: &Value,
    claim_within: &str,
    agents: usize,
) -> anyhow::Result<Team> {
    let entity: EntityId = name.parse()?;
    let body = json!({"name": name, "kind": "team", "zone": "America/New_York"});
    roster.put_entity(&entity, serde_json::from_value(body)?, Expect::Absent).await?;
    let source = "portal".parse()?;
    let body = serde_json::from_value(json!({"name": "Portal"}))?;
    roster.put_source(&entity, &source, body, Expect::Absent).await?;
    let key = |role, agent, source| NewKey { role, entity: Some(entity.clone()), agent, source };
    let source_key = roster.create_key(key(Role::Source, None, Some(source))).await?.text;
    let admin_key = roster.create_key(key(Role::Admin, None, None)).await?.text;
    let adding = (0..agents).map(async |number| {
        let agent: AgentId = name_of(number).parse()?;
        let email = address(&entity, &agent);
        let body =
            json!({"name": format!("Agent {number}"), "email": email, "channels": ["email"]});
        roster.put_agent(&entity, &agent, serde_json::from_value(body)?, Expect::Absent).await?;
        let made = roster.create_key(key(Role::Agent, Some(agent.clone()), None)).await?;
        anyhow::Ok((agent, made.text))
    });
    let added: Vec<_> = stream::iter(adding).buffered(AT_ONCE).try_collect().await?;
    let (agents, agent_keys) = added.into_iter().unzip();
    let route = json!({"title": "Everything", "strategy": strategy, "claim_within": claim_within, "channels": ["email"]});
    let route: Route = serde_json::from_value(route)?;
    let route = roster.create_route(&entity, route).await?.value.id;
    let in_turns = strategy["kind"] == "round_robin";
    Ok(Team { entity, route, in_turns, agents, source_key, admin_key, agent_keys })
}
