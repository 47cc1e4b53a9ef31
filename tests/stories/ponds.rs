//! Leads that nobody has, and who takes them (D-25).

use serde_json::{Value, json};
use tipoff_domain::LeadId;
use tipoff_tests::{Answer, World, answer, id, minutes, robin, seconds};
use tipoff_wire::EventKind;

use crate::changes::placed_late;
use crate::live::Live;

/// Ana and Ben share a pond into which every lead goes; Chloe is not in it.
async fn with_pond(rules: Value) -> World {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let mut pond = json!({"name": "North", "members": ["ana", "ben"], "admins": ["ben"]});
    pond.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
    world.operator.put("/v1/entities/acme/ponds/north", &pond).await.expect(201);
    let into = json!({"kind": "round_robin", "agents": {"pond": "north"}});
    world.route("North", into, json!({"criteria": {"kinds": ["buyer"]}})).await;
    world
}

async fn in_pond(world: &World, name: &str) -> LeadId {
    let lead = world.lead_from_zillow(name).await;
    assert_eq!(world.pooled(&lead).await, "to_pond");
    lead
}

/// Nothing leads into the pond any more.
async fn remove_its_route(world: &World) {
    let routes = world.operator.get("/v1/entities/acme/routes").await.expect(200).json();
    world.remove_route(routes["routes"][0]["id"].as_str().unwrap()).await;
}

async fn delete_pond(world: &World) -> Answer {
    let north = "/v1/entities/acme/ponds/north";
    answer(world.operator.request(reqwest::Method::DELETE, north)).await
}

fn claim_of(lead: &LeadId) -> String {
    format!("/v1/entities/acme/ponds/north/leads/{lead}/claim")
}

#[tokio::test]
async fn a_pond_is_seen_and_fished_by_its_members_alone() {
    let world = with_pond(json!({})).await;
    let lead = in_pond(&world, "Dana").await;
    let (ana, chloe) = (world.agent("ana").await, world.agent("chloe").await);
    let list = "/v1/entities/acme/ponds/north/leads";
    let seen = ana.get(list).await.expect(200).json();
    assert_eq!(
        (&seen["leads"][0]["id"], &seen["leads"][0]["pond"]),
        (&json!(lead), &json!("north"))
    );
    assert!(!seen.to_string().contains("dana@example.com"));
    chloe.get(list).await.expect(404);
    chloe.get(&format!("/v1/leads/{lead}")).await.expect(404);
    chloe.post(&claim_of(&lead), &json!({})).await.expect(404);
    chloe.post(&format!("/v1/leads/{lead}/claim"), &json!({})).await.expect(403);
    let pool = ana.get("/v1/entities/acme/pool").await.expect(200).json();
    assert_eq!(pool["leads"], json!([]), "the pool is another pond");

    let mine = ana.get("/v1/me/ponds").await.expect(200).json();
    let north =
        json!({"entity": "acme", "id": "north", "name": "North", "admin": "ben", "leads": 1});
    assert_eq!(mine["ponds"][1], north);
    assert_eq!(chloe.get("/v1/me/ponds").await.expect(200).json()["ponds"][0]["id"], "pool");
    ana.post(&claim_of(&lead), &json!({})).await.expect(200);
}

#[tokio::test]
async fn what_comes_into_a_pond_is_heard_live_by_its_members_alone() {
    let world = with_pond(json!({})).await;
    let mut ana = Live::open(&world.agent("ana").await).await;
    let mut chloe = Live::open(&world.agent("chloe").await).await;
    let lead = in_pond(&world, "Dana").await;
    let pool = world.lead("Eli", json!({"kind": "seller"})).await;
    let heard = ana.until("lead.pooled").await;
    assert!(heard.iter().all(|event| event["lead"] == json!(lead)), "{heard:?}");
    let heard = chloe.until("lead.pooled").await;
    assert!(heard.iter().all(|event| event["lead"] == json!(pool)), "{heard:?}");
}

