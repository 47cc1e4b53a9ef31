use serde_json::json;
use tipoff_tests::{World, minutes};
use tipoff_wire::EventKind;

#[tokio::test]
async fn three_routers_share_the_work_and_one_that_goes_is_not_missed() {
    let mut world = World::with_team(&["ana", "ben"]).await;
    world.start_router();
    world.start_router();
    let robin = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    world.route("Robin", robin, json!({"claim_within": "5m"})).await;
    let mut leads = Vec::new();
    for number in 0..12 {
        leads.push(world.lead_from_zillow(&format!("person{number}")).await);
    }
    let mut firsts = Vec::new();
    for lead in &leads {
        firsts.extend(world.offered(lead, 1).await);
    }
    assert_eq!(firsts.iter().filter(|agent| *agent == "ana").count(), 6, "{firsts:?}");

    world.stop_routers().await;
    world.start_router();
    world.fast_forward(minutes(5)).await;
    for lead in &leads {
        world.nth(lead, EventKind::Offered, 2).await;
    }
    world.fast_forward(minutes(5)).await;
    for lead in &leads {
        world.first(lead, EventKind::Pooled).await;
        assert_eq!(
            world.history(lead).await,
            [
                "lead.received",
                "lead.offered",
                "lead.expired",
                "lead.offered",
                "lead.expired",
                "lead.pooled"
            ]
        );
    }
}

#[tokio::test]
async fn the_decision_names_every_route_and_every_candidate() {
    let world = World::with_team(&["ana", "ben", "dana"]).await;
    let sellers = json!({"criteria": {"kinds": ["seller"]}});
    let first = world.route("Sellers", json!({"kind": "random", "agents": "all"}), sellers).await;
    let robin = json!({"kind": "round_robin", "agents": ["dana", "ana", "ben"]});
    let second = world.route("Everybody", robin, json!({})).await;
    let third =
        world.route("Never reached", json!({"kind": "random", "agents": "all"}), json!({})).await;
    world.operator.post("/v1/entities/acme/agents/dana/pause", &json!({})).await.expect(200);
    let lead = world.lead_from_zillow("Eli").await;
    let offered = world.first(&lead, EventKind::Offered).await;
    let decision = serde_json::to_value(offered.decision.unwrap()).unwrap();
    assert_eq!(
        decision,
        json!({
            "routes": [
                {"route": first, "verdict": "kinds"},
                {"route": second, "verdict": "matched"},
                {"route": third, "verdict": "outranked"},
            ],
            "candidates": [
                {"agent": "dana", "verdict": "paused"},
                {"agent": "ana", "verdict": "chosen", "by": "turn"},
                {"agent": "ben", "verdict": "eligible"},
            ],
        })
    );
}
