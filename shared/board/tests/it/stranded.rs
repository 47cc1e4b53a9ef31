use tipoff_domain::plan::{How, Otherwise, Pick};
use tipoff_domain::{AgentId, PondId};
use tipoff_wire::PooledWhy;
use tipoff_wire::event::State;

use crate::fixture::{Table, id, minutes, next, nine, pool, step};
use crate::ponds::in_pond;

/// D-4: who is not there cannot be given anything.
#[tokio::test]
async fn what_routing_gives_to_an_agent_who_has_left_goes_to_the_pool_and_nothing_else_does() {
    let table = Table::laid().await;
    let assign = || step(Pick::First, &["ana"], Some(How::AssignToAgent));
    let before = table.place(&assign()).await;
    let left = nine() + minutes(1);
    table.at(left).await;
    let (late, claimed) = (table.place(&assign()).await, table.place(&next(&["ana"])).await);
    table.claim(&claimed, "ana", None).await;

    let ana: AgentId = id("ana");
    let taken = table.board.take_from(&table.entity, &ana, left).await.unwrap();
    assert_eq!(taken, [table.lead(&late).await]);
    assert!(table.board.take_from(&table.entity, &ana, left).await.unwrap().is_empty());
    let now_is = table.lead(&late).await.now_is;
    let nobody = PooledWhy::Planned(Otherwise::NobodyEligible);
    assert_eq!((now_is.state, now_is.agent, now_is.why), (State::Pooled, None, Some(nobody)));
    for hers in [&before, &claimed] {
        assert_eq!(table.lead(hers).await.now_is.agent.as_ref(), Some(&ana));
    }
    assert_eq!(table.history(&late).await, ["lead.received", "lead.assigned", "lead.returned"]);
    let told = table.board.timeline(&table.entity, &late).await.unwrap().pop().unwrap();
    assert_eq!((told.reason.as_deref(), told.agents), (Some("agent_gone"), vec![ana]));
}

/// D-25: it came to rest there while the pond was being deleted.
#[tokio::test]
async fn what_rests_in_a_pond_that_is_gone_goes_to_the_pool_and_nothing_else_does() {
    let table = Table::laid().await;
    let lead = table.place(&in_pond("lake")).await;
    let other = table.place(&in_pond("lake-2")).await;
    table.place(&pool()).await;
    let (lake, lake_2): (PondId, PondId) = (id("lake"), id("lake-2"));
    let in_use = async || table.board.ponds_in_use(&table.entity).await.unwrap();
    assert_eq!(in_use().await, [lake_2.clone(), lake.clone()]);

    assert_eq!(table.board.empty_pond(&table.entity, &lake).await.unwrap(), 1);
    assert_eq!(in_use().await, std::slice::from_ref(&lake_2));
    assert_eq!(table.lead(&other).await.now_is.pond, Some(lake_2));
    let now_is = table.lead(&lead).await.now_is;
    let led_there = PooledWhy::Planned(Otherwise::ToPond);
    assert_eq!((now_is.state, now_is.pond, now_is.why), (State::Pooled, None, Some(led_there)));
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.pooled", "lead.pooled"]);
}
