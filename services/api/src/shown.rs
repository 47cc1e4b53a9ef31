//! A lead as it is shown, and to whom.
//!
//! Contact details are shown to admins and to the agent who has the lead, to
//! nobody else. Everybody else sees it only while it could become theirs.

mod guarded;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use tipoff_board::OnBoard;
use tipoff_domain::plan::How;
use tipoff_domain::preview::Part;
use tipoff_domain::{
    AgentId, Decision, EntityView, Lead, Lender, LenderId, Origin, RouteId, SourceId,
};
use tipoff_roster::{Access, Role};
use tipoff_wire::event::{Released, State, Tried};
use tipoff_wire::{After, Event, PooledWhy};
use utoipa::ToSchema;

pub(crate) use guarded::guarded;

/// How much of a lead somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    Whole,
    /// Without contact details.
    Guarded,
}

impl Sight {
    /// `None`: for this caller there is no such lead. The entity is checked already.
    pub(crate) fn of(access: &Access, lead: &OnBoard, view: Option<&EntityView>) -> Option<Self> {
        match access.role {
            Role::Operator | Role::Admin => Some(Self::Whole),
            Role::Source => None,
            Role::Agent => {
                let agent = access.agent.as_ref()?;
                let now_is = &lead.now_is;
                if now_is.agent.as_ref() == Some(agent) {
                    return Some(Self::Whole);
                }
                let open = now_is.pending.contains(agent) || is_in_reach(agent, now_is, view);
                open.then_some(Self::Guarded)
            }
        }
    }
}

/// Whether it rests where the agent may claim it (D-25).
pub(crate) fn is_in_reach(agent: &AgentId, now_is: &After, view: Option<&EntityView>) -> bool {
    let pond = now_is.pond.as_ref();
    let theirs = |pond| view.and_then(|view| view.ponds.get(pond)).is_some_and(|it| it.has(agent));
    now_is.state == State::Pooled && pond.is_none_or(theirs)
}

/// Somebody who may claim the lead now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenOffer {
    agent: String,
    /// Exclusive; `null` only where the board does not know.
    until: Option<DateTime<Utc>>,
}

/// Somebody who goes along with the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ShownLender {
    id: String,
    name: Option<String>,
    /// What they do: `lender`, `isa`.
    role: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

/// A lead and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lead)]
pub(crate) struct Shown {
    id: String,
    /// By whose rules it is routed.
    entity: String,
    /// `held`, `offered`, `assigned`, `pooled` or `closed`.
    #[schema(value_type = String)]
    state: State,
    version: u64,
    route: Option<String>,
    round: u32,
    /// Who may claim it now.
    offers: Vec<OpenOffer>,
    /// Who has it, to work it.
    agent: Option<String>,
    /// Whose person it is, whoever works it: the agent through whose own site they came; `null`: the entity's.
    owner: Option<String>,
    #[schema(value_type = Option<String>)]
    how: Option<How>,
    /// Why it is in the pool or held.
    #[schema(value_type = Option<String>)]
    why: Option<PooledWhy>,
    /// The pond it rests in; `null`: the pool, if it is `pooled`.
    pond: Option<String>,
    /// Since when it is pooled or held.
    rested_at: Option<DateTime<Utc>>,
    /// How it left being held: `sent` to routing, or `completed` with contact details.
    #[schema(value_type = Option<String>)]
    released: Option<Released>,
    /// Its pond takes it back then, unless it is worked before.
    act_by: Option<DateTime<Utc>>,
    /// Tags of the routes that had it.
    tags: Vec<String>,
    /// The smart plans that it is enrolled in.
    smart_plans: Vec<String>,
    /// The route's, else that of the agent who has it.
    lender: Option<ShownLender>,
    /// Everybody who goes along with the agent, one of each role.
    along: Vec<ShownLender>,
    /// Those who let it go and want it after all, in order.
    again: Vec<String>,
    /// Whether the agent is owed another lead for this one.
    credited: bool,
    /// Everybody who was asked, and what became of it.
    #[schema(value_type = Vec<Value>)]
    tried: Vec<Tried>,
    duplicate_of: Option<String>,
    inquiries: u32,
    source: Option<String>,
    received_at: DateTime<Utc>,
    t0: DateTime<Utc>,
    /// Until the offers end, by the board's clock.
    seconds_left: Option<i64>,
    /// As the source sent it; without contact details where they are not the caller's to see.
    lead: Value,
}

