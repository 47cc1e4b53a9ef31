//! A lead about a listing goes to its agent first, if the entity wants it so (D-24).

use serde_json::{Value, json};
use tipoff_tests::{World, assign_to, claim_link, friday_at_ten, minutes, robin};
use tipoff_wire::EventKind;

fn about(listing_agent: &str, co_listing_agents: &[&str]) -> Value {
    json!({"property": {"address": "15 Oak Ct", "listing_agent": listing_agent,
        "co_listing_agents": co_listing_agents}})
}

async fn team(listing: Value) -> World {
    let world = World::with_team(&["ana", "ben", "lisa", "carl"]).await;
    world.settle(json!({"listing": listing})).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    world
}

#[tokio::test]
async fn the_listing_agent_has_it_before_any_route_and_owns_nothing() {
    let world = team(json!({})).await;
    world.route("To Ana", assign_to("ana"), json!({})).await;
    let lead = world.lead("Dana", about("lisa", &[])).await;
    assert_eq!(world.assigned(&lead, 1).await, ("lisa".to_owned(), "listing".to_owned()));
    world.mail("lisa", &lead, 1).await;
    let shown = world.shown(&lead).await;
    assert_eq!((&shown["agent"], &shown["owner"]), (&json!("lisa"), &json!(null)));
}

#[tokio::test]
async fn a_co_listing_agent_of_the_team_stands_in_for_one_who_is_not() {
    let world = team(json!({})).await;
    let lead = world.lead("Dana", about("somebody-else", &["stranger", "carl", "lisa"])).await;
    assert_eq!(world.assigned(&lead, 1).await.0, "carl", "the first in listing order");
    let strangers = world.lead("Eli", about("somebody-else", &["stranger"])).await;
    assert_eq!(world.offered(&strangers, 1).await, ["ana"], "nobody of the team: by the routes");
}

#[tokio::test]
async fn bypass_sends_every_lead_by_the_routes() {
    let world = team(json!({"bypass": true})).await;
    let lead = world.lead("Dana", about("lisa", &["carl"])).await;
    assert_eq!(world.offered(&lead, 1).await, ["ana"]);
}

#[tokio::test]
async fn with_a_timeout_the_listing_agent_is_asked_first_and_the_routes_after_that() {
    let world = team(json!({"timeout": "30m"})).await;
    let lead = world.lead("Dana", about("ana", &[])).await;
    let offered = world.first(&lead, EventKind::Offered).await;
    assert_eq!(offered.offers[0].until, friday_at_ten() + minutes(30));
    assert_eq!((offered.offers[0].agent.as_str(), offered.route), ("ana", None));
    claim_link(&world.mail("ana", &lead, 1).await);

    world.fast_forward(minutes(30)).await;
    assert_eq!(world.offered(&lead, 2).await, ["ben"], "the listing agent counts as tried");
    world.does("ben", "pass", &lead).await.expect(200);
    assert_eq!(world.pooled(&lead).await, "exhausted");
}

/// What runs out at night waits for the morning (D-16), and then the rule is over.
#[tokio::test]
async fn a_listing_agent_who_missed_it_at_night_is_not_asked_again_in_the_morning() {
    let world = World::with_team(&["ana", "ben", "lisa"]).await;
    world.settle(json!({"listing": {"timeout": "30m"}})).await;
    let hours = json!({"zone": "America/New_York", "hours": {"from": "09:00", "to": "17:00"}});
    let day = json!({"schedule": hours, "after_close": {"hold": "0s"}});
    world.route("Day", robin(&["ana", "ben"]), day).await;
    let opens = friday_at_ten() + minutes(23 * 60);

    world.fast_forward(minutes(12 * 60)).await;
    let lead = world.lead("Dana", about("lisa", &[])).await;
    assert_eq!(world.offered(&lead, 1).await, ["lisa"]);
    world.fast_forward(minutes(30)).await;
    assert_eq!(world.first(&lead, EventKind::Held).await.after.until, Some(opens));
    world.fast_forward_to(opens).await;
    assert_eq!(world.offered(&lead, 2).await, ["ana"]);
    let story = ["lead.received", "lead.offered", "lead.expired", "lead.held", "lead.offered"];
    assert_eq!(world.history(&lead).await, story);
}

#[tokio::test]
async fn the_listing_agent_who_claims_in_time_has_it() {
    let world = team(json!({"timeout": "30m"})).await;
    let lead = world.lead("Dana", about("lisa", &[])).await;
    world.offered(&lead, 1).await;
    world.does("lisa", "claim", &lead).await.expect(200);
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}

#[tokio::test]
async fn a_paused_listing_agent_is_passed_over_unless_the_entity_says_otherwise() {
    let world = team(json!({})).await;
    world.change_agent("lisa", json!({"paused": true})).await;
    let lead = world.lead("Dana", about("lisa", &[])).await;
    assert_eq!(world.offered(&lead, 1).await, ["ana"]);
    world.settle(json!({"listing": {"even_if_paused": true}})).await;
    let lead = world.lead("Eli", about("lisa", &[])).await;
    assert_eq!(world.assigned(&lead, 1).await.0, "lisa");
}

#[tokio::test]
async fn what_comes_by_a_listing_counts_for_the_agents_limit() {
    let world = team(json!({})).await;
    world.change_agent("lisa", json!({"limits": [{"count": 1, "period": "day"}]})).await;
    let first = world.lead("Dana", about("lisa", &[])).await;
    assert_eq!(world.assigned(&first, 1).await.0, "lisa");
    let second = world.lead("Eli", about("lisa", &[])).await;
    assert_eq!(world.offered(&second, 1).await, ["ana"]);
}
