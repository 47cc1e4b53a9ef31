//! When leads go out, and to whom while nobody is in (D-16, D-17, D-18).

use serde_json::{Value, json};
use tipoff_tests::{World, assign_to, friday_at_ten, jump_ball, minutes, robin};
use tipoff_wire::EventKind;

fn quiet(from: &str, to: &str) -> Value {
    json!({"quiet_hours": {"from": from, "to": to}})
}

/// Open from nine to five in New York; ten o'clock now.
fn office_hours() -> Value {
    json!({"office_hours": {"zone": "America/New_York", "hours": {"from": "09:00", "to": "17:00"}}})
}

#[tokio::test]
async fn agents_in_their_quiet_hours_keep_their_place_but_are_not_asked_one_by_one() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    world.change_agent("ana", quiet("09:30", "10:30")).await;
    let lead = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&lead, 1).await, ["ben"]);
    let decision = world.first(&lead, EventKind::Offered).await.decision.unwrap();
    assert_eq!(serde_json::to_value(decision.candidates[0].verdict).unwrap(), "quiet_hours");

    world.fast_forward(minutes(30)).await;
    assert_eq!(world.firsts(&["Eli"]).await, ["ana"], "half past ten is not quiet any more");
}

#[tokio::test]
async fn quiet_hours_keep_nobody_out_of_a_jump_ball() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Ball", jump_ball(), json!({})).await;
    world.change_agent("ana", quiet("09:30", "10:30")).await;
    let lead = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&lead, 1).await, ["ana", "ben"]);
}

#[tokio::test]
async fn quiet_hours_do_not_count_for_assign_to_agent() {
    let world = World::with_team(&["ana"]).await;
    world.route("To Ana", assign_to("ana"), json!({})).await;
    world.change_agent("ana", quiet("09:30", "10:30")).await;
    let lead = world.lead_from_zillow("Dana").await;
    assert_eq!(world.assigned(&lead, 1).await.0, "ana");
    world.mail("ana", &lead, 1).await;
}

#[tokio::test]
async fn outside_of_office_hours_the_timeout_agent_has_it_unasked_and_hears_by_mail_alone() {
    let world = World::with_team(&["ana", "dana"]).await;
    let timeout =
        json!({"timeout": {"after": "30m", "agent": "dana"}, "channels": ["email", "push"]});
    world.route("Robin", robin(&["ana"]), timeout).await;
    world.settle(office_hours()).await;
    assert_eq!(world.firsts(&["Eli"]).await, ["ana"], "ten o'clock is office time");

    // Five in the afternoon, where the half-open day ends.
    world.fast_forward(minutes(7 * 60)).await;
    let late = world.lead_from_zillow("Fay").await;
    assert_eq!(world.assigned(&late, 1).await, ("dana".to_owned(), "timeout_agent".to_owned()));
    let mail = world.mail("dana", &late, 1).await;
    assert!(mail.links.iter().all(|link| !link.contains("/c/")), "there is nothing to claim");
    assert_eq!(world.history(&late).await, ["lead.received", "lead.assigned"]);
}

#[tokio::test]
async fn office_hours_do_not_concern_routes_without_acceptance() {
    let world = World::with_team(&["ana", "dana"]).await;
    world.settle(office_hours()).await;
    let direct = json!({"acceptance": false, "timeout": {"after": "30m", "agent": "dana"}});
    world.route("Robin", robin(&["ana"]), direct).await;
    world.fast_forward(minutes(10 * 60)).await;
    let lead = world.lead_from_zillow("Eli").await;
    assert_eq!(world.assigned(&lead, 1).await.0, "ana");
}

#[tokio::test]
async fn a_lead_is_routed_anew_three_times_at_most_and_then_rests_in_the_pool() {
    let world = World::with_team(&["ana", "ben", "chloe", "dana", "eve"]).await;
    let mut routes = Vec::new();
    for agent in ["ana", "ben", "chloe", "dana", "eve"] {
        routes.push(world.route(agent, robin(&[agent]), json!({})).await);
    }
    let lead = world.lead_from_zillow("Fay").await;
    for (hop, agent) in ["ana", "ben", "chloe", "dana"].into_iter().enumerate() {
        assert_eq!(world.offered(&lead, hop + 1).await, [agent]);
        let pause = format!("/v1/entities/acme/routes/{}/pause", routes[hop]);
        world.operator.post(&pause, &json!({})).await.expect(200);
        world.does(agent, "pass", &lead).await.expect(200);
    }
    assert_eq!(world.pooled(&lead).await, "too_many_reroutes");
}

#[tokio::test]
async fn a_route_that_holds_its_leads_goes_on_with_them_in_the_morning() {
    let world = World::with_team(&["ana", "ben"]).await;
    let hours = json!({"zone": "America/New_York", "hours": {"from": "09:00", "to": "17:00"}});
    let day = json!({"schedule": hours, "claim_within": "30m", "after_close": {"hold": "0s"}});
    world.route("Day", robin(&["ana", "ben"]), day).await;
    world.fast_forward(minutes(7 * 60 - 10)).await;
    let evening = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&evening, 1).await, ["ana"]);
    assert_eq!(world.shown(&evening).await["seconds_left"], (16 * 60 + 30) * 60, "at 16:50");

    world.fast_forward(minutes(5 * 60)).await;
    let night = world.lead_from_zillow("Eli").await;
    let waits = world.first(&night, EventKind::Held).await;
    assert_eq!(waits.after.until.unwrap(), friday_at_ten() + minutes(23 * 60));
    assert_eq!(world.shown(&night).await["why"], "until_opening");
    let held = world.operator.get("/v1/entities/acme/held").await.expect(200).json();
    assert_eq!(held["leads"], json!([]), "nobody has to do anything about it");
    let sent = world.orders("send-to-routing", &night, json!({})).await.expect(409);
    assert_eq!(sent.field("code"), "waits");
    let report = world.operator.get("/v1/entities/acme/report").await.expect(200).json();
    assert_eq!(report["totals"]["in_flight"], 2);
    let audit = world.operator.get("/v1/audit").await.expect(200).json();
    assert_eq!(audit["in_order"], true, "{audit}");

    // Who passes at night leaves it to the next, in the morning.
    world.does("ana", "pass", &evening).await.expect(200);
    world.nth(&evening, EventKind::Held, 1).await;
    world.fast_forward_to(friday_at_ten() + minutes(23 * 60)).await;
    assert_eq!(world.offered(&evening, 2).await, ["ben"]);
    assert_eq!(world.offered(&night, 1).await, ["ben"], "the turn went on with the first lead");
}