impl Shown {
    /// `now`: the board's time, where it is known. `view`: the lead's entity.
    pub(crate) fn new(
        on_board: &OnBoard,
        sight: Sight,
        now: Option<DateTime<Utc>>,
        view: Option<&EntityView>,
    ) -> Self {
        let owner = owner(on_board, view).map(ToString::to_string);
        let along = along(&on_board.now_is, view);
        let (lead, source) = match sight {
            Sight::Whole => (json!(on_board.lead), on_board.now_is.source.clone()),
            Sight::Guarded => {
                let (lead, source) = previewed(on_board, view);
                (json!(guarded(&lead)), source)
            }
        };
        let After { pending, until, .. } = on_board.now_is.clone();
        let seconds_left =
            (!pending.is_empty()).then_some(()).and(until).zip(now).map(|(until, now)| {
                let left = (until - now).num_milliseconds();
                (left.max(0) + 999) / 1_000
            });
        let offer = |agent: AgentId| OpenOffer { agent: agent.into(), until };
        let after = on_board.now_is.clone();
        Self {
            id: on_board.id.to_string(),
            entity: on_board.entity.to_string(),
            state: after.state,
            version: on_board.version,
            route: after.route.map(Into::into),
            round: after.round,
            offers: pending.into_iter().map(offer).collect(),
            agent: after.agent.map(Into::into),
            owner,
            how: after.how,
            why: after.why,
            pond: after.pond.map(Into::into),
            rested_at: after.rested_at,
            released: after.released,
            act_by: after.act_by,
            tags: after.tags,
            smart_plans: after.enrolled,
            lender: along.iter().find(|one| one.lends()).cloned(),
            along,
            again: after.again.into_iter().map(Into::into).collect(),
            credited: after.credited,
            tried: after.tried,
            duplicate_of: after.duplicate_of.map(Into::into),
            inquiries: after.inquiries,
            source: source.map(Into::into),
            received_at: after.received_at,
            t0: after.t0,
            seconds_left,
            lead,
        }
    }
}

/// The lead, and where it is from, as far as its route shows them to those who
/// do not have it.
pub(crate) fn previewed<'a>(
    on_board: &'a OnBoard,
    view: Option<&EntityView>,
) -> (Cow<'a, Lead>, Option<SourceId>) {
    let OnBoard { lead, now_is, .. } = on_board;
    let Some(view) = view else { return (Cow::Borrowed(lead), now_is.source.clone()) };
    let route = now_is.route.as_ref();
    let source = now_is.source.clone().filter(|_| view.shows(route, Part::Source));
    (view.previewed(lead, route), source)
}

/// An event as it is told outside. `without`: an agent who does not have the lead,
/// which is on `route`; `None`: somebody who sees all of it.
pub(crate) fn heard(
    event: Event,
    without: Option<&AgentId>,
    route: Option<&RouteId>,
    view: Option<&EntityView>,
) -> Event {
    let mut event = event.without_payload();
    let Some(agent) = without else { return event };
    if view.is_some_and(|view| !view.shows(route, Part::Source)) {
        event.after.source = None;
    }
    // What others wrote may say who the person is and how to reach them.
    if event.by.as_deref() != Some(agent.as_str()) {
        event.reason = None;
    }
    // It says whose turn is next.
    event.after.memory = None;
    if let Some(decision) = &mut event.decision {
        name_only(agent, decision);
    }
    event
}

/// Leaves one agent's name in the decision and counts the others by what became
/// of them, so that nobody reads here who is paused or at a limit.
fn name_only(agent: &AgentId, decision: &mut Decision) {
    let all = std::mem::take(&mut decision.candidates);
    let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.agent == *agent);
    decision.candidates = own;
    for other in others {
        *decision.others.candidates.entry(other.verdict).or_default() += 1;
    }
}

