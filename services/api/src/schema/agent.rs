//! Agents: who they are, when they take leads, and how many.

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

use super::{Channel, Day, Locale};

/// Somebody who works leads.
#[derive(ToSchema)]
#[schema(example = json!({"name": "Ana Ruiz", "email": "ana@example.com", "phone": null, "locale": "es", "channels": ["email", "push"]}))]
pub(crate) struct Agent {
    #[schema(read_only)]
    id: Option<String>,
    #[schema(read_only)]
    version: Option<u64>,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    /// The entity's if left out.
    locale: Option<Locale>,
    /// IANA zone in which they read their notices and have their quiet hours; the entity's if left out.
    #[schema(example = "America/Denver")]
    zone: Option<String>,
    /// All if left out.
    channels: Option<Vec<Channel>>,
    /// By an admin; `false` if left out.
    paused: Option<bool>,
    /// How many leads come by routing; no limit if left out.
    limits: Option<Vec<Limit>>,
    /// By themselves, as for a holiday.
    away: Option<Away>,
    /// Routes on which an admin has paused them.
    #[schema(example = json!(["route_1"]))]
    paused_on: Option<Vec<String>>,
    /// When they do not want to be woken.
    quiet_hours: Option<QuietHours>,
    /// Who finances what their leads buy; a route's lender comes before.
    #[schema(example = "first-bank")]
    lender: Option<String>,
    /// Claim links of earlier series open no more; it only ever grows. The first if left out.
    link_series: Option<u32>,
}

/// A time in which an agent takes no leads. Either end may be open.
#[derive(ToSchema)]
#[schema(example = json!({"from": "2026-12-24T00:00:00Z", "until": "2027-01-02T00:00:00Z"}))]
pub(crate) struct Away {
    from: Option<DateTime<Utc>>,
    /// Exclusive.
    until: Option<DateTime<Utc>>,
}

/// From (inclusive) to (exclusive); what ends before it began ends on the day after.
#[derive(ToSchema)]
#[schema(example = json!({"from": "21:00", "to": "07:00"}))]
pub(crate) struct QuietHours {
    /// IANA zone; the entity's if left out.
    zone: Option<String>,
    /// On which they begin; all seven if left out.
    days: Option<Vec<Day>>,
    from: String,
    to: String,
}

/// At most `count` leads in every `period` of the entity's calendar, or at once.
#[derive(ToSchema)]
#[schema(example = json!({"count": 5, "period": "day"}))]
pub(crate) struct Limit {
    count: u32,
    /// `day` if left out.
    period: Option<Period>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Period {
    Hour,
    Day,
    Week,
    Month,
    Open,
}

/// Whether leads come to you.
#[derive(ToSchema)]
pub(crate) struct Paused {
    /// Whether you are paused now, on all routes.
    paused: bool,
    /// Your own pause.
    away: Option<Away>,
    /// Whether an admin has paused you on all routes.
    paused_by_admin: bool,
    /// Routes on which an admin has paused you.
    paused_on: Vec<String>,
    /// What keeps leads from you although you resumed.
    detail: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Agents {
    agents: Vec<Agent>,
}