#[tokio::test]
async fn whoever_comes_second_hears_who_was_first_and_when() {
    let world = with_pond(json!({})).await;
    let lead = in_pond(&world, "Dana").await;
    let (ana, ben) = (world.agent("ana").await, world.agent("ben").await);
    let (path, nothing) = (claim_of(&lead), json!({}));
    let (one, two) = futures::join!(ana.post(&path, &nothing), ben.post(&path, &nothing));
    let (won, lost) = if one.status.is_success() { (one, two) } else { (two, one) };
    let lost = lost.expect(409).json();
    assert_eq!((&lost["code"], &lost["agent"]), (&json!("taken"), &won.json()["lead"]["agent"]));
    assert_eq!(lost["since"], "2040-06-01T14:00:00+00:00");
}

#[tokio::test]
async fn a_lead_goes_back_to_the_pond_it_came_from_and_is_not_routed_again() {
    let world = with_pond(json!({})).await;
    let lead = in_pond(&world, "Dana").await;
    world.does("ana", "claim", &lead).await.expect(200);
    world.does("ana", "return", &lead).await.expect(200);
    let shown = world.shown(&lead).await;
    assert_eq!((&shown["state"], &shown["pond"]), (&json!("pooled"), &json!("north")));
    let assign = format!("/v1/entities/acme/ponds/north/leads/{lead}/assign");
    world.operator.post(&assign, &json!({"agent": "chloe"})).await.expect(200);
    assert_eq!(
        world.history(&lead).await,
        ["lead.received", "lead.pooled", "lead.claimed", "lead.returned", "lead.assigned"]
    );
}

#[tokio::test]
async fn who_passed_and_who_is_paused_may_fish() {
    let world = with_pond(json!({})).await;
    let sellers = json!({"criteria": {"kinds": ["seller"]}, "on_exhausted": {"pond": "north"}});
    world.route("Sellers", robin(&["ana", "chloe"]), sellers).await;
    let lead = world.lead("Dana", json!({"kind": "seller"})).await;
    for (hop, agent) in ["ana", "chloe"].into_iter().enumerate() {
        assert_eq!(world.offered(&lead, hop + 1).await, [agent]);
        world.does(agent, "pass", &lead).await.expect(200);
    }
    assert_eq!(world.pooled(&lead).await, "exhausted");
    world.operator.post("/v1/entities/acme/agents/ana/pause", &json!({})).await.expect(200);
    world.does("ana", "claim", &lead).await.expect(200);
}

#[tokio::test]
async fn nobody_hoards_more_than_the_pond_allows() {
    let world = with_pond(json!({"cap": 1})).await;
    let (one, two) = (in_pond(&world, "Dana").await, in_pond(&world, "Eli").await);
    let pool = world.lead("Fay", json!({"kind": "seller"})).await;
    world.pooled(&pool).await;
    world.does("ana", "claim", &pool).await.expect(200);
    world.does("ana", "claim", &one).await.expect(200);
    let refused = world.does("ana", "claim", &two).await.expect(409);
    assert_eq!(refused.field("code"), "limit_reached");
    world.does("ana", "return", &one).await.expect(200);
    world.does("ana", "claim", &two).await.expect(200);
}

#[tokio::test]
async fn a_lead_that_nobody_works_goes_back_to_its_pond() {
    let world = with_pond(json!({"reclaim_after": "2h"})).await;
    let (idle, busy) = (in_pond(&world, "Dana").await, in_pond(&world, "Eli").await);
    for lead in [&idle, &busy] {
        world.does("ana", "claim", lead).await.expect(200);
    }
    assert_eq!(world.shown(&idle).await["act_by"], "2040-06-01T16:00:00Z");
    world.fast_forward(minutes(119)).await;
    world.does("ana", "worked", &busy).await.expect(200);
    assert_eq!(world.does("ben", "worked", &idle).await.expect(409).field("code"), "not_yours");
    world.fast_forward(minutes(1)).await;
    let returned = world.first(&idle, EventKind::Returned).await;
    assert_eq!(serde_json::to_value(returned.after.why).unwrap(), "reclaimed");
    assert_eq!(world.shown(&idle).await["pond"], "north");
    assert_eq!(world.shown(&busy).await["agent"], "ana");
    world.does("ben", "claim", &idle).await.expect(200);
}