/// Who has the person, whoever works the lead: an agent's own site gives them
/// to that agent; a listing, a route or a claim gives them to nobody (D-24, D-28).
fn owner<'a>(on_board: &'a OnBoard, view: Option<&EntityView>) -> Option<&'a AgentId> {
    let agent = on_board.lead.agent.as_ref();
    let theirs = on_board.lead.origin == Origin::AgentSite;
    agent.filter(|agent| theirs && view.is_none_or(|view| view.agents.contains_key(*agent)))
}

/// The route's lender comes before the agent's own (kvCORE).
fn along(now_is: &After, view: Option<&EntityView>) -> Vec<ShownLender> {
    let shown = |id: &LenderId| ShownLender::of(id, view);
    let mut along: Vec<ShownLender> = now_is.along.iter().map(shown).collect();
    if !along.iter().any(ShownLender::lends) {
        let agent = now_is.agent.as_ref().zip(view).and_then(|(id, view)| view.agents.get(id));
        along.extend(agent.and_then(|agent| agent.lender.as_ref()).map(shown));
    }
    along
}

impl ShownLender {
    fn of(id: &LenderId, view: Option<&EntityView>) -> Self {
        let known = view.and_then(|view| view.lenders.get(id));
        Self {
            id: id.to_string(),
            name: known.map(|lender| lender.name.clone()),
            role: known.map(|lender| lender.role.clone()),
            email: known.and_then(|lender| lender.email.clone()),
            phone: known.and_then(|lender| lender.phone.clone()),
        }
    }

