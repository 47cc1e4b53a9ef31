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

#[tokio::test]
async fn who_lets_one_offer_after_the_other_run_out_is_paused_where_the_team_wants_that() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.settle(json!({"missed_offers": {"pause_at": 2}})).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({"claim_within": "5m"})).await;
    let in_a_row = async |agent: &str| {
        let report = world.operator.get("/v1/entities/acme/report").await.expect(200).json();
        let rows = report["agents"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["agent"] == agent).unwrap()["missed_in_a_row"].clone()
    };
    let misses = async |person: &str| {
        let lead = world.lead_from_zillow(person).await;
        world.offered(&lead, 1).await;
        world.fast_forward(minutes(5)).await;
        world.offered(&lead, 2).await;
        lead
    };
    let first = misses("Dana").await;
    let expired = world.first(&first, EventKind::Expired).await;
    assert_eq!(serde_json::to_value(&expired.misses).unwrap(), json!({"ana": 1}));
    assert_eq!(in_a_row("ana").await, 1);
    world.does("ben", "pass", &first).await.expect(200);

    // An answer begins the row anew: it is Ben's turn, and then hers.
    let second = misses("Eli").await;
    world.does("ana", "claim", &second).await.expect(200);
    assert_eq!((in_a_row("ana").await, in_a_row("ben").await), (json!(0), json!(1)));

    misses("Fay").await;
    let last = world.lead_from_zillow("Gus").await;
    assert_eq!(world.offered(&last, 1).await, ["ben"]);
    let at = "/v1/entities/acme/agents/ben";
    let paused = async || world.operator.get(at).await.expect(200).json()["paused"].clone();
    world.fast_forward(minutes(5)).await;
    world.first(&last, EventKind::Expired).await;
    while paused().await != json!(true) {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.firsts(&["Hal", "Ivy"]).await, ["ana", "ana"]);
    let changes = world.operator.get("/v1/entities/acme/changes").await.expect(200).json();
    let change = &changes["changes"][0];
    assert_eq!((&change["id"], &change["by"]["name"]), (&json!("ben"), &json!("tipoff")));
}
