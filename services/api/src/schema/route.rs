//! Routes, their parts, and what became of them.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use utoipa::ToSchema;

use super::Channel;

/// Which leads go to whom, and when.
#[derive(ToSchema)]
#[schema(example = json!({
    "title": "Zillow weekdays", "active": true,
    "schedule": {"zone": "America/New_York", "days": ["mon", "tue", "wed", "thu", "fri"], "hours": {"from": "09:00", "to": "17:00"}, "dates": null},
    "criteria": {"sources": ["zillow"], "kinds": ["buyer"], "price": {"min": null, "max": 500_000}},
    "strategy": {"kind": "round_robin", "agents": ["ana", "ben", "chloe"]},
    "claim_within": "15m", "acceptance": true, "timeout": {"after": "45m", "agent": "dana"}, "on_exhausted": "pool",
    "channels": ["email", "push"], "tags": ["portal"], "smart_plan": "buyer-drip",
}))]
pub(crate) struct Route {
    #[schema(read_only)]
    id: Option<String>,
    #[schema(read_only)]
    version: Option<u64>,
    /// 1 to 30 characters.
    title: String,
    /// `true` if left out.
    active: Option<bool>,
    /// `null`: always.
    schedule: Option<Schedule>,
    criteria: Option<Criteria>,
    strategy: Strategy,
    /// `15m` if left out; `10s` to `30d`.
    #[schema(example = "15m")]
    claim_within: Option<String>,
    /// Whether agents are asked first; `true` if left out.
    acceptance: Option<bool>,
    timeout: Option<Timeout>,
    /// `pool` (if left out), `{"agent": "ana"}`, `{"pond": "north"}` or `{"route": "route_2"}`.
    on_exhausted: Option<OnExhausted>,
    channels: Option<Vec<Channel>>,
    tags: Option<Vec<String>>,
    smart_plan: Option<String>,
    /// Comes before the agent's own.
    lender: Option<String>,
    /// Of each group one goes along with every lead, in turn: `[["bank", "credit"], ["ivy", "ida"]]`. All of a group have the same role, and each role is there once.
    co_assign: Option<Vec<Vec<String>>>,
    /// `reroute` (if left out): after an offer that ran out in closed hours the routes are matched anew. `{"hold": "10m"}`: clocks stand still until the route opens, leads that come in meanwhile and that nobody else takes wait, and each goes on within ten minutes of the opening.
    after_close: Option<AfterClose>,
    /// What agents see of a lead before they have it; `null` (if left out): all but contact details.
    preview: Option<Vec<Part>>,
    /// When none of its agents can take a lead it goes to the pool, not to the next route; `false` if left out.
    exclusive: Option<bool>,
    /// Assign to Agent also while the agent is paused; `false` if left out.
    even_if_paused: Option<bool>,
    /// Agents who may change this route, pause it, and pause others on it, with their own keys.
    managers: Option<Vec<String>>,
}

#[derive(ToSchema)]
pub(crate) struct Routes {
    routes: Vec<Route>,
}

/// Who made an edit.
#[derive(ToSchema)]
pub(crate) struct Author {
    /// The agent's name; for other keys their role; `tipoff` where nobody asked for it.
    name: String,
    /// `operator`, `admin`, `agent`, or `tipoff`.
    role: String,
    /// The id of the key.
    key: Option<String>,
    agent: Option<String>,
}

/// A field that is not what it was.
#[derive(ToSchema)]
pub(crate) struct FieldChange {
    /// JSON pointer.
    #[schema(example = "/strategy/agents")]
    field: String,
    /// `null` where it was not there, and for secrets of webhooks and addresses of rooms, which are not shown.
    before: Value,
    /// The same.
    after: Value,
}

