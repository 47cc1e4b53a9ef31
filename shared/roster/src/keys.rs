//! Keys of the two buckets, written and read in this file only.

use std::fmt;

use tipoff_domain::{AgentId, EntityId, RouteId, SourceId};

/// The bucket of entities, agents, sources and routes.
pub(crate) const ROSTER: &str = "roster";
/// The bucket of API keys.
pub(crate) const AUTH: &str = "auth";

/// A key of the bucket `roster`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Deployment,
    Entity(EntityId),
    Agent(EntityId, AgentId),
    Source(EntityId, SourceId),
    Route(EntityId, RouteId),
    Order(EntityId),
    /// The last part tells the endpoints of one agent apart.
    Push(EntityId, AgentId, String),
}

impl Key {
    /// `None`: not one of ours; a later release may have written it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        match parts[..] {
            ["deployment"] => Some(Self::Deployment),
            ["entity", entity] => Some(Self::Entity(entity.parse().ok()?)),
            ["agent", entity, agent] => {
                Some(Self::Agent(entity.parse().ok()?, agent.parse().ok()?))
            }
            ["source", entity, source] => {
                Some(Self::Source(entity.parse().ok()?, source.parse().ok()?))
            }
            ["route", entity, route] => {
                Some(Self::Route(entity.parse().ok()?, route.parse().ok()?))
            }
            ["order", entity] => Some(Self::Order(entity.parse().ok()?)),
            ["push", entity, agent, endpoint] => {
                Some(Self::Push(entity.parse().ok()?, agent.parse().ok()?, endpoint.to_owned()))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deployment => f.write_str("deployment"),
            Self::Entity(entity) => write!(f, "entity.{entity}"),
            Self::Agent(entity, agent) => write!(f, "agent.{entity}.{agent}"),
            Self::Source(entity, source) => write!(f, "source.{entity}.{source}"),
            Self::Route(entity, route) => write!(f, "route.{entity}.{route}"),
            Self::Order(entity) => write!(f, "order.{entity}"),
            Self::Push(entity, agent, endpoint) => write!(f, "push.{entity}.{agent}.{endpoint}"),
        }
    }
}

/// The key of an API key in the bucket `auth`.
pub(crate) fn api_key(id: &str) -> String {
    format!("key.{id}")
}

/// The id in a key of the bucket `auth`.
pub(crate) fn read_api_key(text: &str) -> Option<&str> {
    text.strip_prefix("key.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let (acme, ana) = ("acme".parse::<EntityId>().unwrap(), "ana".parse::<AgentId>().unwrap());
        let keys = [
            Key::Deployment,
            Key::Entity(acme.clone()),
            Key::Agent(acme.clone(), ana.clone()),
            Key::Source(acme.clone(), "zillow".parse().unwrap()),
            Key::Route(acme.clone(), "route_1".parse().unwrap()),
            Key::Order(acme.clone()),
            Key::Push(acme, ana, "c0ffee".to_owned()),
        ];
        for key in keys {
            assert_eq!(Key::read(&key.to_string()), Some(key));
        }
        assert_eq!(Key::read("pond.acme.north"), None);
        assert_eq!(Key::read("entity.no/name"), None);
    }
}
