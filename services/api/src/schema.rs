//! What bodies look like, for the OpenAPI document only.
//!
//! The domain knows nothing of OpenAPI. These types are never sent or read; a
//! test holds each against the type it stands for.

#![expect(dead_code, reason = "only their descriptions are used")]

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use utoipa::ToSchema;

/// A refusal (RFC 9457).
#[derive(ToSchema)]
#[schema(example = json!({"type": "urn:tipoff:problem:taken", "title": "Somebody else has it", "status": 409, "code": "taken", "detail": "another agent claimed this lead first", "errors": []}))]
pub(crate) struct Problem {
    r#type: String,
    title: String,
    status: u16,
    detail: Option<String>,
    /// For programs; stays the same.
    code: String,
    /// The fields at fault.
    errors: Vec<FieldProblem>,
    /// With `version_mismatch`: the version that is there.
    version: Option<u64>,
}

#[derive(ToSchema)]
pub(crate) struct FieldProblem {
    /// JSON pointer.
    #[schema(example = "/strategy/agents/0")]
    field: String,
    message: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Role {
    Source,
    Agent,
    Admin,
    Operator,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum EntityKind {
    Company,
    Office,
    Team,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Locale {
    En,
    Es,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Channel {
    Email,
    Push,
    Sms,
    Voice,
    InApp,
    Slack,
    Teams,
}

/// A company, an office or a team.
#[derive(ToSchema)]
#[schema(example = json!({"name": "Acme Realty", "kind": "team", "parent": null, "zone": "America/New_York", "country": "US", "locale": "en"}))]
pub(crate) struct Entity {
    #[schema(read_only)]
    id: Option<String>,
    #[schema(read_only)]
    version: Option<u64>,
    name: String,
    kind: EntityKind,
    parent: Option<String>,
    /// IANA zone.
    zone: String,
    /// ISO 3166; `US` if left out.
    country: Option<String>,
    /// `en` if left out.
    locale: Option<Locale>,
    same_person: Option<SamePerson>,
    /// Where a lead goes that no route takes; `pool` if left out.
    no_match: Option<NoMatch>,
    /// Outside of these, leads that need acceptance go to the timeout agent, by e-mail only. Left out, it is always open.
    office_hours: Option<Schedule>,
    /// Whether leads about a listing go to its agent first; left out, they do not. For company admins.
    listing: Option<Listing>,
    /// The day on which weekly limits begin anew; `mon` if left out.
    week_starts: Option<Day>,
    /// Whether limits also count, and block, what agents fetch from pool and ponds; `false` if left out.
    pool_claims_count: Option<bool>,
    /// For how long a pass can be taken back, at most `60s`; not at all if left out.
    #[schema(example = "10s")]
    undo_pass: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum NoMatch {
    Pool,
    /// To all agents in turn, without asking.
    DefaultRoute,
}

/// Leads about a listing go to the listing agent, else to a co-listing agent.
#[derive(ToSchema)]
#[schema(example = json!({"bypass": false, "timeout": "15m"}))]
pub(crate) struct Listing {
    /// Leads go by the routes, whatever listing they are about; `false` if left out.
    bypass: Option<bool>,
    /// Left out, the listing agent has the lead without being asked. `10s` to `30d`.
    #[schema(example = "15m")]
    timeout: Option<String>,
    /// Also while the listing agent is paused; `false` if left out.
    even_if_paused: Option<bool>,
}

/// What happens when the same person comes again.
#[derive(ToSchema)]
pub(crate) struct SamePerson {
    /// While the earlier lead is open, the new one becomes an inquiry on it; `true` if left out.
    attach: Option<bool>,
    /// For this long the person goes back to the agent who has them.
    #[schema(example = "90d")]
    sticky: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Entities {
    entities: Vec<Entity>,
}

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

/// Where leads come from.
#[derive(ToSchema)]
#[schema(example = json!({"name": "Zillow", "kind": "generic"}))]
pub(crate) struct Source {
    #[schema(read_only)]
    id: Option<String>,
    #[schema(read_only)]
    version: Option<u64>,
    name: String,
    /// The shape of what it sends; `generic` if left out.
    kind: Option<String>,
    /// The most leads that are taken from it, per second over a minute. Left out, as many as the deployment takes from any source.
    #[schema(minimum = 1)]
    leads_per_second: Option<u32>,
    /// Where it sends leads to.
    #[schema(read_only)]
    intake_url: Option<String>,
    /// When a lead last came from it, to the hour; `null`: never.
    #[schema(read_only)]
    last_seen_at: Option<DateTime<Utc>>,
}

#[derive(ToSchema)]
pub(crate) struct NewSource {
    id: String,
    version: u64,
    name: String,
    kind: String,
    intake_url: String,
    /// Shown this once.
    key: String,
}

#[derive(ToSchema)]
pub(crate) struct Sources {
    sources: Vec<Source>,
}

/// A named pool: leads that nobody has, and who may claim them.
#[derive(ToSchema)]
#[schema(example = json!({"name": "North side", "members": ["ana", "ben"], "admins": ["ana"], "cap": 3, "reclaim_after": "2d"}))]
pub(crate) struct Pond {
    #[schema(read_only)]
    id: Option<String>,
    #[schema(read_only)]
    version: Option<u64>,
    name: String,
    /// `all`, or a list of agents.
    members: WordOrList,
    /// Who looks after it; the first who is still an agent is shown.
    admins: Option<Vec<String>>,
    /// Most leads from it that one agent may have at a time; any number if left out.
    cap: Option<u32>,
    /// A lead that was claimed here and not worked on for this long comes back, `1m` to `365d`; never if left out.
    #[schema(example = "2d")]
    reclaim_after: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Ponds {
    ponds: Vec<Pond>,
}

/// Somebody who finances what a lead buys.
#[derive(ToSchema)]
#[schema(example = json!({"name": "First Bank", "email": "loans@example.com", "phone": "+15125550150"}))]
pub(crate) struct Lender {
    #[schema(read_only)]
    id: Option<String>,
    #[schema(read_only)]
    version: Option<u64>,
    name: String,
    email: Option<String>,
    phone: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Lenders {
    lenders: Vec<Lender>,
}

#[derive(ToSchema)]
pub(crate) struct Key {
    id: String,
    role: Role,
    entity: Option<String>,
    agent: Option<String>,
    source: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct NewKey {
    id: String,
    /// Shown this once.
    #[schema(example = "tpf_…")]
    key: String,
    role: Role,
    entity: Option<String>,
    agent: Option<String>,
    source: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Keys {
    keys: Vec<Key>,
}

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
    /// When none of its agents can take a lead it goes to the pool, not to the next route; `false` if left out.
    exclusive: Option<bool>,
    /// Assign to Agent also while the agent is paused; `false` if left out.
    even_if_paused: Option<bool>,
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
    before: Value,
    after: Value,
}

/// One edit of one thing.
#[derive(ToSchema)]
#[schema(example = json!({"thing": "route", "id": "route_1", "version": 7, "at": "2026-11-22T09:30:00.120Z", "by": {"name": "admin", "role": "admin", "key": "3f9a", "agent": null}, "done": "changed", "fields": [{"field": "/claim_within", "before": "15m", "after": "5m"}]}))]
pub(crate) struct Change {
    /// `entity`, `agent`, `source`, `pond`, `lender`, `route` or `order`.
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

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum OnExhausted {
    Pool,
    Agent(String),
    Pond(String),
    Route(String),
}

#[derive(ToSchema)]
pub(crate) struct Leads {
    leads: Vec<crate::shown::Shown>,
}

/// One page of leads, newest first.
#[derive(ToSchema)]
pub(crate) struct LeadsPage {
    leads: Vec<crate::shown::Shown>,
    /// Send it as `cursor` for the next page; `null`: this was the last.
    next_cursor: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Claimed {
    /// `won` or `already_yours`.
    outcome: String,
    lead: crate::shown::Shown,
}

#[derive(ToSchema)]
pub(crate) struct Done {
    /// What was done, as in `passed`, `assigned`, `returned`, `closed`, `released` or `queued`.
    outcome: String,
    lead: Option<crate::shown::Shown>,
}

/// A follow-up task.
#[derive(ToSchema)]
pub(crate) struct FollowUp {
    /// `noted`.
    outcome: String,
    due: DateTime<Utc>,
}

/// What was taken back.
#[derive(ToSchema)]
pub(crate) struct TakenBack {
    offers: usize,
    /// Leads that they were made for.
    leads: usize,
}

/// A pond that you are in.
#[derive(ToSchema)]
pub(crate) struct MyPond {
    entity: String,
    /// `pool`: the lead pool.
    id: String,
    name: Option<String>,
    /// Who looks after it.
    admin: Option<String>,
    /// How many rest in it.
    leads: usize,
}

#[derive(ToSchema)]
pub(crate) struct MyPonds {
    ponds: Vec<MyPond>,
}

/// What happened to a lead.
#[derive(ToSchema)]
pub(crate) struct Event {
    id: String,
    #[schema(example = "lead.offered")]
    r#type: String,
    at: DateTime<Utc>,
    entity: String,
    lead: String,
    version: u64,
    route: Option<String>,
    round: Option<u32>,
    offers: Option<Vec<crate::shown::OpenOffer>>,
    agents: Option<Vec<String>>,
    by: Option<String>,
    reason: Option<String>,
    inquiry: Option<String>,
    tags: Option<Vec<String>>,
    smart_plan: Option<String>,
    /// Why it went where it went: every route and every agent considered.
    decision: Option<Value>,
    /// The lead's state after it.
    after: Value,
}

#[derive(ToSchema)]
pub(crate) struct Timeline {
    events: Vec<Event>,
}

/// Whose key this is.
#[derive(ToSchema)]
pub(crate) struct Me {
    key_id: String,
    role: Role,
    entity: Option<String>,
    entity_name: Option<String>,
    zone: Option<String>,
    agent: Option<String>,
    name: Option<String>,
    /// By themselves or by an admin, on all routes.
    paused: Option<bool>,
    /// Their own pause.
    away: Option<Away>,
    source: Option<String>,
}

/// As `PushSubscription.toJSON()` gives it in a browser.
#[derive(ToSchema)]
pub(crate) struct PushSubscription {
    endpoint: String,
    keys: PushKeys,
}

#[derive(ToSchema)]
pub(crate) struct PushKeys {
    p256dh: String,
    auth: String,
}

#[derive(ToSchema)]
pub(crate) struct PushKey {
    /// The VAPID public key: an uncompressed P-256 point, Base64url.
    key: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::{Serialize, de::DeserializeOwned};
    use serde_json::json;
    use utoipa::PartialSchema;

    use super::*;

    fn keys(value: &Value) -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    }

    /// Field by field, apart from what we add when we show a thing.
    fn describes<Mirror: PartialSchema, Domain: DeserializeOwned + Serialize>(example: Value) {
        let domain: Domain = serde_json::from_value(example).unwrap();
        let mut written = keys(&serde_json::to_value(domain).unwrap());
        let mut described = keys(&serde_json::to_value(Mirror::schema()).unwrap()["properties"]);
        for ours in ["id", "version", "last_seen_at", "intake_url"] {
            written.remove(ours);
            described.remove(ours);
        }
        assert_eq!(described, written);
    }

    #[test]
    fn what_is_described_is_what_is_read() {
        let entity = json!({"name": "A", "kind": "team", "zone": "UTC"});
        describes::<Entity, tipoff_domain::Entity>(entity);
        describes::<Agent, tipoff_domain::Agent>(json!({"name": "A"}));
        describes::<Source, tipoff_domain::Source>(json!({"name": "A", "leads_per_second": 5}));
        describes::<SamePerson, tipoff_domain::SamePerson>(json!({}));
        describes::<Criteria, tipoff_domain::Criteria>(json!({}));
        describes::<Schedule, tipoff_domain::Schedule>(json!({"zone": "UTC"}));
        describes::<Timeout, tipoff_domain::Timeout>(json!({"after": "1m", "agent": "ana"}));
        let route = json!({"title": "A", "strategy": {"kind": "random", "agents": "all"}, "exclusive": true, "even_if_paused": true});
        describes::<Route, tipoff_domain::Route>(route);
        describes::<Pond, tipoff_domain::Pond>(json!({"name": "A", "members": "all"}));
        describes::<Lender, tipoff_domain::Lender>(json!({"name": "A"}));
        describes::<Listing, tipoff_domain::Listing>(json!({}));
        describes::<Away, tipoff_domain::Away>(json!({}));
        describes::<QuietHours, tipoff_domain::QuietHours>(json!({"from": "21:00", "to": "07:00"}));
        let keys =
            json!({"endpoint": "https://push.example.com", "keys": {"p256dh": "", "auth": ""}});
        describes::<PushSubscription, tipoff_roster::PushSubscription>(keys);
    }

    #[test]
    fn the_examples_are_accepted() {
        let example = |schema: utoipa::openapi::RefOr<utoipa::openapi::Schema>| {
            serde_json::to_value(schema).unwrap()["example"].clone()
        };
        serde_json::from_value::<tipoff_domain::Entity>(example(Entity::schema())).unwrap();
        serde_json::from_value::<tipoff_domain::Agent>(example(Agent::schema())).unwrap();
        serde_json::from_value::<tipoff_domain::Source>(example(Source::schema())).unwrap();
        serde_json::from_value::<tipoff_domain::Route>(example(Route::schema())).unwrap();
        serde_json::from_value::<tipoff_domain::Pond>(example(Pond::schema())).unwrap();
        serde_json::from_value::<tipoff_domain::Lender>(example(Lender::schema())).unwrap();
        serde_json::from_value::<tipoff_domain::Listing>(example(Listing::schema())).unwrap();
        serde_json::from_value::<tipoff_domain::Away>(example(Away::schema())).unwrap();
        serde_json::from_value::<tipoff_domain::QuietHours>(example(QuietHours::schema())).unwrap();
    }
}

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
