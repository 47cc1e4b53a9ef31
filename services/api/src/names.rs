//! The names that stand in paths and queries.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tipoff_domain::{AgentId, EntityId, LeadId, LenderId, PondId, RouteId, SourceId, WebhookId};
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct InEntity {
    #[param(value_type = String, example = "acme")]
    pub(crate) entity: EntityId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AgentPath {
    #[param(value_type = String, example = "acme")]
    pub(crate) entity: EntityId,
    #[param(value_type = String, example = "ana")]
    pub(crate) agent: AgentId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SourcePath {
    #[param(value_type = String, example = "acme")]
    pub(crate) entity: EntityId,
    #[param(value_type = String, example = "zillow")]
    pub(crate) source: SourceId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PondPath {
    #[param(value_type = String, example = "acme")]
    pub(crate) entity: EntityId,
    #[param(value_type = String, example = "north")]
    pub(crate) pond: PondId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct LenderPath {
    #[param(value_type = String, example = "acme")]
    pub(crate) entity: EntityId,
    #[param(value_type = String, example = "first-bank")]
    pub(crate) lender: LenderId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RoutePath {
    #[param(value_type = String, example = "acme")]
    pub(crate) entity: EntityId,
    #[param(value_type = String, example = "route_1")]
    pub(crate) id: RouteId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RouteVersion {
    #[param(value_type = String, example = "acme")]
    pub(crate) entity: EntityId,
    #[param(value_type = String, example = "route_1")]
    pub(crate) id: RouteId,
    #[param(example = 7)]
    pub(crate) version: u64,
}

/// Which routes.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichRoutes {
    /// `true`: the active ones, `false`: the paused ones; all if left out.
    pub(crate) active: Option<bool>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PoolPath {
    #[param(value_type = String, example = "acme")]
    pub(crate) entity: EntityId,
    #[param(value_type = String, example = "lead_1")]
    pub(crate) lead: LeadId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PondLeadPath {
    #[param(value_type = String, example = "acme")]
    pub(crate) entity: EntityId,
    #[param(value_type = String, example = "north")]
    pub(crate) pond: PondId,
    #[param(value_type = String, example = "lead_1")]
    pub(crate) lead: LeadId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct LeadPath {
    #[param(value_type = String, example = "lead_1")]
    pub(crate) id: LeadId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct KeyPath {
    /// The part between the first and the second `_` of a key.
    pub(crate) id: String,
}

/// Which entity; only operators need to say it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichEntity {
    #[param(value_type = Option<String>)]
    pub(crate) entity: Option<EntityId>,
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageOf {
    /// How many at most, 1 to 200; 50 if left out.
    #[param(value_type = Option<usize>)]
    pub(crate) limit: Option<usize>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// In which language a page is shown.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Language {
    /// `en` or `es`; the agent's own if left out.
    #[serde(default)]
    pub(crate) lang: Option<String>,
}

/// Which push subscription.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Endpoint {
    /// The subscription's endpoint. It may stand in a JSON body instead.
    #[serde(default)]
    pub(crate) endpoint: Option<String>,
}

/// How often a question was put before, in a call.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Times {
    #[serde(default)]
    pub(crate) times: u8,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct WebhookPath {
    #[param(value_type = String, example = "hook_1")]
    pub(crate) webhook: WebhookId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct DeadPath {
    /// Its place in the list.
    #[param(example = 7)]
    pub(crate) number: u64,
}

/// Which dead letters; all if left out.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichDead {
    /// Where they stood, as in `NOTIFY`.
    #[param(example = "NOTIFY")]
    pub(crate) stream: Option<String>,
    /// Who gave up, as in `notify-email`.
    #[param(example = "notify-email")]
    pub(crate) consumer: Option<String>,
    /// Set aside then or later.
    #[param(value_type = Option<String>, example = "2026-11-22T09:00:00Z")]
    pub(crate) from: Option<DateTime<Utc>>,
    /// Exclusive.
    #[param(value_type = Option<String>, example = "2026-11-22T09:00:00Z")]
    pub(crate) until: Option<DateTime<Utc>>,
}

/// What is shown of a dead letter.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhatIsShown {
    /// Also the message itself, which may hold contact details of a lead.
    #[serde(default)]
    pub(crate) body: bool,
}
