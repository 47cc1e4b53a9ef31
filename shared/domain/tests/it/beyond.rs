//! Where leads go beyond a route's own agents: ponds, other routes, the default
//! route, and back to those who want another chance.

use std::sync::Arc;

use serde_json::{Value, json};
use tipoff_domain::decision::By;
use tipoff_domain::plan::{Hop, How, Otherwise, Pick, Plan, Then, plan_next};
use tipoff_domain::{AgentId, EntityView, Lead, NoMatch, Pond, Rest, RouteVerdict};

use crate::fixture::{
    FRIDAY, at, entity, id, lead, names, order, pause, plan_it, route, seeded, step, view,
};

fn robin(agents: &[&str]) -> Value {
    json!({"kind": "round_robin", "agents": agents})
}

fn with_pond(mut team: EntityView) -> EntityView {
    let pond: Pond = serde_json::from_value(json!({"name": "North", "members": "all"})).unwrap();
    team.ponds.insert(id("north"), Arc::new(pond));
    team
}

fn hop(team: &EntityView, on: &str, tried: &[&str], again: &[&str], reroutes: u32) -> Plan {
    let (person, on) = (lead(json!({})), id(on));
    let (tried, again): (Vec<AgentId>, Vec<AgentId>) = (names(tried), names(again));
    let hop = Hop {
        lead: &person,
        route: Some(&on),
        tried: &tried,
        again: &again,
        tags: &[],
        jump_ball: false,
        first_offer: at(FRIDAY),
        board_now: at(FRIDAY),
        reroutes,
        full: &[],
    };
    plan_next(&hop, team, at(FRIDAY), &mut seeded(3))
}

/// kvCORE: a pond may stand among the recipients (D-25).
#[test]
fn a_route_may_lead_into_a_pond() {
    let into = json!({"kind": "round_robin", "agents": {"pond": "north"}});
    let ponds = vec![route("pond", into, json!({"tags": ["wet"], "smart_plan": "drip"}))];
    let planned = plan_it(&lead(json!({})), &with_pond(view(&["ana"], ponds.clone())), FRIDAY, 1);
    let Then::Pool(rest) = &planned.then else { panic!("{planned:?}") };
    assert_eq!((rest.why, &rest.pond), (Otherwise::ToPond, &Some(id("north"))));
    assert_eq!(rest.route, Some(id("pond")));
    let marks = rest.marks.as_ref().unwrap();
    assert_eq!(
        (marks.tags.clone(), marks.smart_plan.as_deref()),
        (vec!["wet".to_owned()], Some("drip"))
    );

    let drained = plan_it(&lead(json!({})), &view(&["ana"], ponds), FRIDAY, 1);
    assert_eq!(drained.then, Then::Pool(Rest::in_pool(Otherwise::NobodyEligible)));
}

#[test]
fn what_nobody_took_goes_where_the_route_says() {
    let to = |where_to: Value| {
        let first = route("first", robin(&["ana"]), json!({"on_exhausted": where_to}));
        let second = route("second", robin(&["ana", "ben"]), json!({"claim_within": "5m"}));
        with_pond(view(&["ana", "ben", "dana"], vec![first, second]))
    };
    let pond = hop(&to(json!({"pond": "north"})), "first", &["ana"], &[], 0);
    let rest = Rest { pond: Some(id("north")), ..Rest::in_pool(Otherwise::Exhausted) };
    assert_eq!(pond.then, Then::Pool(rest));

    let agent = hop(&to(json!({"agent": "dana"})), "first", &["ana"], &[], 0);
    assert_eq!(
        (order(&agent), step(&agent).assign),
        (vec!["dana".to_owned()], Some(How::Exhausted))
    );

    let next = hop(&to(json!({"route": "second"})), "first", &["ana"], &[], 0);
    assert_eq!((order(&next), step(&next).reroutes), (vec!["ben".to_owned()], 1), "Ana had it");
    assert_eq!(next.decision.routes[0].verdict, RouteVerdict::TookOver);
    let again = hop(&to(json!({"route": "second"})), "first", &["ana"], &[], 3);
    assert_eq!(
        again.then,
        Then::Pool(Rest::in_pool(Otherwise::TooManyReroutes)),
        "no way round and round"
    );
    let nobody = hop(&to(json!({"route": "second"})), "first", &["ana", "ben"], &[], 0);
    assert_eq!(nobody.then, Then::Pool(Rest::in_pool(Otherwise::Exhausted)));
}

