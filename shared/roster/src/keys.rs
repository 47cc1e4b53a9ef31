//! Keys of the two buckets, written and read in this file only.

use std::fmt::{self, Write};

use ring::digest::{SHA256, digest};
use tipoff_domain::{
    AgentId, Channel, EntityId, LenderId, Locale, PondId, RouteId, SourceId, WebhookId,
};

/// The bucket of entities and all that belongs to them.
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
    Seen(EntityId, SourceId),
    Pond(EntityId, PondId),
    Lender(EntityId, LenderId),
    Route(EntityId, RouteId),
    Order(EntityId),
    /// The last part tells the endpoints of one agent apart.
    Push(EntityId, AgentId, String),
    Reach(EntityId, AgentId, Channel),
    Room(EntityId, Channel),
    /// Piece and language.
    Template(EntityId, String, Locale),
    Webhook(EntityId, WebhookId),
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
            ["seen", entity, source] => {
                Some(Self::Seen(entity.parse().ok()?, source.parse().ok()?))
            }
            ["pond", entity, pond] => Some(Self::Pond(entity.parse().ok()?, pond.parse().ok()?)),
            ["lender", entity, lender] => {
                Some(Self::Lender(entity.parse().ok()?, lender.parse().ok()?))
            }
            ["route", entity, route] => {
                Some(Self::Route(entity.parse().ok()?, route.parse().ok()?))
            }
            ["order", entity] => Some(Self::Order(entity.parse().ok()?)),
            ["push", entity, agent, endpoint] => {
                Some(Self::Push(entity.parse().ok()?, agent.parse().ok()?, endpoint.to_owned()))
            }
            ["webhook", entity, webhook] => {
                Some(Self::Webhook(entity.parse().ok()?, webhook.parse().ok()?))
            }
            ["reach", entity, agent, name] => {
                let channel = Channel::ALL.into_iter().find(|one| one.as_str() == name)?;
                Some(Self::Reach(entity.parse().ok()?, agent.parse().ok()?, channel))
            }
            ["room", entity, name] => {
                let channel = Channel::ALL.into_iter().find(|one| one.as_str() == name)?;
                Some(Self::Room(entity.parse().ok()?, channel))
            }
            ["template", entity, occasion, part, locale] => {
                let locale =
                    [Locale::En, Locale::Es].into_iter().find(|one| one.as_str() == locale)?;
                Some(Self::Template(entity.parse().ok()?, format!("{occasion}.{part}"), locale))
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
            Self::Seen(entity, source) => write!(f, "seen.{entity}.{source}"),
            Self::Pond(entity, pond) => write!(f, "pond.{entity}.{pond}"),
            Self::Lender(entity, lender) => write!(f, "lender.{entity}.{lender}"),
            Self::Route(entity, route) => write!(f, "route.{entity}.{route}"),
            Self::Order(entity) => write!(f, "order.{entity}"),
            Self::Push(entity, agent, endpoint) => write!(f, "push.{entity}.{agent}.{endpoint}"),
            Self::Webhook(entity, webhook) => write!(f, "webhook.{entity}.{webhook}"),
            Self::Reach(entity, agent, channel) => {
                write!(f, "reach.{entity}.{agent}.{}", channel.as_str())
            }
            Self::Room(entity, channel) => write!(f, "room.{entity}.{}", channel.as_str()),
            Self::Template(entity, piece, locale) => {
                write!(f, "template.{entity}.{piece}.{}", locale.as_str())
            }
        }
    }
}

/// Addresses are long, hold what a key may not, and are nobody's business; half
/// their hash tells them apart.
pub(crate) fn short(address: &str) -> String {
    let mut text = String::with_capacity(32);
    for byte in &digest(&SHA256, address.as_bytes()).as_ref()[..16] {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    text
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
            Key::Seen(acme.clone(), "zillow".parse().unwrap()),
            Key::Pond(acme.clone(), "north".parse().unwrap()),
            Key::Lender(acme.clone(), "first".parse().unwrap()),
            Key::Route(acme.clone(), "route_1".parse().unwrap()),
            Key::Order(acme.clone()),
            Key::Push(acme.clone(), ana.clone(), "c0ffee".to_owned()),
            Key::Webhook(acme.clone(), "hook_1".parse().unwrap()),
            Key::Reach(acme.clone(), ana, Channel::InApp),
            Key::Room(acme.clone(), Channel::Slack),
            Key::Template(acme, "offer.sms".to_owned(), Locale::Es),
        ];
        for key in keys {
            assert_eq!(Key::read(&key.to_string()), Some(key));
        }
        assert_eq!(Key::read("team.acme.north"), None);
        assert_eq!(Key::read("entity.no/name"), None);
    }
}