#[tokio::test]
async fn what_rests_in_a_pond_because_nobody_took_it_is_offered_again_every_so_long() {
    let world = with_pond(json!({"serve_every": "10m"})).await;
    let sellers = json!({"criteria": {"kinds": ["seller"]}, "on_exhausted": {"pond": "north"}});
    let route = world.route("Sellers", robin(&["chloe"]), sellers).await;
    let fished = in_pond(&world, "Gus").await;
    let mut resting = Vec::new();
    for name in ["Dana", "Eli"] {
        let lead = world.lead(name, json!({"kind": "seller"})).await;
        world.offered(&lead, 1).await;
        world.does("chloe", "pass", &lead).await.expect(200);
        assert_eq!(world.pooled(&lead).await, "exhausted");
        world.fast_forward(minutes(1)).await;
        resting.push(lead);
    }
    world.change_route(&route, json!({"strategy": robin(&["chloe", "ana"])})).await;
    assert_eq!(
        world.offered(&resting[0], 2).await,
        ["ana"],
        "the oldest, and chloe had her chance"
    );
    world.does("ana", "claim", &resting[0]).await.expect(200);
    let second = world.history(&resting[1]).await;
    assert_eq!(second.last(), Some(&"lead.pooled"), "one every ten minutes");
    world.fast_forward(minutes(10)).await;
    assert_eq!(world.offered(&resting[1], 2).await, ["ana"]);
    let led_there = world.history(&fished).await;
    assert_eq!(led_there, ["lead.received", "lead.pooled"], "its route wants it in the pond");
}

#[tokio::test]
async fn a_pond_goes_when_nothing_rests_in_it_and_what_was_taken_from_it_returns_to_the_pool() {
    let world = with_pond(json!({"reclaim_after": "2h"})).await;
    let (sent, idle) = (in_pond(&world, "Dana").await, in_pond(&world, "Eli").await);
    remove_its_route(&world).await;
    world.does("ana", "claim", &idle).await.expect(200);
    let refused = delete_pond(&world).await.expect(409);
    assert_eq!(refused.field("code"), "pond_not_empty");
    assert!(refused.field("detail").contains("`north`: 1"), "{}", refused.text);
    world.does("ana", "claim", &sent).await.expect(200);
    delete_pond(&world).await.expect(204);

    world.does("ana", "return", &sent).await.expect(200);
    world.fast_forward(minutes(120)).await;
    world.first(&idle, EventKind::Returned).await;
    let pool = world.agent("ana").await.get("/v1/entities/acme/pool").await.expect(200).json();
    let rest: Vec<_> = pool["leads"].as_array().unwrap().iter().map(|lead| &lead["id"]).collect();
    assert_eq!(rest, [&json!(idle), &json!(sent)], "latest first");
}

/// The pond was empty when it was deleted; whoever planned this did not know that.
#[tokio::test]
async fn what_comes_to_rest_in_a_pond_that_has_just_gone_is_sent_to_the_pool() {
    let mut world = with_pond(json!({})).await;
    let before = world.roster.view(&id("acme")).unwrap();
    remove_its_route(&world).await;
    delete_pond(&world).await.expect(204);
    let late = placed_late(&world, &before, "dana").await;
    world.fast_forward(seconds(10)).await;
    let found = world.nth(&late, EventKind::Pooled, 2).await;
    assert_eq!((found.after.pond, found.reason.as_deref()), (None, Some("pond_gone")));

    // Also what comes while no router is there.
    world.stop_routers().await;
    let missed = placed_late(&world, &before, "eli").await;
    world.start_router();
    world.nth(&missed, EventKind::Pooled, 2).await;
    let pool = world.agent("ana").await.get("/v1/entities/acme/pool").await.expect(200).json();
    assert_eq!(pool["leads"].as_array().unwrap().len(), 2);
}
