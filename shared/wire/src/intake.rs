//! What ingest writes down.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tipoff_domain::{EntityId, Invalid, Lead, LeadId, SourceId};

/// Header of an accepted lead whose key is an `Idempotency-Key`: another lead with the same
/// key is a mistake, and not news of the first.
pub const OWN_KEY: &str = "Tipoff-Own-Key";

/// An accepted lead, on `leads.new.<partition>.<entity>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    pub id: LeadId,
    pub entity: EntityId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
    /// When ingest took it; reports count by this (D-36).
    pub received_at: DateTime<Utc>,
    pub lead: Lead,
}

/// Something that could not be a lead, on `leads.rejected.<entity>.<source>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    pub at: DateTime<Utc>,
    /// What is wrong, field by field.
    pub problems: Invalid,
    /// Exactly what was sent, as text where it is UTF-8, else in Base64.
    pub body: String,
    pub body_is_base64: bool,
}
