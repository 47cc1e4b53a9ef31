//! Names of things.
//!
//! Names chosen by people (entities, agents, sources) travel in NATS subjects,
//! Redis members and URLs, so they are kept to letters, digits, `-` and `_`.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::invalid::shown;

/// A name that cannot be used, and what a name may look like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` cannot be used as a name: use 1 to {longest} letters, digits, `-` or `_`")]
pub struct BadName {
    given: String,
    longest: usize,
}

/// Longest name accepted, in characters.
pub const LONGEST_NAME: usize = 64;

fn check(text: &str) -> Result<(), BadName> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=LONGEST_NAME).contains(&text.len()) && text.chars().all(plain) {
        Ok(())
    } else {
        Err(BadName { given: shown(text, 80), longest: LONGEST_NAME })
    }
}

/// Reads a name where it stands: there are many in every event.
struct Reading<T>(PhantomData<T>);

impl<T: FromStr<Err = BadName>> Visitor<'_> for Reading<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $Name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name(Arc<str>);

        impl $Name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $Name {
            type Err = BadName;

            fn from_str(text: &str) -> Result<Self, BadName> {
                check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $Name {
            type Error = BadName;

            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }

        impl From<$Name> for String {
            fn from(name: $Name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl Serialize for $Name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $Name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str(Reading(PhantomData))
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl PartialEq<str> for $Name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }
    };
}

name! {
    /// An entity: a company, an office or a team. Chosen by whoever creates it.
    EntityId
}
name! {
    /// An agent, unique within its entity. Chosen by whoever creates it.
    AgentId
}
name! {
    /// A lead source, unique within its entity. Chosen by whoever creates it.
    SourceId
}

name! {
    /// An endpoint that is told what happens, as in `hook_01…`.
    WebhookId
}
name! {
    /// A pond, unique within its entity. Chosen by whoever creates it.
    PondId
}
name! {
    /// A lender, unique within its entity. Chosen by whoever creates it.
    LenderId
}
name! {
    /// A route: `route_` and a time-ordered identifier.
    RouteId
}
name! {
    /// A lead: `lead_` and 32 hexadecimal digits.
    LeadId
}
