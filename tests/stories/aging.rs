//! Leads that have long been with their agent leave Redis by themselves.

use chrono::TimeDelta;
use tipoff_tests::{World, assign_to, id};
use tipoff_wire::EventKind;

#[tokio::test]
async fn leads_that_are_over_leave_the_board_by_themselves_where_the_deployment_says_so() {
    let mut world = World::with_team(&["ana"]).await;
    world.route("Ana", assign_to("ana"), serde_json::json!({})).await;
    let lead = world.lead_from_zillow("Kim").await;
    world.first(&lead, EventKind::Assigned).await;
    world.stop_routers().await;
    world.keep_on_board(30).await;
    world.fast_forward(TimeDelta::days(31)).await;

    world.start_router();
    let acme = id("acme");
    while world.board.lead(&acme, &lead).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    let service = world.board.clone().aging_out_after(30);
    assert!(service.lead(&acme, &lead).await.unwrap().is_some(), "the log still has it");
}
