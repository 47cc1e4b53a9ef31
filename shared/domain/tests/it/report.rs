//! The sums of the report hold whatever happened to the leads (D-36).

use proptest::prelude::*;
use serde_json::json;
use tipoff_domain::plan::How;
use tipoff_domain::report::{Case, Count, Place, Range, Report};
use tipoff_domain::standing::{OfferState, State, Tried};
use tipoff_domain::{AgentId, Origin};

use crate::fixture::{at, id, names, route, view};

fn case() -> Case {
    Case {
        state: State::Offered,
        origin: Origin::Automatic,
        route: Some(id("r")),
        agent: None,
        how: None,
        tried: Vec::new(),
        pending: Vec::new(),
        first_agents: Vec::new(),
        from_pond: false,
        released: false,
        is_inquiry: false,
    }
}

fn assigned(how: How, agent: &str) -> Case {
    Case { state: State::Assigned, how: Some(how), agent: Some(id(agent)), ..case() }
}

fn tried(pairs: &[(&str, OfferState)]) -> Vec<Tried> {
    pairs.iter().map(|(agent, outcome)| Tried { agent: id(agent), outcome: *outcome }).collect()
}

fn report(cases: &[Case]) -> Report {
    let strategy = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    let team = view(&["ana", "ben", "chloe"], vec![route("r", strategy, json!({}))]);
    let mut count = Count::new();
    for case in cases {
        count.add(case);
    }
    count.report(&team)
}

#[test]
fn a_week_of_leads_is_counted_as_a_person_would() {
    let (ana, ben) = (names(&["ana"]), names(&["ben"]));
    let expired_then = tried(&[("ana", OfferState::Expired), ("ben", OfferState::Claimed)]);
    let cases = [
        Case {
            tried: expired_then.clone(),
            first_agents: ana.clone(),
            ..assigned(How::Claimed, "ben")
        },
        // Claimed, sent back, and fetched by Ana.
        Case {
            tried: expired_then,
            first_agents: ana,
            from_pond: true,
            ..assigned(How::PoolClaimed, "ana")
        },
        Case { pending: ben.clone(), first_agents: ben, ..case() },
        assigned(How::AssignToAgent, "ana"),
        Case { state: State::Held, route: None, ..case() },
        Case { route: None, origin: Origin::AgentSite, ..assigned(How::AgentSite, "ana") },
        Case { route: None, origin: Origin::Manual, ..assigned(How::Manual, "ana") },
        Case { state: State::Pooled, route: None, ..case() },
    ];
    let report = report(&cases);
    let totals = &report.totals;
    assert_eq!((totals.received, totals.held, totals.direct, totals.manual), (5, 1, 1, 1));
    assert_eq!((totals.claimed_by_offer, totals.claimed_then_moved), (1, 1));
    assert_eq!((totals.pool_claimed, totals.pool_now, totals.in_flight), (1, 1, 1));
    assert_eq!(totals.assigned_direct, 1);
    let [ana, ben, chloe] = report.agents.as_slice() else { panic!("{:?}", report.agents) };
    assert_eq!((ana.counts.offers, ana.counts.expired, ana.counts.first_offers), (2, 2, 2));
    assert_eq!((ana.counts.assigned, ana.counts.pool_claims, ana.counts.has), (1, 1, 2));
    assert_eq!(
        (ben.counts.offers, ben.counts.claimed, ben.counts.pending, ben.counts.has),
        (3, 2, 1, 1)
    );
    assert_eq!((chloe.counts.offers, chloe.routes.len(), ana.routes.len()), (0, 0, 1));
    let shown: Vec<_> = report.routes.iter().map(|row| (row.route.clone(), row.received)).collect();
    assert_eq!(shown, [(Some(id("r")), 4), (None, 1)]);
    assert!(report.identities.iter().all(|it| it.holds), "{:#?}", report.identities);
}

#[test]
fn what_did_not_come_through_routing_stands_beside() {
    let own = Case { route: None, origin: Origin::AgentSite, ..assigned(How::AgentSite, "ana") };
    assert_eq!(Place::of(&own), Place::Direct);
    // Sent back, it is still no lead of the routing (D-28).
    let back = Case { state: State::Pooled, how: None, agent: None, ..own };
    assert_eq!(Place::of(&back), Place::Direct);
    let typed = Case { state: State::Held, origin: Origin::Manual, route: None, ..case() };
    assert_eq!(Place::of(&typed), Place::Held);
    // Sent to routing, it counts (D-27).
    assert_eq!(Place::of(&Case { released: true, ..typed }), Place::InFlight);
    assert_eq!(Place::of(&assigned(How::Returning, "ana")), Place::Returning);
    let inquiry = Case { state: State::Closed, is_inquiry: true, ..case() };
    assert_eq!(Place::of(&inquiry), Place::Inquiry);
}

