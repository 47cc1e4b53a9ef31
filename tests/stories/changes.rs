//! What becomes of offers that are out when something changes (D-23), row by row.

use serde_json::json;
use tipoff_board::{Known, Placed};
use tipoff_domain::plan::{Arrival, dice, plan};
use tipoff_domain::{AgentId, EntityView, Lead, LeadId};
use tipoff_tests::{
    World, assign_to, claim_link, friday_at_ten, id, jump_ball, minutes, robin, seconds,
};
use tipoff_wire::{Accepted, EventKind};

#[tokio::test]
async fn a_route_that_is_edited_leaves_the_offer_alone_and_counts_from_the_next_one_on() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let fifteen = json!({"claim_within": "15m"});
    let route = world.route("Robin", robin(&["ana", "ben", "chloe"]), fifteen).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    let edit = json!({"strategy": robin(&["ana", "chloe", "ben"]), "claim_within": "5m"});
    world.change_route(&route, edit).await;
    assert_eq!(world.shown(&lead).await["seconds_left"], 15 * 60);
    world.fast_forward(minutes(15)).await;
    let second = world.nth(&lead, EventKind::Offered, 2).await;
    assert_eq!(second.offers[0].agent.as_str(), "chloe");
    assert_eq!(second.offers[0].until, friday_at_ten() + minutes(20));
}

#[tokio::test]
async fn a_route_that_becomes_a_jump_ball_asks_everybody_else_next() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let route = world.route("Robin", robin(&["ana", "ben", "chloe"]), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&lead, 1).await, ["ana"]);
    world.change_route(&route, json!({"strategy": jump_ball()})).await;
    world.does("ana", "pass", &lead).await.expect(200);
    assert_eq!(world.offered(&lead, 2).await, ["ben", "chloe"]);
    world.does("ben", "pass", &lead).await.expect(200);
    world.does("chloe", "claim", &lead).await.expect(200);
}

#[tokio::test]
async fn what_a_paused_or_deleted_route_has_out_stays_claimable() {
    let world = World::with_team(&["ana"]).await;
    let (paused, deleted) = (
        world.route("Paused", robin(&["ana"]), json!({"criteria": {"kinds": ["buyer"]}})).await,
        world.route("Deleted", robin(&["ana"]), json!({"criteria": {"kinds": ["seller"]}})).await,
    );
    let buyer = world.lead_from_zillow("Dana").await;
    let seller = world.lead("Eli", json!({"kind": "seller"})).await;
    for lead in [&buyer, &seller] {
        assert_eq!(world.offered(lead, 1).await, ["ana"]);
    }
    let pause = format!("/v1/entities/acme/routes/{paused}/pause");
    world.operator.post(&pause, &json!({})).await.expect(200);
    world.remove_route(&deleted).await;
    world.fast_forward(minutes(14)).await;
    for lead in [&buyer, &seller] {
        world.does("ana", "claim", lead).await.expect(200);
    }
}

#[tokio::test]
async fn an_admin_may_take_back_what_a_paused_route_has_out() {
    let world = World::with_team(&["ana", "ben"]).await;
    let day = world.route("Day", robin(&["ana"]), json!({})).await;
    world.route("Rest", robin(&["ben"]), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    let now = format!("/v1/entities/acme/routes/{day}/withdraw");
    let refused = world.operator.post(&now, &json!({})).await.expect(409);
    assert_eq!(refused.field("code"), "route_active");

    let pause = format!("/v1/entities/acme/routes/{day}/pause");
    world.operator.post(&pause, &json!({})).await.expect(200);
    let taken_back = world.operator.post(&now, &json!({})).await.expect(200).json();
    assert_eq!(taken_back, json!({"offers": 1, "leads": 1}));
    assert_eq!(world.offered(&lead, 2).await, ["ben"], "at once, by the next route");
    let withdrawn = world.first(&lead, EventKind::Withdrawn).await;
    assert_eq!(withdrawn.reason.as_deref(), Some("route"));
    assert_eq!(world.does("ana", "claim", &lead).await.expect(410).field("code"), "withdrawn");
}

#[tokio::test]
async fn an_agent_who_pauses_keeps_what_is_on_offer_and_gets_nothing_new() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let first = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&first, 1).await, ["ana"]);
    world.operator.post("/v1/entities/acme/agents/ana/pause", &json!({})).await.expect(200);
    assert_eq!(world.firsts(&["Eli", "Fay"]).await, ["ben", "ben"]);
    world.does("ana", "claim", &first).await.expect(200);
}

#[tokio::test]
async fn an_agent_who_is_taken_off_the_route_keeps_what_is_on_offer() {
    let world = World::with_team(&["ana", "ben"]).await;
    let route = world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let first = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&first, 1).await, ["ana"]);
    world.change_route(&route, json!({"strategy": robin(&["ben"])})).await;
    assert_eq!(world.firsts(&["Eli", "Fay"]).await, ["ben", "ben"]);
    world.does("ana", "claim", &first).await.expect(200);
}

#[tokio::test]
async fn what_is_on_offer_to_an_agent_who_leaves_goes_on_at_once() {
    let world = World::with_team(&["ana", "ben"]).await;
    let all = json!({"kind": "round_robin", "agents": "all"});
    world.route("All", all, json!({"claim_within": "1h"})).await;
    let lead = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&lead, 1).await, ["ana"]);
    let link = claim_link(&world.mail("ana", &lead, 1).await);
    let ana = world.agent("ana").await;
    world.remove_agent("ana").await;
    assert_eq!(world.offered(&lead, 2).await, ["ben"]);
    let withdrawn = world.first(&lead, EventKind::Withdrawn).await;
    assert_eq!(withdrawn.reason.as_deref(), Some("agent_gone"));
    // Keys and links went with the agent.
    ana.post(&format!("/v1/leads/{lead}/claim"), &json!({})).await.expect(401);
    let browser = world.operator.with_key("");
    browser.get(link.strip_prefix(&browser.base_url()).unwrap()).await.expect(404);
}

