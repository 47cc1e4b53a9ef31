//! Who may do what at NATS and Redis: one user for each service, with the least
//! that it needs.
//!
//! What each may do stands in `deploy/nats` and `deploy/redis`, as servers read
//! it; here it gets its passwords. All of them follow from one secret, so that
//! the same can be written again with one more source.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use ring::hmac;
use tipoff_domain::{EntityId, SourceId};

const NATS: &str = include_str!("../../../deploy/nats/users.conf");
const NATS_SOURCE: &str = include_str!("../../../deploy/nats/source.conf");
const REDIS: &str = include_str!("../../../deploy/redis/users.acl");

/// Where the users of sources stand in [`NATS`].
const SOURCES: &str = "    # @sources@\n";
/// Who comes to Redis without a name, where that is its owner.
const OWNER: &str = "user default on nopass ~* &* +@all";
/// Where the list of users of NATS ends.
const END: &str = "  ]\n}\n";

/// A user that is not a source's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum User {
    Ingest,
    Router,
    Notifier,
    Api,
    /// Every service in one process.
    All,
    /// A person at the command line.
    Admin,
}

impl User {
    pub const EVERY: [Self; 6] =
        [Self::Ingest, Self::Router, Self::Notifier, Self::Api, Self::All, Self::Admin];

    /// As the servers know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Router => "router",
            Self::Notifier => "notifier",
            Self::Api => "api",
            Self::All => "all",
            Self::Admin => "admin",
        }
    }

    /// Whether it speaks to Redis.
    pub const fn has_board(self) -> bool {
        !matches!(self, Self::Ingest)
    }
}

/// All users of one pair of servers.
#[derive(Clone)]
pub struct Users {
    secret: hmac::Key,
    sources: Vec<(EntityId, SourceId)>,
    has_owner: bool,
}

impl Users {
    /// Those whose passwords follow from `secret`.
    pub fn of(secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Self { secret, sources: Vec::new(), has_owner: false }
    }

    /// The same, and a user that may publish leads of that source and nothing else.
    #[must_use]
    pub fn and_source(mut self, entity: EntityId, source: SourceId) -> Self {
        self.sources.push((entity, source));
        self
    }

    /// The same, for a private system on this machine: whoever comes without a
    /// name is its owner and may do everything.
    #[must_use]
    pub fn and_owner(self) -> Self {
        Self { has_owner: true, ..self }
    }

    /// Also the name of the user that belongs to a source.
    pub fn source(entity: &EntityId, source: &SourceId) -> String {
        format!("{entity}.{source}")
    }

    /// Begins with a letter: NATS takes what looks like a number for one.
    pub fn password(&self, user: &str) -> String {
        format!("p{}", hex(hmac::sign(&self.secret, user.as_bytes()).as_ref()))
    }

    /// What is included in the configuration of a NATS server.
    pub fn nats(&self) -> String {
        let mut text = NATS.to_owned();
        for user in User::EVERY {
            let name = user.name();
            text = text.replace(&format!("@{name}@"), &self.password(name));
        }
        let sources = self.sources.iter().map(|(entity, source)| {
            let name = Self::source(entity, source);
            NATS_SOURCE.replace("@user@", &name).replace("@password@", &self.password(&name))
        });
        text = text.replace(SOURCES, &sources.collect::<String>());
        if self.has_owner {
            let owner = format!(
                "    {{ user: \"owner\", password: \"{}\" }}\n{END}",
                self.password("owner")
            );
            text = text.replace(END, &owner) + "no_auth_user: \"owner\"\n";
        }
        text
    }

    /// The file of users of a Redis server.
    pub fn redis(&self) -> String {
        let mut text = String::new();
        for line in REDIS.lines().filter(|line| line.starts_with("user ")) {
            let owner = self.has_owner && line.starts_with("user default ");
            text.push_str(if owner { OWNER } else { line });
            text.push('\n');
        }
        for user in User::EVERY {
            let name = user.name();
            let hash = hex(digest(&SHA256, self.password(name).as_bytes()).as_ref());
            text = text.replace(&format!("@{name}@"), &hash);
        }
        text
    }

    /// The same addresses, separated by commas, as `user` uses them.
    pub fn address(&self, url: &str, user: &str) -> String {
        let password = self.password(user);
        let named = |one: &str| match one.trim().split_once("://") {
            Some((scheme, place)) => format!("{scheme}://{user}:{password}@{place}"),
            None => format!("{user}:{password}@{}", one.trim()),
        };
        url.split(',').map(named).collect::<Vec<_>>().join(",")
    }
}

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Users").field("sources", &self.sources).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_has_a_password_of_its_own_and_no_place_is_left_open() {
        let users =
            Users::of(b"one secret").and_source("acme".parse().unwrap(), "zillow".parse().unwrap());
        let (nats, redis) = (users.nats(), users.redis());
        assert!(!nats.contains("\"@") && !redis.contains("#@"), "{nats}{redis}");
        for user in User::EVERY {
            assert!(nats.contains(&users.password(user.name())), "{user:?}");
            let there = redis.contains(&format!("user {} on #", user.name()));
            assert_eq!(there, user.has_board(), "{user:?}");
        }
        assert!(nats.contains("leads.in.acme.zillow"), "{nats}");
        assert!(!redis.contains(&users.password("api")), "only hashes are kept there");
        assert_ne!(users.password("api"), Users::of(b"another").password("api"));
    }

    #[test]
    fn every_address_of_a_list_carries_the_name() {
        let users = Users::of(b"one secret");
        let both = users.address("nats://one:4222, tls://two:4222", "api");
        let password = users.password("api");
        assert_eq!(both, format!("nats://api:{password}@one:4222,tls://api:{password}@two:4222"));
    }
}
