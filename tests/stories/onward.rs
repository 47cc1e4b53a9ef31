//! Where a lead goes that nobody on its route took, or that no route took.

use futures::future::join_all;
use serde_json::json;
use tipoff_domain::LeadId;
use tipoff_tests::{Caller, World, assign_to, id, jump_ball, minutes, robin};
use tipoff_wire::EventKind;

#[tokio::test]
async fn what_no_route_takes_goes_round_everybody_by_the_default_route() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    world.settle(json!({"no_match": "default_route"})).await;
    world.route("Sellers", robin(&["chloe"]), json!({"criteria": {"kinds": ["seller"]}})).await;
    world.operator.post("/v1/entities/acme/agents/ben/pause", &json!({})).await.expect(200);
    let mut had = Vec::new();
    for name in ["Dana", "Eli", "Fay"] {
        let lead = world.lead_from_zillow(name).await;
        let assigned = world.first(&lead, EventKind::Assigned).await;
        assert_eq!(assigned.route, Some(id("default")));
        had.push(assigned.agents[0].to_string());
    }
    assert_eq!(had, ["ana", "chloe", "ana"], "ben is paused (D-6)");
}

#[tokio::test]
async fn a_route_with_nobody_to_ask_is_skipped_unless_it_is_exclusive() {
    let world = World::with_team(&["ana", "ben"]).await;
    let first = world.route("First", robin(&["ana"]), json!({})).await;
    world.route("Second", robin(&["ben"]), json!({})).await;
    world.operator.post("/v1/entities/acme/agents/ana/pause", &json!({})).await.expect(200);
    assert_eq!(world.firsts(&["Dana"]).await, ["ben"]);

    world.change_route(&first, json!({"exclusive": true})).await;
    let lead = world.lead_from_zillow("Eli").await;
    assert_eq!(world.pooled(&lead).await, "nobody_eligible");
}

#[tokio::test]
async fn an_agent_has_what_the_others_let_go() {
    let world = World::with_team(&["ana", "ben", "zoe"]).await;
    let to_zoe = json!({"on_exhausted": {"agent": "zoe"}, "claim_within": "5m"});
    world.route("Robin", robin(&["ana", "ben"]), to_zoe).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    world.does("ana", "pass", &lead).await.expect(200);
    world.offered(&lead, 2).await;
    world.fast_forward(minutes(5)).await;
    assert_eq!(world.assigned(&lead, 1).await, ("zoe".to_owned(), "exhausted".to_owned()));
}

#[tokio::test]
async fn another_route_takes_over_what_the_first_could_not_give_to_anybody() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let sellers = json!({"criteria": {"kinds": ["seller"]}});
    let second = world.route("Second", robin(&["ana", "chloe"]), sellers).await;
    let onward = json!({"on_exhausted": {"route": second}});
    world.route("First", robin(&["ana", "ben"]), onward).await;
    let lead = world.lead_from_zillow("Dana").await;
    for agent in ["ana", "ben"] {
        let round = if agent == "ana" { 1 } else { 2 };
        assert_eq!(world.offered(&lead, round).await, [agent]);
        world.does(agent, "pass", &lead).await.expect(200);
    }
    assert_eq!(world.offered(&lead, 3).await, ["chloe"], "ana was asked already");
    assert_eq!(world.nth(&lead, EventKind::Offered, 3).await.route, Some(id(&second)));
}

#[tokio::test]
async fn assign_to_agent_comes_first_wherever_it_stands_and_the_upper_of_two_wins() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    world.route("Ball", jump_ball(), json!({})).await;
    world.route("To Ben", assign_to("ben"), json!({"criteria": {"kinds": ["buyer"]}})).await;
    world.route("To Chloe", assign_to("chloe"), json!({})).await;
    let buyer = world.lead_from_zillow("Dana").await;
    assert_eq!(world.assigned(&buyer, 1).await.0, "ben", "D-3: the first of them in list order");
    let seller = world.lead("Eli", json!({"kind": "seller"})).await;
    assert_eq!(world.assigned(&seller, 1).await.0, "chloe");

    // D-31: no deadline, no pass; back to the pool is the way out.
    let refused = world.does("ben", "pass", &buyer).await.expect(409);
    assert_eq!(refused.field("code"), "already_yours");
    world.fast_forward(minutes(60 * 24)).await;
    world.does("ben", "return", &buyer).await.expect(200);
    assert_eq!(world.shown(&buyer).await["state"], "pooled");
}

#[tokio::test]
async fn what_rests_in_the_pool_is_offered_the_oldest_first_as_soon_as_somebody_is_free() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana"]), json!({"criteria": {"kinds": ["buyer"]}})).await;
    world.operator.post("/v1/entities/acme/agents/ana/pause", &json!({})).await.expect(200);
    let mut resting = Vec::new();
    for name in ["Dana", "Eli", "Fay"] {
        let lead = world.lead_from_zillow(name).await;
        assert_eq!(world.pooled(&lead).await, "nobody_eligible");
        world.fast_forward(minutes(1)).await;
        resting.push(lead);
    }
    // What somebody sent back stays there (D-25).
    world.does("ben", "claim", &resting[0]).await.expect(200);
    world.does("ben", "return", &resting[0]).await.expect(200);
    world.settle(json!({"serve_pool_every": "1m"})).await;
    world.operator.post("/v1/entities/acme/agents/ana/resume", &json!({})).await.expect(200);
    assert_eq!(world.offered(&resting[1], 1).await, ["ana"]);
    world.does("ana", "pass", &resting[1]).await.expect(200);
    world.nth(&resting[1], EventKind::Pooled, 2).await;
    assert_eq!(world.history(&resting[2]).await, ["lead.received", "lead.pooled"], "in a minute");
    world.fast_forward(minutes(1)).await;
    assert_eq!(world.offered(&resting[2], 1).await, ["ana"]);
    let returned = world.history(&resting[0]).await;
    assert_eq!(returned.last(), Some(&"lead.returned"), "and who passed is not asked again");
}

/// So many leads of a pond a router looks at in one go.
const LOOKED_AT: usize = 50;

/// Somebody asks, and Ana, who is all there is, passes.
async fn passed_by_ana(world: &World, zillow: &Caller, ana: &Caller, number: usize) {
    let email = format!("person{number}@example.com");
    let person = json!({"external_id": number.to_string(), "emails": [email]});
    let lead: LeadId = id(&zillow.post("/v1/leads", &person).await.expect(202).field("id"));
    world.offered(&lead, 1).await;
    ana.post(&format!("/v1/leads/{lead}/pass"), &json!({})).await.expect(200);
    assert_eq!(world.pooled(&lead).await, "exhausted");
}

#[tokio::test]
async fn leads_that_nobody_can_take_keep_none_behind_them_from_being_offered() {
    let world = World::with_team(&["ana"]).await;
    world.route("Robin", robin(&["ana"]), json!({})).await;
    let (zillow, ana) = (world.source("zillow").await, world.agent("ana").await);
    join_all((0..=LOOKED_AT).map(|number| passed_by_ana(&world, &zillow, &ana, number))).await;
    world.fast_forward(minutes(1)).await;
    world.operator.post("/v1/entities/acme/agents/ana/pause", &json!({})).await.expect(200);
    let last = world.lead_from_zillow("Dana").await;
    assert_eq!(world.pooled(&last).await, "nobody_eligible");

    world.settle(json!({"serve_pool_every": "1m"})).await;
    world.operator.post("/v1/entities/acme/agents/ana/resume", &json!({})).await.expect(200);
    assert_eq!(world.offered(&last, 1).await, ["ana"]);
}
