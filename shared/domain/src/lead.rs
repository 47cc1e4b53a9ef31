//! A lead: a person who wants to buy, sell or rent, as a source sent it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{AgentId, Invalid, SourceId};

/// What the person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Buyer,
    Seller,
    Renter,
    Agent,
    Other,
}

impl Kind {
    /// As in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Seller => "seller",
            Self::Renter => "renter",
            Self::Agent => "agent",
            Self::Other => "other",
        }
    }
}

/// How the lead came in. Only automatic leads are routed by source (D-27, D-28).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    #[default]
    Automatic,
    Manual,
    Import,
    AgentSite,
}

/// The person's name, in whatever parts the source knew.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Name {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

impl Name {
    /// The whole name, put together from its parts where only those are known.
    pub fn display(&self) -> Option<String> {
        if let Some(full) = self.full.as_deref().map(str::trim).filter(|full| !full.is_empty()) {
            return Some(full.to_owned());
        }
        let parts = [self.first.as_deref(), self.last.as_deref()];
        let joined = parts.into_iter().flatten().map(str::trim).collect::<Vec<_>>().join(" ");
        (!joined.trim().is_empty()).then_some(joined)
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The property that the person asked about.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Property {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mls: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing_agent: Option<AgentId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub co_listing_agents: Vec<AgentId>,
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What the person is looking for.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Interest {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_max: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub property_types: Vec<String>,
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A lead as a source sends it and as Tipoff keeps it.
///
/// Fields that we do not know are kept in [`Lead::more`]. `Debug` shows no
/// contact details, so a lead may appear in a log line without harm.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lead {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    #[serde(skip_serializing_if = "Name::is_empty")]
    pub name: Name,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// E.164 where the number could be read, else as it was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    /// What was sent, where it differs from `phones`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones_sent: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hashtags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<Property>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interest: Option<Interest>,
    pub origin: Origin,
    /// The agent of an agent site (D-28).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<DateTime<Utc>>,
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Lead {
    /// The source that routes look at: manual and imported leads never match by source,
    /// whatever was typed (D-27).
    pub(crate) fn routed_source(&self) -> Option<&SourceId> {
        match self.origin {
            Origin::Manual | Origin::Import => None,
            Origin::Automatic | Origin::AgentSite => self.source.as_ref(),
        }
    }

    /// Whether anybody could call or write to this person (D-26).
    pub fn is_reachable(&self) -> bool {
        !self.emails.is_empty() || !self.phones.is_empty()
    }

    /// Refuses what cannot be a lead: nobody to reach and no address either,
    /// or fields beyond any sensible size.
    pub fn check(&self) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        let address = self.property.as_ref().and_then(|property| property.address.as_ref());
        if !self.is_reachable() && address.is_none() {
            invalid.add("/emails", "give at least one e-mail address or phone number");
        }
        for (index, email) in self.emails.iter().enumerate() {
            if !looks_like_email(email) {
                invalid.add(format!("/emails/{index}"), "is not an e-mail address");
            }
        }
        for (index, phone) in self.phones.iter().enumerate() {
            if !phone.chars().any(char::is_numeric) {
                invalid.add(format!("/phones/{index}"), "is not a telephone number");
            }
        }
        at_most(&mut invalid, "/emails", self.emails.len(), 20, "addresses");
        at_most(&mut invalid, "/phones", self.phones.len(), 20, "numbers");
        at_most(&mut invalid, "/hashtags", self.hashtags.len(), 200, "hashtags");
        let external_id = self.external_id.as_deref().unwrap_or_default();
        at_most(&mut invalid, "/external_id", external_id.len(), 256, "bytes");
        if external_id.chars().any(char::is_control) {
            invalid.add("/external_id", "holds control characters");
        }
        let message = self.message.as_deref().unwrap_or_default();
        at_most(&mut invalid, "/message", message.len(), 64 * 1024, "bytes");
        if let Some(property) = &self.property {
            let listing = property.co_listing_agents.len();
            at_most(&mut invalid, "/property/co_listing_agents", listing, 50, "agents");
        }
        if let Some(interest) = &self.interest {
            at_most(&mut invalid, "/interest/areas", interest.areas.len(), 500, "areas");
            let types = interest.property_types.len();
            at_most(&mut invalid, "/interest/property_types", types, 100, "types");
        }
        if self.origin == Origin::AgentSite && self.agent.is_none() {
            invalid.add("/agent", "an agent site's lead names its agent");
        }
        invalid.into_result()
    }
}

fn at_most(invalid: &mut Invalid, field: &str, found: usize, limit: usize, what: &str) {
    if found > limit {
        invalid.add(field, format!("holds {found} {what}; {limit} is the most"));
    }
}

/// Enough to refuse what no mail server would take; it does not prove that
/// anybody reads it.
pub(crate) fn looks_like_email(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',' || c == ';');
    match text.rsplit_once('@') {
        Some((local, host)) => {
            plain
                && !local.is_empty()
                && !host.is_empty()
                && !host.starts_with('.')
                && text.len() <= 254
        }
        None => false,
    }
}

impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead")
            .field("source", &self.source)
            .field("external_id", &self.external_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
