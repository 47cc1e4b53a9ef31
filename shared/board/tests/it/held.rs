//! Leads that wait until somebody, or something, lets them go (D-26, D-27).

use std::slice::from_ref;

use redis::AsyncCommands;
use serde_json::json;
use tipoff_board::{Known, Placed, Release, Released};
use tipoff_domain::plan::{Otherwise, Plan, Then};
use tipoff_domain::standing::State;
use tipoff_domain::{Decision, Lead};
use tipoff_wire::{Accepted, EventKind};

use crate::fixture::{Table, accepted, id, minutes, nine, turn};

fn hold(why: Otherwise) -> Plan {
    Plan { then: Then::Hold(why), decision: Decision::default() }
}

/// An address and nothing else.
fn unreachable(lead: &str) -> Accepted {
    let body = json!({"source": "zillow", "property": {"address": "15 Oak Ct"}});
    Accepted { lead: serde_json::from_value(body).unwrap(), ..accepted(lead, "") }
}

#[tokio::test]
async fn a_held_lead_is_sent_to_routing_once() {
    let table = Table::laid().await;
    let lead = table.place(&hold(Otherwise::NotAutomatic)).await;
    let release =
        |request| table.board.release(&table.entity, &lead, None, Released::Sent, request);
    let held = table.board.held(&table.entity, None, 10).await.unwrap().leads;
    assert_eq!(held.len(), 1);
    table.at(nine() + minutes(5)).await;
    let completed = table.board.release(&table.entity, &lead, None, Released::Completed, "");
    assert_eq!(completed.await.unwrap(), Release::NotHeld, "that is not what it waits for");

    let released = release("click").await.unwrap();
    assert!(matches!(&released, Release::Released(lead) if lead.now_is.t0 == nine() + minutes(5)));
    assert!(matches!(release("click").await.unwrap(), Release::Released(_)), "the same click");
    assert_eq!(release("again").await.unwrap(), Release::AlreadyRouted);
    assert!(table.board.held(&table.entity, None, 10).await.unwrap().leads.is_empty());
    assert_eq!(table.board.sweep(table.partition()).await.unwrap().due, from_ref(&lead));
    table.move_on(&lead, &turn(&["ana"])).await;
    assert_eq!(table.asked(&lead).await, ["ana"]);
    assert_eq!(release("later").await.unwrap(), Release::AlreadyRouted);
    assert_eq!(
        table.history(&lead).await,
        ["lead.received", "lead.held", "lead.released", "lead.offered"]
    );
}

#[tokio::test]
async fn a_lead_goes_on_when_it_comes_again_with_a_way_to_reach_the_person() {
    let table = Table::laid().await;
    let known = Known::Attach { sticky: chrono::TimeDelta::days(90) };
    let (first, plan) = (unreachable("lead_one"), hold(Otherwise::Incomplete));
    assert_eq!(table.board.place(&first, &plan, known).await.unwrap(), Placed::New);
    assert_eq!(table.board.place(&first, &plan, known).await.unwrap(), Placed::Known);
    assert_eq!(table.lead(&first.id).await.now_is.released, None, "nothing new");

    let complete = accepted("lead_one", "dana@example.com");
    assert_eq!(table.board.place(&complete, &plan, known).await.unwrap(), Placed::Known);
    let lead = table.lead(&first.id).await;
    assert_eq!(lead.now_is.released, Some(Released::Completed));
    assert_eq!(lead.lead.emails, ["dana@example.com"]);
    let told = table.board.timeline(&table.entity, &first.id).await.unwrap().pop().unwrap();
    assert_eq!(told.kind, EventKind::Released);
    assert_eq!(told.payload.unwrap()["emails"], json!(["dana@example.com"]));

    // From now on the person is known.
    let other = accepted("lead_two", "dana@example.com");
    let attached = table.board.place(&other, &plan, known).await.unwrap();
    assert_eq!(attached, Placed::Attached(id("lead_one")));
}

/// The lead as it was completed, not as it came first.
#[tokio::test]
async fn contact_details_that_were_added_come_back_from_the_log() {
    let table = Table::laid().await;
    let first = unreachable("lead_one");
    table.board.place(&first, &hold(Otherwise::Incomplete), Known::Ignore).await.unwrap();
    let complete: Lead = accepted("lead_one", "dana@example.com").lead;
    let (board, entity) = (&table.board, &table.entity);
    let released =
        board.release(entity, &first.id, Some(&complete), Released::Completed, "").await.unwrap();
    assert!(matches!(released, Release::Released(_)));
    table.move_on(&first.id, &turn(&["ana"])).await;

    let before = table.lead(&first.id).await;
    let () = redis::cmd("FLUSHDB").query_async(&mut table.redis.clone()).await.unwrap();
    assert!(table.board.recover(&table.entity, &first.id).await.unwrap());
    assert_eq!(table.lead(&first.id).await, before);
    assert_eq!(before.now_is.state, State::Offered);
    assert!(!table.board.recover(&table.entity, &id("lead_nowhere")).await.unwrap());
}

/// D-16: until then it stands among the deadlines and nowhere else.
#[tokio::test]
async fn a_lead_that_waits_for_an_opening_stands_right_unless_its_deadline_is_gone() {
    let table = Table::laid().await;
    let opens = nine() + minutes(60);
    let wait = Plan { then: Then::Wait(opens), decision: Decision::default() };
    let lead = table.place(&wait).await;
    assert_eq!(table.board.verify(false, &mut |_| {}).await.unwrap().1, []);

    let deadlines = format!("{{p{}}}:deadlines", table.partition());
    let () = table.redis.clone().zrem(deadlines, lead.as_str()).await.unwrap();
    let (verified, found) = table.board.verify(true, &mut |_| {}).await.unwrap();
    assert_eq!((verified.mended, found.len()), (1, 1), "{found:?}");
    assert_eq!(found[0].lead.as_ref(), Some(&lead));
    assert_eq!(table.board.verify(false, &mut |_| {}).await.unwrap().1, []);
    table.at(opens).await;
    assert_eq!(table.board.sweep(table.partition()).await.unwrap().due, from_ref(&lead));
}