    fn lends(&self) -> bool {
        self.role.as_deref().is_none_or(|role| role == Lender::ROLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_board(after: &Value) -> OnBoard {
        let mut now_is = json!({"round": 1, "received_at": "2026-11-22T09:30:00Z", "t0": "2026-11-22T09:30:00Z",
            "reroutes": 0, "inquiries": 1});
        now_is.as_object_mut().unwrap().extend(after.as_object().unwrap().clone());
        OnBoard {
            id: "lead_1".parse().unwrap(),
            entity: "acme".parse().unwrap(),
            version: 2,
            now_is: serde_json::from_value(now_is).unwrap(),
            lead: Lead::default(),
        }
    }

    fn entity() -> EntityView {
        let entity = json!({"name": "Acme Realty", "kind": "team", "zone": "America/New_York"});
        let mut view =
            EntityView::new("acme".parse().unwrap(), serde_json::from_value(entity).unwrap());
        let ana = json!({"name": "Ana Ruiz", "lender": "own-bank"});
        view.agents.insert("ana".parse().unwrap(), serde_json::from_value(ana).unwrap());
        for (pond, member) in [("north", "ana"), ("south", "ben")] {
            let it = json!({"name": pond, "members": [member]});
            view.ponds.insert(pond.parse().unwrap(), serde_json::from_value(it).unwrap());
        }
        view
    }

    fn ana() -> Access {
        let entity = Some("acme".parse().unwrap());
        let agent = Some("ana".parse().unwrap());
        Access { key_id: "k".to_owned(), role: Role::Agent, entity, agent, source: None }
    }

    #[test]
    fn an_agent_sees_what_is_theirs_or_could_be() {
        let sees = |after| Sight::of(&ana(), &on_board(&after), Some(&entity()));
        assert_eq!(sees(json!({"state": "assigned", "agent": "ana"})), Some(Sight::Whole));
        assert_eq!(sees(json!({"state": "offered", "pending": ["ana"]})), Some(Sight::Guarded));
        assert_eq!(sees(json!({"state": "pooled"})), Some(Sight::Guarded));
        assert_eq!(sees(json!({"state": "offered", "pending": ["ben"]})), None);
        assert_eq!(sees(json!({"state": "assigned", "agent": "ben"})), None);
        assert_eq!(sees(json!({"state": "held"})), None);
        assert_eq!(sees(json!({"state": "pooled", "pond": "north"})), Some(Sight::Guarded));
        assert_eq!(sees(json!({"state": "pooled", "pond": "south"})), None, "she is not in it");
    }

    /// Ana passes on it and says why; Cam, who is next, is paused.
    fn passed() -> Event {
        let candidates = json!([{"agent": "ana", "verdict": "chosen", "by": "turn"},
            {"agent": "ben", "verdict": "eligible"}, {"agent": "cam", "verdict": "paused"}]);
        let event = json!({"id": "1-0", "type": "lead.passed", "at": "2026-11-22T09:30:00Z", "entity": "acme",
            "lead": "lead_1", "version": 3, "agents": ["ana"], "by": "ana",
            "reason": "Dana Reyes, call 512-555-0101", "decision": {"candidates": candidates},
            "payload": {"emails": ["dana@example.com"]},
            "after": {"state": "offered", "round": 1, "reroutes": 0, "inquiries": 1, "memory": "next=cam",
                "requests": ["r1.pass=passed"], "received_at": "2026-11-22T09:30:00Z", "t0": "2026-11-22T09:30:00Z"}});
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn who_does_not_have_the_lead_reads_their_own_words_and_of_no_other_agent_by_name() {
        let told = |agent: &str| json!(heard(passed(), Some(&agent.parse().unwrap()), None, None));
        let ben = told("ben");
        assert_eq!((ben.get("reason"), ben["after"].get("memory")), (None, None));
        let own = json!([{"agent": "ben", "verdict": "eligible"}]);
        assert_eq!(ben["decision"]["candidates"], own);
        let others = json!({"chosen": 1, "paused": 1});
        assert_eq!(ben["decision"]["others"]["candidates"], others);
        assert_eq!(told("ana")["reason"], "Dana Reyes, call 512-555-0101", "she wrote it");

        let whole = heard(passed(), None, None, None);
        assert!(whole.reason.is_some() && whole.after.memory.is_some());
        assert_eq!(whole.decision.unwrap().candidates.len(), 3);
    }

    #[test]
    fn nobody_is_told_what_requests_were_answered_or_what_was_sent() {
        let ben: AgentId = "ben".parse().unwrap();
        for without in [None, Some(&ben)] {
            let told = json!(heard(passed(), without, None, None)).to_string();
            assert!(!told.contains("r1.pass") && !told.contains("dana@example.com"), "{told}");
        }
    }

    #[test]
    fn the_routes_lender_comes_before_the_agents_own() {
        let lender = |after| {
            let along = along(&on_board(&after).now_is, Some(&entity()));
            along.into_iter().find(ShownLender::lends).map(|one| one.id)
        };
        let (own, of_route) = (Some("own-bank".to_owned()), Some("route-bank".to_owned()));
        assert_eq!(lender(json!({"state": "assigned", "agent": "ana"})), own);
        let both = json!({"state": "assigned", "agent": "ana", "along": ["route-bank"]});
        assert_eq!(lender(both), of_route);
        assert_eq!(lender(json!({"state": "pooled"})), None);
    }

    #[test]
    fn an_agents_own_site_gives_the_person_to_that_agent_and_a_listing_to_nobody() {
        let mut lead = on_board(&json!({"state": "assigned", "agent": "ben"}));
        assert_eq!(owner(&lead, Some(&entity())), None);
        lead.lead.agent = Some("ana".parse().unwrap());
        assert_eq!(owner(&lead, Some(&entity())), None);
        lead.lead.origin = Origin::AgentSite;
        assert_eq!(owner(&lead, Some(&entity())).map(AgentId::as_str), Some("ana"));
        lead.lead.agent = Some("zoe".parse().unwrap());
        assert_eq!(owner(&lead, Some(&entity())), None, "she has left");
    }

    #[test]
    fn seconds_are_left_only_while_somebody_is_asked() {
        let now = "2026-11-22T09:44:59.500Z".parse().unwrap();
        let offered = on_board(
            &json!({"state": "offered", "pending": ["ana"], "until": "2026-11-22T09:45:00Z"}),
        );
        assert_eq!(Shown::new(&offered, Sight::Whole, Some(now), None).seconds_left, Some(1));
        let pooled = on_board(&json!({"state": "pooled"}));
        assert_eq!(Shown::new(&pooled, Sight::Whole, Some(now), None).seconds_left, None);
    }
}
