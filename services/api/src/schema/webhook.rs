//! Endpoints that are told what happens.

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

/// Where events are posted to, and which.
#[derive(ToSchema)]
#[schema(example = json!({"url": "https://hooks.example.com/tipoff", "events": ["lead.claimed"], "contact": false}))]
pub(crate) struct WebhookWanted {
    /// `https`, on the open internet.
    url: String,
    /// Types of events, as in `lead.claimed`; all if left out.
    events: Option<Vec<String>>,
    /// Whether contact details of leads go along; false if left out.
    #[schema(default = false)]
    contact: Option<bool>,
    /// Nothing is sent while false.
    #[schema(default = true)]
    active: Option<bool>,
    description: Option<String>,
}

/// A webhook and how it stands.
#[derive(ToSchema)]
pub(crate) struct Webhook {
    id: String,
    entity: String,
    url: String,
    events: Option<Vec<String>>,
    contact: bool,
    active: bool,
    description: Option<String>,
    created_at: DateTime<Utc>,
    /// Nothing got through since then.
    failing_since: Option<DateTime<Utc>>,
    /// What the endpoint said, or did not, when that was noted.
    failing_why: Option<String>,
    /// Nothing is sent any more, and why.
    disabled: Option<WebhookDisabled>,
    version: u64,
}

#[derive(ToSchema)]
pub(crate) struct WebhookDisabled {
    at: DateTime<Utc>,
    why: String,
}

#[derive(ToSchema)]
pub(crate) struct NewWebhook {
    id: String,
    url: String,
    /// `whsec_…`, shown this once.
    secret: String,
    version: u64,
}

#[derive(ToSchema)]
pub(crate) struct Webhooks {
    webhooks: Vec<Webhook>,
}

#[derive(ToSchema)]
pub(crate) struct WebhookSecret {
    id: String,
    /// `whsec_…`, shown this once.
    secret: String,
    /// Until then the old one signs beside it.
    old_until: DateTime<Utc>,
}

#[derive(ToSchema)]
pub(crate) struct Replayed {
    /// `queued`.
    outcome: String,
    /// How many events are told again.
    events: u64,
}