/// One edit of one thing.
#[derive(ToSchema)]
#[schema(example = json!({"thing": "route", "id": "route_1", "version": 7, "at": "2026-11-22T09:30:00.120Z", "by": {"name": "admin", "role": "admin", "key": "3f9a", "agent": null}, "done": "changed", "fields": [{"field": "/claim_within", "before": "15m", "after": "5m"}]}))]
pub(crate) struct Change {
    /// `entity`, `agent`, `source`, `pond`, `lender`, `route`, `order`, `room`, `template` or `webhook`.
    thing: String,
    id: String,
    version: u64,
    at: DateTime<Utc>,
    /// `null`: an earlier release did not write it down.
    by: Option<Author>,
    /// `created`, `changed` or `deleted`.
    done: String,
    /// `null`: the version before is not kept any more.
    fields: Option<Vec<FieldChange>>,
}

#[derive(ToSchema)]
pub(crate) struct Versions {
    versions: Vec<Change>,
}

#[derive(ToSchema)]
pub(crate) struct Changes {
    changes: Vec<Change>,
    /// Send it as `cursor` for the next page; `null`: this was the last.
    next_cursor: Option<String>,
}

/// When a route is active, in its own zone.
#[derive(ToSchema)]
pub(crate) struct Schedule {
    /// IANA zone.
    zone: String,
    /// All seven if left out.
    days: Option<Vec<Day>>,
    /// `all` if left out.
    hours: Option<Hours>,
    dates: Option<DateRanges>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// From (inclusive) to (exclusive) within one day, as in `09:00`.
#[derive(ToSchema)]
pub(crate) struct Window {
    from: String,
    to: String,
}

/// `all`, a window, or a list of windows.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum Hours {
    Word(String),
    One(Window),
    Several(Vec<Window>),
}

/// First and last day, both included.
#[derive(ToSchema)]
pub(crate) struct Dates {
    from: NaiveDate,
    to: NaiveDate,
}

#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum DateRanges {
    One(Dates),
    Several(Vec<Dates>),
}

/// What a lead must be like. What is left out matches everything.
#[derive(ToSchema)]
pub(crate) struct Criteria {
    /// `any` (if left out), `all`, or a list of sources.
    sources: Option<WordOrList>,
    hashtags: Option<Vec<String>>,
    kinds: Option<Vec<String>>,
    property_types: Option<Vec<String>>,
    areas: Option<Vec<String>>,
    mls: Option<Vec<String>>,
    price: Option<PriceRange>,
    /// Whether a lead that lacks a value meets what is asked of it, sources aside; `false` if left out.
    missing_matches: Option<bool>,
}

#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum WordOrList {
    Word(String),
    List(Vec<String>),
}

#[derive(ToSchema)]
pub(crate) struct PriceRange {
    min: Option<f64>,
    max: Option<f64>,
}

/// How a route chooses among its agents. `agents` may be `all` (later ones included), a pond that the leads rest
/// in, or, when saving, a snapshot of whoever is an agent of an entity then.
#[derive(ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Strategy {
    /// `roll_on`: `list` (if left out) or `spread`.
    RoundRobin {
        agents: Recipients,
        roll_on: Option<String>,
    },
    Random {
        agents: Recipients,
    },
    WeightedRandom {
        weights: Option<Value>,
        odds: Option<Value>,
        smooth: Option<bool>,
    },
    JumpBall {
        agents: Recipients,
    },
    AssignToAgent {
        agent: String,
    },
}

/// `all`, a list of agents, `{"pond": "north"}`, or `{"snapshot_of": "acme"}`: when saved, the agents of that entity
/// take its place.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum Recipients {
    Word(String),
    List(Vec<String>),
    Pond { pond: String },
    Snapshot { snapshot_of: String },
}

/// When nobody accepted in time, `agent` gets the lead without being asked.
#[derive(ToSchema)]
pub(crate) struct Timeout {
    #[schema(example = "45m")]
    after: String,
    agent: String,
}

/// A part of a lead. `property` is all of it but the price.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Part {
    Name,
    Source,
    Kind,
    Message,
    Hashtags,
    Language,
    Property,
    Price,
    Interest,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum AfterClose {
    Reroute,
    Hold(String),
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum OnExhausted {
    Pool,
    Agent(String),
    Pond(String),
    Route(String),
}