#[test]
fn whoever_wants_another_chance_is_asked_when_all_the_others_were() {
    let team = view(
        &["ana", "ben", "chloe"],
        vec![route("r", robin(&["ana", "ben", "chloe"]), json!({}))],
    );
    assert_eq!(order(&hop(&team, "r", &["ana", "ben"], &["ana"], 0)), ["chloe"]);
    let last = hop(&team, "r", &["ana", "ben", "chloe"], &["ben", "ana"], 0);
    assert_eq!(
        (order(&last), step(&last).by),
        (vec!["ben".to_owned(), "ana".to_owned()], By::AnotherChance)
    );

    let mut resting = team;
    pause(&mut resting, "ben");
    assert_eq!(order(&hop(&resting, "r", &["ana", "ben", "chloe"], &["ben", "ana"], 0)), ["ana"]);
}

#[test]
fn roll_ons_have_a_turn_of_their_own_where_the_route_spreads_them() {
    let spread =
        json!({"kind": "round_robin", "agents": ["ana", "ben", "chloe"], "roll_on": "spread"});
    let team = view(&["ana", "ben", "chloe"], vec![route("r", spread, json!({}))]);
    let next = hop(&team, "r", &["ben"], &[], 0);
    assert_eq!(
        (step(&next).pick, order(&next)),
        (Pick::Spread, vec!["ana".to_owned(), "chloe".to_owned()])
    );
    assert_eq!(step(&next).candidates.len(), 3, "the whole list, to find the turn's place in it");
}

#[test]
fn an_exclusive_route_keeps_its_leads_from_the_routes_below() {
    let first = |more| route("first", robin(&["ana"]), more);
    let second = route("second", robin(&["ben"]), json!({}));
    let mut open = view(&["ana", "ben"], vec![first(json!({})), second.clone()]);
    pause(&mut open, "ana");
    assert_eq!(order(&plan_it(&lead(json!({})), &open, FRIDAY, 1)), ["ben"]);
    open.routes = vec![first(json!({"exclusive": true})), second].into();
    let kept = plan_it(&lead(json!({})), &open, FRIDAY, 1);
    assert_eq!(kept.then, Then::Pool(Rest::in_pool(Otherwise::NobodyEligible)));
}

/// kvCORE: the rule that is always there (D-6).
#[test]
fn the_default_route_takes_what_no_other_takes() {
    let sellers = route("sellers", robin(&["ana"]), json!({"criteria": {"kinds": ["seller"]}}));
    let mut team = view(&["ana", "ben"], vec![sellers]);
    let buyer: Lead = lead(json!({"kind": "buyer"}));
    assert_eq!(
        plan_it(&buyer, &team, FRIDAY, 1).then,
        Then::Pool(Rest::in_pool(Otherwise::NoRoute))
    );
    entity(&mut team).no_match = NoMatch::DefaultRoute;
    team.routes.extend(team.entity.default_route().map(Arc::new));
    let planned = plan_it(&buyer, &team, FRIDAY, 1);
    assert_eq!(
        (step(&planned).route.clone(), order(&planned)),
        (Some(id("default")), vec!["ana".to_owned(), "ben".to_owned()])
    );
    assert_eq!(step(&planned).assign, Some(How::Direct), "it is sent to someone, not left waiting");
}

/// D-29.
#[test]
fn a_second_route_adds_only_the_tags_that_the_lead_does_not_have() {
    let tagged = json!({"tags": ["portal", "evening"], "smart_plan": "drip"});
    let team = view(&["ana", "ben"], vec![route("r", robin(&["ana", "ben"]), tagged)]);
    let (person, tried) = (lead(json!({})), names(&["ana"]));
    let gone = id("gone");
    let hop = Hop {
        lead: &person,
        route: Some(&gone),
        tried: &tried,
        again: &[],
        tags: &["portal".to_owned()],
        jump_ball: false,
        first_offer: at(FRIDAY),
        board_now: at(FRIDAY),
        reroutes: 0,
        full: &[],
    };
    let planned = plan_next(&hop, &team, at(FRIDAY), &mut seeded(1));
    let marks = step(&planned).marks.as_ref().unwrap();
    assert_eq!(marks.tags, ["evening"]);
    assert_eq!(marks.smart_plan.as_deref(), Some("drip"));
}

/// KW: a manual lead may be sent to routing, and has to have a source for it (D-27).
#[test]
fn a_lead_that_was_typed_in_is_matched_by_its_source_once_it_is_sent_to_routing() {
    use tipoff_domain::plan::{Arrival, plan};
    let zillow = route("zillow", robin(&["ana"]), json!({"criteria": {"sources": ["zillow"]}}));
    let team = view(&["ana"], vec![zillow]);
    let typed = lead(json!({"origin": "manual"}));
    assert_eq!(plan_it(&typed, &team, FRIDAY, 1).then, Then::Hold(Otherwise::NotAutomatic));
    let sent = Arrival { sent: true, ..Arrival::of(&typed) };
    assert_eq!(order(&plan(&sent, &team, at(FRIDAY), &mut seeded(1))), ["ana"]);
}
