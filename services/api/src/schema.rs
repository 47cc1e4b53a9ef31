//! What bodies look like, for the OpenAPI document only.
//!
//! The domain knows nothing of OpenAPI. These types are never sent or read; a
//! test holds each against the type it stands for.

#![expect(dead_code, reason = "only their descriptions are used")]

mod agent;
mod dead;
mod route;
#[cfg(test)]
mod tests;
mod webhook;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use utoipa::ToSchema;

pub(crate) use self::agent::*;
pub(crate) use self::dead::*;
pub(crate) use self::route::*;
pub(crate) use self::webhook::*;

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
    /// Agents who look after it, and are told when something is amiss.
    admins: Option<Vec<String>>,
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
    /// What rests in the pool is offered again by the routes, the oldest first and one every so long, as soon as somebody can take it; left out, it stays there. What somebody sent back stays in any case.
    #[schema(example = "1m")]
    serve_pool_every: Option<String>,
    /// What follows when agents let one offer after the other run out; nothing, if left out. A claim or a pass begins the row anew.
    missed_offers: Option<MissedOffers>,
    /// Only channels that the agent has confirmed by a test message count, and who has no other is not asked;
    /// `false` if left out: then those of which nothing is known count as well.
    confirmed_channels_only: Option<bool>,
}

#[derive(ToSchema)]
pub(crate) struct MissedOffers {
    /// So many in a row, and the entity's admins are told by e-mail and at the bell, and again after as many more; `3` if left out.
    #[schema(minimum = 1)]
    tell_at: Option<u32>,
    /// So many in a row, and the agent is paused, which is told as well; nobody, if left out.
    #[schema(minimum = 1)]
    pause_at: Option<u32>,
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
    /// A lead that rests in a pond for so long is offered again when the person asks once more; left out, it stays there.
    #[schema(example = "24h")]
    offer_again_after: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Entities {
    entities: Vec<Entity>,
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
    /// What happens when the same person comes again from here, in place of what the entity says.
    same_person: Option<SamePerson>,
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
    /// What rests here because nobody took it is offered again by the routes, the oldest first and one every so long, as soon as somebody can take it.
    #[schema(example = "1m")]
    serve_every: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Ponds {
    ponds: Vec<Pond>,
}

/// Somebody who goes along with the agent: who finances what a lead buys, or does something else for it.
#[derive(ToSchema)]
#[schema(example = json!({"name": "First Bank", "email": "loans@example.com", "phone": "+15125550150"}))]
pub(crate) struct Lender {
    #[schema(read_only)]
    id: Option<String>,
    #[schema(read_only)]
    version: Option<u64>,
    name: String,
    /// What they do, in one word, as in `isa`; `lender` if left out.
    role: Option<String>,
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

#[derive(ToSchema)]
pub(crate) struct Leads {
    leads: Vec<crate::shown::Shown>,
}

/// One page of leads.
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
    /// What was done, as in `passed`, `assigned`, `returned`, `closed`, `released`, `erased` or `queued`.
    outcome: String,
    lead: Option<crate::shown::Shown>,
}

/// What is held about the person of a lead.
#[derive(ToSchema)]
pub(crate) struct Export {
    id: String,
    entity: String,
    received_at: DateTime<Utc>,
    /// The lead as it was sent; nothing of it once the person was erased.
    sent: Value,
    /// What they sent later, where it was taken for the same inquiry.
    inquiries: Vec<Value>,
    events: Vec<Value>,
}

/// The leads of a person, newest first.
#[derive(ToSchema)]
pub(crate) struct LeadsOfPerson {
    leads: Vec<String>,
}

/// What was done by right of administration.
#[derive(ToSchema)]
pub(crate) struct Trail {
    deeds: Vec<Deed>,
    next_cursor: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct Deed {
    at: DateTime<Utc>,
    entity: Option<String>,
    by: DoneBy,
    /// As in `POST /v1/leads/{id}/assign`; with the status behind it, as in `(503)`, where that leaves open whether it was done.
    what: String,
    /// The names in the path, if there are any.
    #[schema(required = false)]
    to: Value,
    /// As in `x-request-id`.
    request: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct DoneBy {
    /// `operator`, `admin` or `command_line`.
    role: String,
    /// The id of the key.
    key: Option<String>,
    agent: Option<String>,
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
    /// `lead.assigned`: who had it until then.
    from: Option<String>,
    by: Option<String>,
    reason: Option<String>,
    inquiry: Option<String>,
    /// `lead.expired`: how many offers in a row each of them has let run out by now.
    misses: Option<BTreeMap<String, u32>>,
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