#[tokio::test]
async fn a_jump_ball_goes_on_without_whoever_leaves() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Ball", jump_ball(), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    world.remove_agent("ana").await;
    let withdrawn = world.first(&lead, EventKind::Withdrawn).await;
    assert_eq!(withdrawn.after.pending, [id::<AgentId>("ben")]);
    world.does("ben", "claim", &lead).await.expect(200);
}

#[tokio::test]
async fn who_left_while_no_router_was_there_is_not_forgotten() {
    let mut world = World::with_team(&["ana", "ben"]).await;
    let all = json!({"kind": "round_robin", "agents": "all"});
    world.route("All", all, json!({"claim_within": "1h"})).await;
    let lead = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&lead, 1).await, ["ana"]);
    world.stop_routers().await;
    world.remove_agent("ana").await;
    // Two of them do what one would.
    world.start_router();
    world.start_router();
    assert_eq!(world.offered(&lead, 2).await, ["ben"]);
    assert_eq!(
        world.history(&lead).await,
        ["lead.received", "lead.offered", "offer.withdrawn", "lead.offered"]
    );
}

/// As by a router that looked at the team before, and waited for Redis since.
pub(crate) async fn placed_late(world: &World, view: &EntityView, name: &str) -> LeadId {
    let email = format!("{name}@example.com");
    let buyer = json!({"source": "zillow", "kind": "buyer", "emails": [email]});
    let lead: Lead = serde_json::from_value(buyer).unwrap();
    let planned = plan(&Arrival::of(&lead), view, world.clock.now(), &mut dice([0; 32]));
    let accepted = Accepted {
        id: id(&format!("lead_{name}")),
        entity: view.id.clone(),
        source: Some(id("zillow")),
        received_at: world.clock.now(),
        lead,
    };
    let placed = world.board.place(&accepted, &planned, Known::Ignore).await.unwrap();
    assert_eq!(placed, Placed::New);
    accepted.id
}

#[tokio::test]
async fn an_offer_that_was_planned_before_the_agent_left_is_taken_back_as_well() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Ball", jump_ball(), json!({"claim_within": "1h"})).await;
    let before = world.roster.view(&id("acme")).unwrap();
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    world.remove_agent("ana").await;
    world.first(&lead, EventKind::Withdrawn).await;

    for (name, later) in [("eli", 10), ("fay", 50)] {
        let late = placed_late(&world, &before, name).await;
        assert_eq!(world.offered(&late, 1).await, ["ana", "ben"]);
        world.fast_forward(seconds(later)).await;
        let withdrawn = world.first(&late, EventKind::Withdrawn).await;
        assert_eq!(withdrawn.reason.as_deref(), Some("agent_gone"));
        assert_eq!(withdrawn.after.pending, [id::<AgentId>("ben")]);
    }
}

/// Whoever is not there is given nothing (D-4).
#[tokio::test]
async fn a_lead_that_was_assigned_by_a_plan_from_before_the_agent_left_is_assigned_anew() {
    let world = World::with_team(&["ana", "ben"]).await;
    let buyers = json!({"criteria": {"kinds": ["buyer"]}});
    let sellers = json!({"criteria": {"kinds": ["seller"]}, "claim_within": "1h"});
    let route = world.route("Buyers", assign_to("ana"), buyers).await;
    world.route("Sellers", jump_ball(), sellers).await;
    let before = world.roster.view(&id("acme")).unwrap();
    let hers = world.lead_from_zillow("Dana").await;
    world.assigned(&hers, 1).await;
    let asked = world.lead("Eli", json!({"kind": "seller"})).await;
    world.offered(&asked, 1).await;
    world.fast_forward(minutes(1)).await;
    world.change_route(&route, json!({"strategy": assign_to("ben")})).await;
    world.remove_agent("ana").await;
    world.first(&asked, EventKind::Withdrawn).await;

    for (name, later) in [("fay", 10), ("gus", 50)] {
        let late = placed_late(&world, &before, name).await;
        world.fast_forward(seconds(later)).await;
        let (agent, how) = world.assigned(&late, 2).await;
        assert_eq!((agent.as_str(), how.as_str()), ("ben", "assign_to_agent"));
        assert_eq!(
            world.history(&late).await,
            ["lead.received", "lead.assigned", "lead.returned", "lead.assigned"]
        );
        let returned = world.first(&late, EventKind::Returned).await;
        assert_eq!(returned.reason.as_deref(), Some("agent_gone"));
    }
    assert_eq!(world.shown(&hers).await["agent"], "ana", "what she had stays hers");
}

#[tokio::test]
async fn a_lead_that_is_closed_is_withdrawn_from_who_was_asked() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Ball", jump_ball(), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    let closed = world.orders("close", &lead, json!({"reason": "spam"})).await.expect(200).json();
    assert_eq!(closed["lead"]["state"], "closed");
    assert_eq!(world.does("ana", "claim", &lead).await.expect(410).field("code"), "withdrawn");
    assert_eq!(
        world.history(&lead).await,
        ["lead.received", "lead.offered", "offer.withdrawn", "lead.closed"]
    );
    let ended = world.first(&lead, EventKind::Closed).await;
    assert_eq!(ended.reason.as_deref(), Some("spam"));
}
