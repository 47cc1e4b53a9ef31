//! A lead about a listing goes to its agent first (D-24).

use chrono::TimeDelta;
use serde_json::{Value, json};
use tipoff_domain::plan::{Arrival, Hop, How, plan, plan_next};
use tipoff_domain::{EntityView, Lead};

use crate::fixture::{
    FRIDAY, at, entity, id, lead, names, order, pause, plan_it, route, seeded, step, view,
};

fn about(agents: Value) -> Lead {
    lead(json!({"property": agents}))
}

/// Chloe takes everything by an Assign-to-Agent route, the strongest there is.
fn team(rule: Value) -> EntityView {
    let chloe = json!({"kind": "assign_to_agent", "agent": "chloe"});
    let mut team = view(&["ana", "ben", "chloe"], vec![route("chloe", chloe, json!({}))]);
    entity(&mut team).listing = serde_json::from_value(rule).unwrap();
    team
}

fn goes_to(lead: &Lead, team: &EntityView) -> (Vec<String>, Option<How>) {
    let plan = plan_it(lead, team, FRIDAY, 1);
    (order(&plan), step(&plan).assign)
}

#[test]
fn the_listing_agent_comes_before_every_route_and_is_not_asked() {
    let ana = about(json!({"listing_agent": "ana"}));
    let direct = |agent: &str, how| (vec![agent.to_owned()], Some(how));
    assert_eq!(goes_to(&ana, &team(json!({}))), direct("ana", How::Listing));
    assert_eq!(
        goes_to(&ana, &team(json!({"bypass": true}))),
        direct("chloe", How::AssignToAgent),
        "bypass on: routes decide"
    );
    assert_eq!(goes_to(&ana, &team(json!(null))), direct("chloe", How::AssignToAgent));
}

#[test]
fn a_co_listing_agent_steps_in_for_one_who_is_not_here() {
    let elsewhere = about(json!({"listing_agent": "zoe", "co_listing_agents": ["yan", "ben"]}));
    assert_eq!(goes_to(&elsewhere, &team(json!({}))).0, ["ben"]);
    let nobody = about(json!({"listing_agent": "zoe", "co_listing_agents": ["yan"]}));
    assert_eq!(goes_to(&nobody, &team(json!({}))).0, ["chloe"]);
}

#[test]
fn a_paused_listing_agent_is_passed_over_unless_the_entity_says_otherwise() {
    let ana = about(json!({"listing_agent": "ana"}));
    let mut resting = team(json!({}));
    pause(&mut resting, "ana");
    assert_eq!(goes_to(&ana, &resting).0, ["chloe"]);
    entity(&mut resting).listing = serde_json::from_value(json!({"even_if_paused": true})).unwrap();
    assert_eq!(goes_to(&ana, &resting).0, ["ana"]);
}

#[test]
fn a_listing_agent_at_their_limit_is_passed_over() {
    let ana = about(json!({"listing_agent": "ana"}));
    let full = names(&["ana"]);
    let arrival = Arrival { full: &full, ..Arrival::of(&ana) };
    let planned = plan(&arrival, &team(json!({})), at(FRIDAY), &mut seeded(1));
    assert_eq!(order(&planned), ["chloe"]);
}

#[test]
fn with_a_timeout_the_listing_agent_is_asked_and_then_the_rule_is_over() {
    let ana = about(json!({"listing_agent": "ana", "co_listing_agents": ["ben"]}));
    let team = team(json!({"timeout": "30m"}));
    let asked = plan_it(&ana, &team, FRIDAY, 1);
    assert_eq!((order(&asked), step(&asked).assign), (vec!["ana".to_owned()], None));
    assert_eq!((&step(&asked).route, step(&asked).window), (&None, TimeDelta::minutes(30)));

    let tried = names(&["ana"]);
    let hop = Hop {
        lead: &ana,
        route: None,
        tried: &tried,
        again: &[],
        tags: &[],
        jump_ball: false,
        first_offer: at(FRIDAY),
        board_now: at(FRIDAY),
        reroutes: 0,
        full: &[],
    };
    let routed = plan_next(&hop, &team, at(FRIDAY), &mut seeded(1));
    assert_eq!(step(&routed).route, Some(id("chloe")), "and not Ben, who lists it as well");
    assert_eq!(step(&routed).reroutes, 0, "it was not on a route before");
}
