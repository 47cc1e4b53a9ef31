//! Tags and smart plans, once each (D-29), and who goes along with the agent.

use serde_json::json;
use tipoff_tests::{World, robin};
use tipoff_wire::EventKind;

#[tokio::test]
async fn tags_come_with_the_route_and_the_plan_with_whoever_gets_the_lead() {
    let world = World::with_team(&["ana"]).await;
    let marks = json!({"tags": ["portal", "hot"], "smart_plan": "buyer-drip"});
    world.route("Robin", robin(&["ana"]), marks).await;
    let lead = world.lead_from_zillow("Dana").await;
    let offered = world.first(&lead, EventKind::Offered).await;
    assert_eq!((offered.tags, offered.smart_plan), (vec!["portal".into(), "hot".into()], None));
    world.does("ana", "claim", &lead).await.expect(200);
    let claimed = world.first(&lead, EventKind::Claimed).await;
    assert_eq!((claimed.tags.len(), claimed.smart_plan.as_deref()), (0, Some("buyer-drip")));
    let shown = world.shown(&lead).await;
    assert_eq!(shown["tags"], json!(["portal", "hot"]));
    assert_eq!(shown["smart_plans"], json!(["buyer-drip"]));
}

#[tokio::test]
async fn another_route_adds_its_tags_and_nothing_twice() {
    let world = World::with_team(&["ana", "ben"]).await;
    let first = json!({"tags": ["portal", "day"], "smart_plan": "day-drip"});
    let first = world.route("First", robin(&["ana"]), first).await;
    let second = json!({"tags": ["portal", "night"], "smart_plan": "night-drip"});
    world.route("Second", robin(&["ben"]), second).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    let pause = format!("/v1/entities/acme/routes/{first}/pause");
    world.operator.post(&pause, &json!({})).await.expect(200);
    world.does("ana", "pass", &lead).await.expect(200);
    let again = world.nth(&lead, EventKind::Offered, 2).await;
    assert_eq!(again.tags, ["night"]);
    assert_eq!(again.after.tags, ["portal", "day", "night"]);
    world.does("ben", "claim", &lead).await.expect(200);
    assert_eq!(world.shown(&lead).await["smart_plans"], json!(["night-drip"]));
}

#[tokio::test]
async fn a_claim_from_the_pool_enrols_in_the_plan_of_the_last_route_and_only_once() {
    let world = World::with_team(&["ana", "ben"]).await;
    let drip = json!({"smart_plan": "buyer-drip"});
    world.route("Robin", robin(&["ana"]), drip).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    world.does("ana", "pass", &lead).await.expect(200);
    world.pooled(&lead).await;
    world.does("ben", "claim", &lead).await.expect(200);
    let plan = |event: tipoff_wire::Event| event.smart_plan;
    assert_eq!(plan(world.first(&lead, EventKind::Claimed).await).as_deref(), Some("buyer-drip"));
    world.does("ben", "return", &lead).await.expect(200);
    world.does("ana", "claim", &lead).await.expect(200);
    assert_eq!(plan(world.nth(&lead, EventKind::Claimed, 2).await), None);
}

#[tokio::test]
async fn the_routes_lender_comes_before_the_agents_own() {
    let world = World::with_team(&["ana"]).await;
    for (id, name) in [("own-bank", "Own Bank"), ("route-bank", "Route Bank")] {
        let lender = json!({"name": name, "email": format!("{id}@example.com")});
        world.operator.put(&format!("/v1/entities/acme/lenders/{id}"), &lender).await.expect(201);
    }
    world.change_agent("ana", json!({"lender": "own-bank"})).await;
    let direct = json!({"acceptance": false});
    let route = world.route("Robin", robin(&["ana"]), direct).await;
    let first = world.lead_from_zillow("Dana").await;
    world.assigned(&first, 1).await;
    assert_eq!(world.shown(&first).await["lender"]["name"], "Own Bank");
    world.change_route(&route, json!({"lender": "route-bank"})).await;
    let second = world.lead_from_zillow("Eli").await;
    world.assigned(&second, 1).await;
    assert_eq!(world.shown(&second).await["lender"]["email"], "route-bank@example.com");
}

#[tokio::test]
async fn of_each_group_one_goes_along_with_every_lead_in_turn() {
    let world = World::with_team(&["ana", "ben"]).await;
    for (id, role) in [("bank", "lender"), ("credit", "lender"), ("ivy", "isa"), ("ida", "isa")] {
        let body = json!({"name": id, "role": role, "email": format!("{id}@example.com")});
        world.operator.put(&format!("/v1/entities/acme/lenders/{id}"), &body).await.expect(201);
    }
    let with = json!({"co_assign": [["bank", "credit"], ["ivy", "ida"]]});
    let route = world.route("Robin", robin(&["ana", "ben"]), with).await;
    let along = async |name| {
        let lead = world.lead_from_zillow(name).await;
        world.offered(&lead, 1).await;
        let shown = world.shown(&lead).await;
        assert_eq!(shown["lender"]["id"], shown["along"][0]["id"]);
        let ids: Vec<_> = shown["along"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
        json!(ids)
    };
    assert_eq!(along("Dana").await, json!(["bank", "ivy"]));
    assert_eq!(along("Eli").await, json!(["credit", "ida"]));
    assert_eq!(along("Fay").await, json!(["bank", "ivy"]));

    // Whoever is alone goes along every time, and the others go on where they were.
    world.change_route(&route, json!({"co_assign": [["credit"], ["ida", "ivy"]]})).await;
    assert_eq!(along("Gus").await, json!(["credit", "ida"]));
    assert_eq!(along("Hal").await, json!(["credit", "ivy"]));
}