#[test]
fn an_identity_that_does_not_hold_says_so() {
    // The board says "claimed", but nobody's offer was.
    let report = report(&[assigned(How::Claimed, "ana")]);
    let broken: Vec<_> = report.identities.iter().filter(|it| !it.holds).collect();
    assert_eq!((broken.len(), broken[0].left, broken[0].right), (1, 0, 1));
}

#[test]
fn months_and_years_begin_by_the_entitys_calendar() {
    let zone = chrono_tz::America::New_York;
    let now = at("2026-04-01T02:00:00Z");
    let bounds = |range: Range| {
        let found = range.bounds(now, zone).unwrap();
        (found.from, found.until)
    };
    assert_eq!(bounds(Range::Month), (Some(at("2026-03-01T05:00:00Z")), None));
    assert_eq!(bounds(Range::Year), (Some(at("2026-01-01T05:00:00Z")), None));
    assert_eq!(bounds(Range::All), (None, None));
    let day = |text: &str| Some(text.parse().unwrap());
    // The day on which clocks go forward has 23 hours.
    let one = Range::Custom { from: day("2026-03-08"), to: day("2026-03-08") };
    assert_eq!(bounds(one), (Some(at("2026-03-08T05:00:00Z")), Some(at("2026-03-09T04:00:00Z"))));
    let upside_down = Range::Custom { from: day("2026-03-09"), to: day("2026-03-08") };
    assert!(upside_down.bounds(now, zone).is_err());
}

fn agent() -> impl Strategy<Value = AgentId> {
    proptest::sample::select(names(&["ana", "ben", "chloe", "gone"]))
}

/// Leads as the board leaves them: one claim at most, and `how` says so.
fn any_case() -> impl Strategy<Value = Case> {
    let outcome = proptest::sample::select(vec![
        OfferState::Passed,
        OfferState::Expired,
        OfferState::Lost,
        OfferState::Withdrawn,
    ]);
    let answers = proptest::collection::vec((agent(), outcome), 0..4);
    let how = proptest::sample::select(vec![
        How::Claimed,
        How::PoolClaimed,
        How::Direct,
        How::AssignToAgent,
        How::TimeoutAgent,
        How::Exhausted,
        How::AgentSite,
        How::Listing,
        How::Manual,
        How::Returning,
    ]);
    let state = proptest::sample::select(vec![
        State::Held,
        State::Offered,
        State::Assigned,
        State::Pooled,
        State::Closed,
    ]);
    let origin = proptest::sample::select(vec![
        Origin::Automatic,
        Origin::Manual,
        Origin::Import,
        Origin::AgentSite,
    ]);
    let words =
        (any::<bool>(), any::<bool>(), proptest::bool::weighted(0.1), any::<bool>(), any::<bool>());
    (state, how, origin, answers, agent(), words).prop_map(
        |(state, how, origin, outcomes, agent, words)| {
            let (from_pond, released, is_inquiry, on_route, was_claimed) = words;
            let mut tried: Vec<Tried> =
                outcomes.into_iter().map(|(agent, outcome)| Tried { agent, outcome }).collect();
            let has = state == State::Assigned;
            if has && how == How::Claimed || !has && state != State::Held && was_claimed {
                tried.push(Tried { agent: agent.clone(), outcome: OfferState::Claimed });
            }
            let pending = if state == State::Offered { vec![agent.clone()] } else { Vec::new() };
            let asked = tried.first().map(|tried| tried.agent.clone()).or(pending.first().cloned());
            Case {
                state,
                origin,
                released,
                is_inquiry,
                from_pond,
                tried,
                pending,
                route: on_route.then(|| id("r")),
                agent: has.then_some(agent),
                how: has.then_some(how),
                first_agents: asked.into_iter().collect(),
            }
        },
    )
}

proptest! {
    #[test]
    fn the_sums_hold_whatever_happened(cases in proptest::collection::vec(any_case(), 0..60)) {
        let report = report(&cases);
        for identity in &report.identities {
            prop_assert!(identity.holds, "{identity:?}");
        }
    }

    /// Ranges that lie side by side add up to the whole: a lead counts once.
    #[test]
    fn parts_add_up_to_the_whole(
        cases in proptest::collection::vec(any_case(), 0..40),
        cut in 0usize..40,
    ) {
        let (one, other) = cases.split_at(cut.min(cases.len()));
        let (one, other, whole) = (report(one), report(other), report(&cases));
        prop_assert_eq!(one.totals.received + other.totals.received, whole.totals.received);
        let offers = |report: &Report| report.agents.iter().map(|it| it.counts.offers).sum::<u64>();
        prop_assert_eq!(offers(&one) + offers(&other), offers(&whole));
    }
}
