//! Second thoughts: undo, another chance (D-19), and credits for what was worth nothing.

use serde_json::json;
use tipoff_tests::{World, claim_link, minutes, robin, seconds};
use tipoff_wire::EventKind;

async fn team() -> World {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({"claim_within": "5m"})).await;
    world
}

#[tokio::test]
async fn a_pass_can_be_taken_back_for_as_long_as_the_team_says() {
    let world = team().await;
    world.settle(json!({"undo_pass": "10s"})).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    world.does("ana", "pass", &lead).await.expect(200);
    world.fast_forward(seconds(9)).await;
    world.does("ana", "undo-pass", &lead).await.expect(200);
    world.does("ana", "pass", &lead).await.expect(200);
    world.fast_forward(seconds(10)).await;
    assert_eq!(world.offered(&lead, 2).await, ["ben"]);
    let late = world.does("ana", "undo-pass", &lead).await.expect(410);
    assert_eq!(late.field("code"), "too_late");
    let never = world.does("ben", "undo-pass", &lead).await.expect(200);
    assert_eq!(never.field("outcome"), "pending", "ben is asked, as he would be after undoing");
    assert_eq!(
        world.history(&lead).await,
        [
            "lead.received",
            "lead.offered",
            "lead.passed",
            "offer.restored",
            "lead.passed",
            "lead.offered"
        ]
    );
}

#[tokio::test]
async fn who_was_too_late_is_asked_again_when_nobody_else_is_left() {
    let world = team().await;
    let lead = world.lead_from_zillow("Dana").await;
    let link = claim_link(&world.mail("ana", &lead, 1).await);
    world.fast_forward(minutes(5)).await;
    assert_eq!(world.offered(&lead, 2).await, ["ben"]);
    let browser = world.operator.with_key("");
    let page = browser.open(link.strip_prefix(&browser.base_url()).unwrap()).await;
    assert!(page.html.contains("value=\"again\""));
    page.press("again").await.expect(410);
    assert_eq!(world.shown(&lead).await["again"], json!(["ana"]));
    world.does("ben", "pass", &lead).await.expect(200);
    assert_eq!(world.offered(&lead, 3).await, ["ana"]);
    let decision = world.nth(&lead, EventKind::Offered, 3).await.decision.unwrap();
    let ana = decision.candidates.iter().find(|one| one.agent.as_str() == "ana").unwrap();
    assert_eq!(serde_json::to_value(ana.by).unwrap(), "another_chance");
    world.does("ana", "claim", &lead).await.expect(200);
}

#[tokio::test]
async fn another_chance_is_for_those_who_had_one() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    world.does("chloe", "another-chance", &lead).await.expect(403);
    let asked = world.does("ana", "another-chance", &lead).await.expect(200);
    assert_eq!(asked.field("outcome"), "offered", "nothing but a claim is missing");
    for (hop, agent) in ["ana", "ben"].into_iter().enumerate() {
        world.offered(&lead, hop + 1).await;
        world.does(agent, "pass", &lead).await.expect(200);
    }
    world.pooled(&lead).await;
    let pooled = world.does("ana", "another-chance", &lead).await.expect(409);
    assert_eq!(pooled.field("code"), "in_pool");
}

#[tokio::test]
async fn a_lead_that_was_worth_nothing_is_made_up_for_and_nobody_loses_their_place() {
    let world = team().await;
    let junk = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&junk, 1).await, ["ana"]);
    world.does("ana", "claim", &junk).await.expect(200);
    let wrong = json!({"reason": "wrong number", "credit": true});
    world.orders("close", &junk, wrong).await.expect(200);
    assert_eq!(world.firsts(&["Eli"]).await, ["ana"], "she was owed one");
    assert_eq!(world.firsts(&["Fay", "Gus", "Hal"]).await, ["ben", "ana", "ben"]);
}

/// D-22: the place would go to another lead meanwhile, and she would have one too many.
#[tokio::test]
async fn whoever_may_take_a_pass_back_keeps_their_place_under_the_limit() {
    let world = team().await;
    world.settle(json!({"undo_pass": "60s"})).await;
    world.change_agent("ana", json!({"limits": [{"count": 1, "period": "day"}]})).await;
    let first = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&first, 1).await, ["ana"]);
    world.does("ana", "pass", &first).await.expect(200);
    assert_eq!(world.firsts(&["Eli", "Fay"]).await, ["ben", "ben"]);
    world.does("ana", "undo-pass", &first).await.expect(200);
    world.does("ana", "claim", &first).await.expect(200);
    assert_eq!(world.firsts(&["Gus", "Hal"]).await, ["ben", "ben"]);
}

/// D-21: what makes up for it would be refused by the limit that it used up.
#[tokio::test]
async fn what_was_worth_nothing_counts_against_no_limit() {
    let world = team().await;
    world.change_agent("ana", json!({"limits": [{"count": 1, "period": "day"}]})).await;
    let junk = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&junk, 1).await, ["ana"]);
    world.does("ana", "claim", &junk).await.expect(200);
    world.orders("credit", &junk, json!({"reason": "wrong number"})).await.expect(200);
    let made_up = world.lead_from_zillow("Eli").await;
    assert_eq!(world.offered(&made_up, 1).await, ["ana"]);
    world.does("ana", "claim", &made_up).await.expect(200);
    assert_eq!(world.firsts(&["Fay", "Gus"]).await, ["ben", "ben"], "and that one counts");
}

#[tokio::test]
async fn a_credit_counts_once_for_each_lead_that_came_by_a_route() {
    let world = team().await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    world.does("ana", "claim", &lead).await.expect(200);
    for _ in 0..2 {
        world.orders("credit", &lead, json!({"reason": "a wrong number"})).await.expect(200);
    }
    assert_eq!(world.shown(&lead).await["credited"], true);
    assert_eq!(world.firsts(&["Eli", "Fay", "Gus"]).await, ["ana", "ben", "ana"]);
    let by_hand = world.lead("Hal", json!({"origin": "manual"})).await;
    world.first(&by_hand, EventKind::Held).await;
    world.assign(&by_hand, "ana").await;
    let nothing = world.orders("credit", &by_hand, json!({})).await.expect(409);
    assert_eq!(nothing.field("code"), "not_routed");
    let agent = world.agent("ana").await;
    agent.post(&format!("/v1/leads/{lead}/credit"), &json!({})).await.expect(403);
}
