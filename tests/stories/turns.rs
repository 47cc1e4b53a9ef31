//! Whose turn it is (D-7, D-8, D-9), whatever is edited in between.

use serde_json::json;
use tipoff_tests::{World, robin};

#[tokio::test]
async fn a_new_order_keeps_the_turn_with_its_agent() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let route = world.route("Robin", robin(&["ana", "ben", "chloe"]), json!({})).await;
    assert_eq!(world.firsts(&["Dana"]).await, ["ana"]);
    let reversed = robin(&["chloe", "ben", "ana"]);
    world.change_route(&route, json!({"strategy": reversed})).await;
    assert_eq!(world.firsts(&["Eli", "Fay", "Gus"]).await, ["ben", "ana", "chloe"]);
}

#[tokio::test]
async fn who_leaves_the_list_hands_the_turn_to_whoever_followed() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let route = world.route("Robin", robin(&["ana", "ben", "chloe"]), json!({})).await;
    assert_eq!(world.firsts(&["Dana"]).await, ["ana"]);
    world.change_route(&route, json!({"strategy": robin(&["ana", "chloe"])})).await;
    assert_eq!(world.firsts(&["Eli", "Fay"]).await, ["chloe", "ana"], "not back to the top");
}

#[tokio::test]
async fn another_strategy_for_a_while_and_a_pause_leave_the_turn_where_it_was() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let list = robin(&["ana", "ben", "chloe"]);
    let route = world.route("Robin", list.clone(), json!({})).await;
    assert_eq!(world.firsts(&["Dana"]).await, ["ana"]);
    let draw = json!({"kind": "random", "agents": ["chloe"]});
    world.change_route(&route, json!({"strategy": draw})).await;
    assert_eq!(world.firsts(&["Eli"]).await, ["chloe"]);
    world.change_route(&route, json!({"strategy": list})).await;
    for what in ["pause", "resume"] {
        let path = format!("/v1/entities/acme/routes/{route}/{what}");
        world.operator.post(&path, &json!({})).await.expect(200);
    }
    assert_eq!(world.firsts(&["Fay"]).await, ["ben"]);
}

#[tokio::test]
async fn all_agents_is_a_live_set_and_a_list_is_not() {
    let world = World::with_team(&["ana"]).await;
    let all = json!({"kind": "round_robin", "agents": "all"});
    world.route("All", all, json!({})).await;
    assert_eq!(world.firsts(&["Dana"]).await, ["ana"]);
    let ben = json!({"name": "ben", "email": "ben@acme.example.com", "channels": ["email"]});
    world.operator.put("/v1/entities/acme/agents/ben", &ben).await.expect(201);
    let mut next = world.firsts(&["Eli", "Fay"]).await;
    next.sort();
    assert_eq!(next, ["ana", "ben"]);
}

#[tokio::test]
async fn a_weight_of_nothing_is_never_drawn_and_the_rest_share_what_is_left() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let weights = json!({"kind": "weighted_random", "weights": {"ana": 100, "ben": 0}});
    world.route("Draw", weights, json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&lead, 1).await, ["ana"]);
    world.does("ana", "pass", &lead).await.expect(200);
    world.first(&lead, tipoff_wire::EventKind::Pooled).await;
    assert_eq!(world.firsts(&["Eli", "Fay"]).await, ["ana", "ana"], "D-9: in a row is fine");
}

#[tokio::test]
async fn roll_ons_may_have_a_turn_of_their_own() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let spread =
        json!({"kind": "round_robin", "agents": ["ana", "ben", "chloe"], "roll_on": "spread"});
    world.route("Robin", spread, json!({})).await;
    let first = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&first, 1).await, ["ana"]);
    world.does("ana", "pass", &first).await.expect(200);
    assert_eq!(world.offered(&first, 2).await, ["ben"]);
    assert_eq!(world.firsts(&["Eli", "Fay"]).await, ["ben", "chloe"]);

    let fourth = world.lead_from_zillow("Gus").await;
    assert_eq!(world.offered(&fourth, 1).await, ["ana"]);
    world.does("ana", "pass", &fourth).await.expect(200);
    assert_eq!(world.offered(&fourth, 2).await, ["chloe"], "ben had the roll-on before");
}
