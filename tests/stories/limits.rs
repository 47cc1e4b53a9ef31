//! How many leads an agent gets (D-20, D-21, D-22).

use serde_json::{Value, json};
use tipoff_domain::LeadId;
use tipoff_tests::{World, assign_to, id, robin};

fn limit(count: u32, period: &str) -> Value {
    json!({"limits": [{"count": count, "period": period}]})
}

/// Ana may have one in that period; Ben takes what she may not.
async fn one_for_ana(period: &str) -> World {
    let world = World::with_team(&["ana", "ben"]).await;
    let without_asking = json!({"acceptance": false});
    world.route("Robin", robin(&["ana", "ben"]), without_asking).await;
    world.change_agent("ana", limit(1, period)).await;
    world
}

async fn goes_to(world: &World, name: &str) -> String {
    let lead = world.lead_from_zillow(name).await;
    world.assigned(&lead, 1).await.0
}

/// Four leads: two at once, one just before `begins`, one at it.
async fn a_period_ends(period: &str, before: &str, begins: &str) {
    let world = one_for_ana(period).await;
    assert_eq!(goes_to(&world, "Dana").await, "ana");
    assert_eq!(goes_to(&world, "Eli").await, "ben");
    assert_eq!(goes_to(&world, "Fay").await, "ben", "one in a {period}");
    world.fast_forward_to(id(before)).await;
    assert_eq!(goes_to(&world, "Gus").await, "ben", "it is still the same {period}");
    world.fast_forward_to(id(begins)).await;
    assert_eq!(goes_to(&world, "Hal").await, "ana", "a new {period}");
}

#[tokio::test]
async fn an_hour_ends_with_the_clock_hour() {
    a_period_ends("hour", "2040-06-01T14:59:59.999Z", "2040-06-01T15:00:00Z").await;
}

#[tokio::test]
async fn a_day_ends_at_midnight_where_the_team_is() {
    a_period_ends("day", "2040-06-02T03:59:59.999Z", "2040-06-02T04:00:00Z").await;
}

#[tokio::test]
async fn a_week_ends_on_sunday_night() {
    a_period_ends("week", "2040-06-04T03:59:59.999Z", "2040-06-04T04:00:00Z").await;
}

#[tokio::test]
async fn a_month_ends_with_its_last_day() {
    a_period_ends("month", "2040-07-01T03:59:59.999Z", "2040-07-01T04:00:00Z").await;
}

#[tokio::test]
async fn a_week_may_begin_on_sunday() {
    let world = one_for_ana("week").await;
    world.settle(json!({"week_starts": "sun"})).await;
    assert_eq!(goes_to(&world, "Dana").await, "ana");
    assert_eq!(goes_to(&world, "Eli").await, "ben");
    world.fast_forward_to(id("2040-06-03T04:00:00Z")).await;
    assert_eq!(goes_to(&world, "Fay").await, "ana");
}

#[tokio::test]
async fn an_open_limit_counts_what_the_agent_has_now() {
    let world = one_for_ana("open").await;
    let first = world.lead_from_zillow("Dana").await;
    assert_eq!(world.assigned(&first, 1).await.0, "ana");
    assert_eq!(goes_to(&world, "Eli").await, "ben");
    world.does("ana", "return", &first).await.expect(200);
    assert_eq!(goes_to(&world, "Fay").await, "ana");
}

#[tokio::test]
async fn nothing_is_a_limit_as_well_and_several_stack() {
    let world = one_for_ana("day").await;
    world.change_agent("ana", limit(0, "day")).await;
    assert_eq!(goes_to(&world, "Dana").await, "ben");
    let both = json!({"limits": [{"count": 2, "period": "day"}, {"count": 1, "period": "hour"}]});
    world.change_agent("ana", both).await;
    assert_eq!(goes_to(&world, "Eli").await, "ana");
    assert_eq!(goes_to(&world, "Fay").await, "ben");
}

#[tokio::test]
async fn returning_a_lead_does_not_give_the_days_place_back() {
    let world = one_for_ana("day").await;
    let first = world.lead_from_zillow("Dana").await;
    assert_eq!(world.assigned(&first, 1).await.0, "ana");
    world.does("ana", "return", &first).await.expect(200);
    assert_eq!(goes_to(&world, "Eli").await, "ben");
    assert_eq!(goes_to(&world, "Fay").await, "ben");
}

#[tokio::test]
async fn assign_to_agent_counts_and_is_skipped_at_the_limit() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ben"]), json!({"acceptance": false})).await;
    world.route("To Ana", assign_to("ana"), json!({})).await;
    world.change_agent("ana", limit(1, "day")).await;
    assert_eq!(goes_to(&world, "Dana").await, "ana");
    assert_eq!(goes_to(&world, "Eli").await, "ben", "D-4: as if it did not match");
}

/// A lead that no route takes.
async fn pooled(world: &World, name: &str) -> LeadId {
    let lead = world.lead(name, json!({"kind": "renter"})).await;
    world.pooled(&lead).await;
    lead
}

#[tokio::test]
async fn pool_claims_and_hands_do_not_count_and_are_not_stopped() {
    let world = World::with_team(&["ana", "ben"]).await;
    let buyers = json!({"acceptance": false, "criteria": {"kinds": ["buyer"]}});
    world.route("Robin", robin(&["ana", "ben"]), buyers).await;
    world.change_agent("ana", limit(1, "day")).await;
    let (one, two, three) =
        (pooled(&world, "Dana").await, pooled(&world, "Eli").await, pooled(&world, "Fay").await);
    world.does("ana", "claim", &one).await.expect(200);
    world.assign(&two, "ana").await;
    assert_eq!(goes_to(&world, "Gus").await, "ana", "neither counted");
    world.does("ana", "claim", &three).await.expect(200);
    assert_eq!(goes_to(&world, "Hal").await, "ben", "what came by routing did");
}

#[tokio::test]
async fn pool_claims_count_and_are_stopped_where_the_team_wants_it() {
    let world = World::with_team(&["ana", "ben"]).await;
    let buyers = json!({"acceptance": false, "criteria": {"kinds": ["buyer"]}});
    world.route("Robin", robin(&["ana", "ben"]), buyers).await;
    world.settle(json!({"pool_claims_count": true})).await;
    world.change_agent("ana", limit(1, "day")).await;
    let (one, two) = (pooled(&world, "Dana").await, pooled(&world, "Eli").await);
    world.does("ana", "claim", &one).await.expect(200);
    let refused = world.does("ana", "claim", &two).await.expect(409);
    assert_eq!(refused.field("code"), "limit_reached");
    assert_eq!(goes_to(&world, "Fay").await, "ben");
}
