//! Agents who take no leads for a while: by themselves, by an admin, on one route.

use serde_json::json;
use tipoff_tests::{World, friday_at_ten, minutes, robin};
use tipoff_wire::EventKind;

async fn why(world: &World, name: &str) -> (String, String) {
    let lead = world.lead_from_zillow(name).await;
    let offered = world.first(&lead, EventKind::Offered).await;
    let decision = offered.decision.unwrap();
    let ana = decision.candidates.iter().find(|one| one.agent.as_str() == "ana").unwrap();
    let verdict = serde_json::to_value(ana.verdict).unwrap();
    (offered.offers[0].agent.to_string(), verdict.as_str().unwrap().to_owned())
}

fn skipped(verdict: &str) -> (String, String) {
    ("ben".to_owned(), verdict.to_owned())
}

#[tokio::test]
async fn a_holiday_begins_and_ends_by_itself() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let (from, until) = (friday_at_ten() + minutes(10), friday_at_ten() + minutes(20));
    world.change_agent("ana", json!({"away": {"from": from, "until": until}})).await;
    assert_eq!(world.firsts(&["Dana", "Eli"]).await, ["ana", "ben"]);
    world.fast_forward(minutes(10)).await;
    assert_eq!(why(&world, "Fay").await, skipped("away"));
    world.fast_forward(minutes(10)).await;
    assert_eq!(world.firsts(&["Gus"]).await, ["ana"]);
}

#[tokio::test]
async fn a_pause_on_one_route_leaves_the_others_alone() {
    let world = World::with_team(&["ana", "ben"]).await;
    let buyers = json!({"criteria": {"kinds": ["buyer"]}});
    let buyers = world.route("Buyers", robin(&["ana", "ben"]), buyers).await;
    world.route("Sellers", robin(&["ana", "ben"]), json!({})).await;
    world.change_agent("ana", json!({"paused_on": [buyers]})).await;
    assert_eq!(why(&world, "Dana").await, skipped("paused_on_route"));
    let seller = world.lead("Eli", json!({"kind": "seller"})).await;
    assert_eq!(world.offered(&seller, 1).await, ["ana"]);
}

#[tokio::test]
async fn an_admins_pause_counts_everywhere() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    world.operator.post("/v1/entities/acme/agents/ana/pause", &json!({})).await.expect(200);
    assert_eq!(why(&world, "Dana").await, skipped("paused"));
}
