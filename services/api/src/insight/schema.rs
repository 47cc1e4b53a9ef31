//! What insight looks like, for the OpenAPI document only.

#![expect(dead_code, reason = "only their descriptions are used")]

use serde_json::Value;
use utoipa::ToSchema;

/// The same in both languages.
#[derive(ToSchema)]
pub(crate) struct Message {
    en: String,
    es: String,
}

/// One thing that is odd, and what it is about.
#[derive(ToSchema)]
#[schema(example = json!({"severity": "warning", "code": "timeout_too_short", "route": "route_1",
    "message": {"en": "“All” gives 5 agents 3 min each and so needs 15 min, but times out after 10 min", "es": "…"},
    "facts": {"after": "10m", "needs": "15m", "claim_within": "3m", "agents": 5}}))]
pub(crate) struct Finding {
    /// `error`, `warning` or `note`.
    severity: String,
    /// For programs; stays the same.
    code: String,
    route: Option<String>,
    agent: Option<String>,
    pond: Option<String>,
    /// `null` among them: leads without a source.
    sources: Option<Vec<Option<String>>>,
    message: Message,
    /// What the message says, for programs.
    facts: Value,
}

#[derive(ToSchema)]
pub(crate) struct Findings {
    /// The worst first.
    findings: Vec<Finding>,
}

/// A route as it was saved, and what is odd about that.
#[derive(ToSchema)]
pub(crate) struct SavedRoute {
    #[serde(flatten)]
    route: crate::schema::Route,
    warnings: Vec<Finding>,
}
