//! The two demo teams: Acme in English, Casa Azul in Spanish.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tipoff_domain::{Agent, AgentId, Channel, Entity, EntityId, Route, Source, SourceId};
use tipoff_roster::{AppKind, Expect, NewKey, Role, Roster};

const TEAMS: [(&str, &str); 2] =
    [("acme", include_str!("acme.json")), ("casa", include_str!("casa.json"))];

/// Their rooms in chats.
pub(super) const ROOMS: [(&str, Channel); 2] = [("casa", Channel::Slack), ("casa", Channel::Teams)];

/// What some of them carry instead of a browser.
const TELEPHONES: [(&str, &str, AppKind); 4] = [
    ("acme", "ben", AppKind::Fcm),
    ("acme", "chloe", AppKind::Apns),
    ("casa", "lucia", AppKind::Fcm),
    ("casa", "mateo", AppKind::Apns),
];

/// The telephone that an agent carries; `None`: they have a browser.
pub(super) fn telephone(entity: &str, agent: &str) -> Option<AppKind> {
    let theirs = TELEPHONES.iter().find(|(team, who, _)| (*team, *who) == (entity, agent));
    theirs.map(|(_, _, kind)| *kind)
}

/// A team, as its file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Team {
    entity: Entity,
    agents: BTreeMap<AgentId, Agent>,
    sources: BTreeMap<SourceId, Source>,
    /// In list order.
    routes: Vec<Route>,
}

/// The keys of one team, as `--json` prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TeamKeys {
    pub(super) admin_key: String,
    pub(super) source_keys: BTreeMap<SourceId, String>,
    pub(super) agents: BTreeMap<AgentId, AgentKey>,
}

/// An agent's key, and where their mail goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AgentKey {
    pub(super) key: String,
    pub(super) email: String,
}

fn teams() -> anyhow::Result<Vec<(EntityId, Team)>> {
    let read = |(id, text): (&str, &str)| {
        Ok((id.parse()?, serde_json::from_str(text).with_context(|| format!("demo team {id}"))?))
    };
    TEAMS.into_iter().map(read).collect()
}

/// Makes both teams, and keys for everybody in them.
pub(super) async fn make(roster: &Roster) -> anyhow::Result<BTreeMap<EntityId, TeamKeys>> {
    let mut made = BTreeMap::new();
    for (id, team) in teams()? {
        let keys = make_one(roster, &id, team)
            .await
            .with_context(|| format!("the demo team {id} could not be made"))?;
        made.insert(id, keys);
    }
    Ok(made)
}

async fn make_one(roster: &Roster, id: &EntityId, team: Team) -> anyhow::Result<TeamKeys> {
    roster.put_entity(id, team.entity, Expect::Anything).await?;
    let key = |role| NewKey { role, entity: Some(id.clone()), agent: None, source: None };
    let admin_key = roster.create_key(key(Role::Admin)).await?.text;

    let mut agents = BTreeMap::new();
    for (agent, details) in team.agents {
        let email = details.email.clone().unwrap_or_default();
        roster.put_agent(id, &agent, details, Expect::Anything).await?;
        let made =
            roster.create_key(NewKey { agent: Some(agent.clone()), ..key(Role::Agent) }).await?;
        agents.insert(agent, AgentKey { key: made.text, email });
    }
    let mut source_keys = BTreeMap::new();
    for (source, details) in team.sources {
        roster.put_source(id, &source, details, Expect::Anything).await?;
        let made =
            roster.create_key(NewKey { source: Some(source.clone()), ..key(Role::Source) }).await?;
        source_keys.insert(source, made.text);
    }
    let has_routes = roster.view(id).is_some_and(|view| !view.routes.is_empty());
    for route in team.routes.into_iter().filter(|_| !has_routes) {
        roster.create_route(id, route).await?;
    }
    Ok(TeamKeys { admin_key, source_keys, agents })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::mem::discriminant;
    use std::sync::Arc;

    use tipoff_domain::EntityView;

    use super::*;

    #[test]
    fn each_team_is_sound_and_shows_all_five_rules() {
        for (id, team) in teams().unwrap() {
            assert_eq!(team.entity.check(), Ok(()), "{id}");
            for agent in team.agents.values() {
                assert_eq!(agent.check(), Ok(()), "{}", agent.name);
            }
            let mut rules = Vec::new();
            let view = EntityView {
                agents: team
                    .agents
                    .iter()
                    .map(|(id, agent)| (id.clone(), Arc::new(agent.clone())))
                    .collect(),
                ..EntityView::new(id.clone(), Arc::new(team.entity.clone()))
            };
            for route in &team.routes {
                assert_eq!(route.check(&view), Ok(()), "{}", route.title);
                if !rules.contains(&discriminant(&route.strategy)) {
                    rules.push(discriminant(&route.strategy));
                }
            }
            assert_eq!(rules.len(), 5, "{id}");
            let addresses: BTreeSet<_> =
                team.agents.values().filter_map(|agent| agent.email.as_deref()).collect();
            assert_eq!(addresses.len(), team.agents.len(), "{id}");
        }
    }
}
