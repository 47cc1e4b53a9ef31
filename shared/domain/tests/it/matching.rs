use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::{collection, prop_assert_eq};
use serde_json::{Value, json};
use tipoff_domain::plan::{How, Otherwise, Then};
use tipoff_domain::{Lead, Rest, RouteVerdict};

use crate::fixture::{FRIDAY, id, lead, pause, plan_it, route, step, view};

const SATURDAY: &str = "2026-11-21T20:00:00Z";

#[test]
fn assign_to_agent_overrides_whatever_stands_above_it() {
    let robin = route("robin", json!({"kind": "round_robin", "agents": ["ana"]}), json!({}));
    let only_saturday = json!({"schedule": {"zone": "America/New_York", "days": ["sat"]}});
    let dana = route("dana", json!({"kind": "assign_to_agent", "agent": "dana"}), only_saturday);
    let mut team = view(&["ana", "dana"], vec![robin, dana]);

    let friday = plan_it(&lead(json!({})), &team, FRIDAY, 1);
    assert_eq!(step(&friday).route, Some(id("robin")));
    let saturday = plan_it(&lead(json!({})), &team, SATURDAY, 1);
    assert_eq!(
        (step(&saturday).route.clone(), step(&saturday).assign),
        (Some(id("dana")), Some(How::AssignToAgent))
    );
    assert_eq!(saturday.decision.routes[0].verdict, RouteVerdict::Outranked);

    pause(&mut team, "dana");
    let dana_is_away = plan_it(&lead(json!({})), &team, SATURDAY, 1);
    assert_eq!(step(&dana_is_away).route, Some(id("robin")));
    assert_eq!(dana_is_away.decision.routes[1].verdict, RouteVerdict::NobodyEligible);
}

#[test]
fn a_lead_that_lacks_what_a_route_asks_for_does_not_match_it() {
    let cheap = json!({"criteria": {"price": {"max": 500_000}}});
    let team =
        view(&["ana"], vec![route("cheap", json!({"kind": "random", "agents": "all"}), cheap)]);
    let without_price = plan_it(&lead(json!({})), &team, FRIDAY, 1);
    assert_eq!(without_price.then, Then::Pool(Rest::in_pool(Otherwise::NoRoute)));
    assert_eq!(without_price.decision.routes[0].verdict, RouteVerdict::Price);
    let affordable = plan_it(&lead(json!({"property": {"price": 450_000.0}})), &team, FRIDAY, 1);
    assert_eq!(step(&affordable).route, Some(id("cheap")));
}

#[test]
fn all_known_sources_leaves_out_a_lead_without_one_and_any_does_not() {
    let strategy = json!({"kind": "random", "agents": "all"});
    let known = view(
        &["ana"],
        vec![route("all", strategy.clone(), json!({"criteria": {"sources": "all"}}))],
    );
    let any = view(&["ana"], vec![route("any", strategy, json!({"criteria": {"sources": "any"}}))]);
    let nowhere: Lead = serde_json::from_value(json!({"phones": ["+15125550101"]})).unwrap();
    assert_eq!(
        plan_it(&nowhere, &known, FRIDAY, 1).then,
        Then::Pool(Rest::in_pool(Otherwise::NoSource))
    );
    assert_eq!(step(&plan_it(&nowhere, &any, FRIDAY, 1)).route, Some(id("any")));
}

#[test]
fn an_address_alone_is_held_and_a_typed_in_lead_is_not_routed() {
    let team =
        view(&["ana"], vec![route("all", json!({"kind": "random", "agents": "all"}), json!({}))]);
    let address: Lead =
        serde_json::from_value(json!({"property": {"address": "15 Oak Ct"}})).unwrap();
    assert_eq!(plan_it(&address, &team, FRIDAY, 1).then, Then::Hold(Otherwise::Incomplete));
    let typed_in = lead(json!({"origin": "manual"}));
    assert_eq!(plan_it(&typed_in, &team, FRIDAY, 1).then, Then::Hold(Otherwise::NotAutomatic));
    let own_site = lead(json!({"origin": "agent_site", "agent": "ana"}));
    assert_eq!(step(&plan_it(&own_site, &team, FRIDAY, 1)).assign, Some(How::AgentSite));
}

/// A route as the oracle sees it.
#[derive(Debug, Clone)]
struct Sketch {
    active: bool,
    kind: Option<&'static str>,
    hashtag: Option<&'static str>,
    assigns: bool,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let kind = prop_oneof![Just(None), Just(Some("buyer")), Just(Some("seller"))];
    let hashtag = prop_oneof![Just(None), Just(Some("relocation")), Just(Some("luxury"))];
    (any::<bool>(), kind, hashtag, any::<bool>())
        .prop_map(|(active, kind, hashtag, assigns)| Sketch { active, kind, hashtag, assigns })
}

fn built(index: usize, sketch: &Sketch) -> Value {
    let strategy = if sketch.assigns {
        json!({"kind": "assign_to_agent", "agent": "ana"})
    } else {
        json!({"kind": "round_robin", "agents": ["ana"]})
    };
    let kinds: Vec<_> = sketch.kind.into_iter().collect();
    let hashtags: Vec<_> = sketch.hashtag.into_iter().collect();
    json!({
        "id": format!("r{index}"), "title": format!("r{index}"), "strategy": strategy, "active": sketch.active,
        "criteria": {"kinds": kinds, "hashtags": hashtags},
    })
}

proptest! {
    /// The oracle filters twice and takes the first; it knows nothing of verdicts.
    #[test]
    fn the_winner_is_the_first_match_or_the_first_assignment_among_the_matches(
        sketches in collection::vec(sketch(), 0..8),
        kind in prop_oneof![Just("buyer"), Just("seller")],
        tagged in any::<bool>(),
    ) {
        let routes = sketches.iter().enumerate().map(|(index, sketch)| serde_json::from_value(built(index, sketch)).unwrap());
        let hashtags = if tagged { vec!["#Relocation"] } else { vec![] };
        let person = lead(json!({"kind": kind, "hashtags": hashtags}));
        let plan = plan_it(&person, &view(&["ana"], routes.collect()), FRIDAY, 1);

        let matches: Vec<(usize, &Sketch)> = sketches.iter().enumerate()
            .filter(|(_, s)| s.active && s.kind.is_none_or(|k| k == kind))
            .filter(|(_, s)| match s.hashtag { None => true, Some("relocation") => tagged, Some(_) => false })
            .collect();
        let winner = matches.iter().find(|(_, s)| s.assigns).or(matches.first());
        match (&plan.then, winner) {
            (Then::Step(step), Some((index, _))) => prop_assert_eq!(step.route.clone(), Some(id(&format!("r{index}")))),
            (then, winner) => prop_assert_eq!(then, &Then::Pool(Rest::in_pool(Otherwise::NoRoute)), "{:?}", winner),
        }
        prop_assert_eq!(plan.decision.routes.len(), sketches.len());
    }
}
