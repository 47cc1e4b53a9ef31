//! What insight looks like, for the OpenAPI document only.

#![expect(dead_code, reason = "only their descriptions are used")]

use chrono::{DateTime, Utc};
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

/// The Lead Routing Stats Report.
#[derive(ToSchema)]
pub(crate) struct Report {
    entity: String,
    zone: String,
    range: String,
    at: DateTime<Utc>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    totals: Totals,
    agents: Vec<AgentRow>,
    routes: Vec<RouteRow>,
    /// The check: every sum, and whether it holds.
    identities: Vec<Identity>,
}

/// How many leads stand where.
#[derive(ToSchema)]
pub(crate) struct Totals {
    /// Came through routing; the sum of those down to `closed_unassigned`.
    received: u64,
    claimed_by_offer: u64,
    assigned_direct: u64,
    timeout_assigned: u64,
    listing_assigned: u64,
    in_flight: u64,
    pool_now: u64,
    pool_claimed: u64,
    pool_assigned: u64,
    reassigned_manually: u64,
    closed_unassigned: u64,
    /// Beside, as those below.
    held: u64,
    direct: u64,
    manual: u64,
    returning: u64,
    inquiries: u64,
    claimed_then_moved: u64,
}

#[derive(ToSchema)]
pub(crate) struct AgentRow {
    agent: String,
    name: Option<String>,
    /// The sum of those down to `pending`.
    offers: u64,
    claimed: u64,
    passed: u64,
    expired: u64,
    lost: u64,
    withdrawn: u64,
    pending: u64,
    first_offers: u64,
    assigned: u64,
    pool_claims: u64,
    given: u64,
    has: u64,
    /// The active routes that they are on.
    routes: Vec<String>,
    limits: Vec<crate::schema::Limit>,
    paused: bool,
    away: Option<Value>,
    paused_on: Vec<String>,
    /// Offers in a row that the agent let run out; a claim or a pass begins anew.
    missed_in_a_row: u32,
    links: Links,
}

/// Where to change what comes to an agent.
#[derive(ToSchema)]
pub(crate) struct Links {
    pause: String,
    resume: String,
    limits: String,
}

#[derive(ToSchema)]
pub(crate) struct RouteRow {
    /// `null`: by no route.
    route: Option<String>,
    title: Option<String>,
    active: bool,
    received: u64,
    claimed: u64,
    assigned: u64,
    in_flight: u64,
    pooled: u64,
    closed: u64,
}

#[derive(ToSchema)]
pub(crate) struct Identity {
    name: String,
    left: u64,
    right: u64,
    holds: bool,
}

/// What would become of a lead.
#[derive(ToSchema)]
pub(crate) struct Tried {
    at: DateTime<Utc>,
    /// `then` is `offered`, `assigned`, `pooled` or `held`.
    outcome: Value,
    routes: Vec<RouteSaid>,
    candidates: Vec<CandidateSaid>,
}

/// A route and what became of it.
#[derive(ToSchema)]
pub(crate) struct RouteSaid {
    route: String,
    title: Option<String>,
    verdict: String,
    message: Message,
}

/// An agent and what became of them.
#[derive(ToSchema)]
pub(crate) struct CandidateSaid {
    /// `null`: another agent.
    agent: Option<String>,
    name: Option<String>,
    verdict: String,
    by: Option<String>,
    message: Message,
}

/// What a simulation found.
#[derive(ToSchema)]
pub(crate) struct Simulated {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    outcome: Outcome,
    /// Hours and sources that the routes do not cover.
    uncovered: Vec<Finding>,
}

/// All numbers are means of one play.
#[derive(ToSchema)]
pub(crate) struct Outcome {
    leads: u64,
    runs: u32,
    agents: Vec<AgentShare>,
    routes: Vec<Value>,
    unmatched: f64,
    exhausted: f64,
    to_ponds: f64,
    held: f64,
    unmatched_hours: Value,
    changed_hands: f64,
}

#[derive(ToSchema)]
pub(crate) struct AgentShare {
    agent: String,
    leads: f64,
    /// Percent.
    share: f64,
    least: u64,
    most: u64,
    first_offers: f64,
    missed: f64,
    really: u64,
    difference: f64,
}

/// Why a lead went where it went.
#[derive(ToSchema)]
pub(crate) struct Why {
    lead: String,
    /// For an agent: `has_it`, `asked`, `passed`, `expired`, `lost`, `withdrawn`, `not_chosen`, `not_on_route` or `no_route`.
    answer: Option<String>,
    message: Option<Message>,
    hops: Vec<Hop>,
    notices: Vec<NoticeSaid>,
}

/// What became of one message to one agent over one channel.
#[derive(ToSchema)]
pub(crate) struct NoticeSaid {
    at: DateTime<Utc>,
    agent: String,
    name: Option<String>,
    channel: String,
    /// `offer`, `assigned`, `over` or `missed`.
    about: String,
    round: Option<u32>,
    /// `sent`, `obsolete` (not worth telling any more), `retried` or `failed`.
    became: String,
    /// In the words of whoever refused it.
    why: Option<String>,
    message: Message,
}

/// One decision.
#[derive(ToSchema)]
pub(crate) struct Hop {
    at: DateTime<Utc>,
    r#type: String,
    round: Option<u32>,
    route: Option<String>,
    title: Option<String>,
    until: Option<DateTime<Utc>>,
    message: Option<Message>,
    routes: Vec<RouteSaid>,
    candidates: Vec<CandidateSaid>,
    /// Of a large decision: how many more there were, and what became of them.
    others: Option<Vec<Message>>,
    memory: Option<String>,
}

/// What the standing audit found.
#[derive(ToSchema)]
pub(crate) struct Audited {
    /// Leads looked at.
    examined: u64,
    in_order: bool,
    faults: Vec<FaultFound>,
    /// `entity` and `from` of the next part; `null`: this was the last.
    next: Option<Value>,
}

#[derive(ToSchema)]
pub(crate) struct FaultFound {
    entity: String,
    lead: String,
    /// `stuck`, `in_two_places`, `overdue`, `not_listed` or `idle_reservation`.
    fault: String,
}
