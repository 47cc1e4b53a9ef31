//! Leads that are over leave the board after a while; the log keeps them.

use chrono::TimeDelta;
use serde_json::json;
use tipoff_board::{Actor, Board, Claim, Erase, Known, OnBoard, Placed, Return};
use tipoff_domain::LeadId;
use tipoff_domain::plan::{How, Pick};
use tipoff_wire::Accepted;

use crate::fixture::{Table, accepted, id, minutes, nine, pool, step, turn};
use crate::picture::{differences, picture};

/// One of each: with an agent, closed, in the pool, on offer.
struct Four {
    assigned: LeadId,
    closed: LeadId,
    pooled: LeadId,
    offered: LeadId,
}

/// A board that leads leave a day after they are over.
async fn forgetful() -> (Table, Four) {
    let mut table = Table::laid().await;
    table.board = table.board.clone().aging_out_after(1);
    let robin = turn(&["ana", "ben"]);
    let four = Four {
        assigned: table.place(&robin).await,
        closed: table.place(&robin).await,
        pooled: table.place(&pool()).await,
        offered: table.place(&robin).await,
    };
    assert!(matches!(table.claim(&four.assigned, "ana", Some(1)).await, Claim::Won(_)));
    table.board.close(&table.entity, &four.closed, &Actor::Admin, None, false, "").await.unwrap();
    (table, four)
}

async fn days_pass(table: &Table, days: i64) {
    table.at(nine() + TimeDelta::days(days)).await;
}

/// Those that lists show.
async fn listed(table: &Table) -> Vec<LeadId> {
    let page = table.board.leads(&table.entity, None, 100).await.unwrap();
    let mut leads: Vec<LeadId> = page.leads.into_iter().map(|lead| lead.id).collect();
    leads.sort();
    leads
}

async fn looked_up(board: &Board, lead: &LeadId) -> Option<OnBoard> {
    board.lead(&id("acme"), lead).await.unwrap()
}

#[tokio::test]
async fn leads_that_are_over_leave_the_board_and_are_found_by_name() {
    let (table, four) = forgetful().await;
    let as_it_was = table.lead(&four.assigned).await;
    assert_eq!(table.board.age_out(&table.entity).await.unwrap(), 0, "it is the same day");
    days_pass(&table, 2).await;

    assert_eq!(table.board.age_out(&table.entity).await.unwrap(), 2);
    assert_eq!(listed(&table).await, [four.pooled.clone(), four.offered.clone()]);
    let of_ana = table.board.leads_of(&table.entity, &id("ana"), None, 10).await.unwrap();
    assert!(of_ana.leads.is_empty(), "{of_ana:?}");
    let missing = table.board.verify(false, &mut |_| ()).await.unwrap().1;
    assert!(missing.is_empty(), "{missing:?}");
    let without = Board::clone(&table.board).aging_out_after(0);
    assert_eq!(looked_up(&without, &four.closed).await, None, "it takes no room");

    assert_eq!(looked_up(&table.board, &four.assigned).await, Some(as_it_was));
    assert_eq!(
        table.history(&four.assigned).await,
        ["lead.received", "lead.offered", "lead.claimed"]
    );
    assert_eq!(table.board.age_out(&table.entity).await.unwrap(), 1, "and it leaves again");
    assert_eq!(looked_up(&table.board, &id("lead_nobody_sent")).await, None);
}

#[tokio::test]
async fn a_lead_stays_with_whoever_got_it_lately_however_old_it_is() {
    let (table, four) = forgetful().await;
    days_pass(&table, 2).await;
    let (entity, lead) = (&table.entity, &four.pooled);
    table.board.assign(entity, lead, &id("chloe"), &Actor::Admin, "").await.unwrap();
    table.board.age_out(entity).await.unwrap();
    assert!(listed(&table).await.contains(lead));
    days_pass(&table, 4).await;
    table.board.age_out(entity).await.unwrap();
    assert_eq!(listed(&table).await, [four.offered]);
}

#[tokio::test]
async fn what_has_aged_out_can_still_be_sent_back_to_the_pool() {
    let (table, four) = forgetful().await;
    days_pass(&table, 2).await;
    table.board.age_out(&table.entity).await.unwrap();
    let back = table.board.give_back(&table.entity, &four.assigned, &Actor::Admin, None, "", &[]);
    assert!(matches!(back.await.unwrap(), Return::Returned(_)));
    assert_eq!(
        table.history(&four.assigned).await,
        ["lead.received", "lead.offered", "lead.claimed", "lead.returned"]
    );
    assert!(listed(&table).await.contains(&four.assigned));
}

/// Turns, limits and who is known are as if they were all still there.
#[tokio::test]
async fn a_board_that_is_lost_comes_back_without_what_had_aged_out() {
    let (table, four) = forgetful().await;
    days_pass(&table, 2).await;
    table.board.age_out(&table.entity).await.unwrap();
    let before = picture(&table).await;
    let () = redis::cmd("FLUSHALL").query_async(&mut table.redis.clone()).await.unwrap();
    // The server's own clock knows nothing of those days.
    days_pass(&table, 2).await;
    assert_eq!(listed(&table).await, [four.pooled, four.offered]);
    assert_eq!(differences(&before, &picture(&table).await), [""; 0]);
}

#[tokio::test]
async fn a_lead_that_has_aged_out_is_not_taken_for_one_that_was_overlooked() {
    let (table, four) = forgetful().await;
    days_pass(&table, 2).await;
    table.board.age_out(&table.entity).await.unwrap();
    for (lead, is_gone) in [(&four.assigned, true), (&four.closed, true), (&four.pooled, false)] {
        assert_eq!(table.board.has_aged_out(&table.entity, lead).await.unwrap(), is_gone);
    }
    assert!(!table.board.has_aged_out(&table.entity, &id("lead_nobody_sent")).await.unwrap());
}

/// It is one more delivery of what the log has already.
#[tokio::test]
async fn a_lead_that_has_aged_out_and_is_sent_again_is_the_same_lead_and_costs_nobody_a_turn() {
    let (table, four) = forgetful().await;
    let attach = Known::Attach { sticky: TimeDelta::zero() };
    let (first, second) = (as_sent("first"), as_sent("second"));
    let (robin, given) =
        (turn(&["ana", "ben"]), step(Pick::Turn, &["ana", "ben"], Some(How::Direct)));
    table.board.place(&first, &robin, attach).await.unwrap();
    table.board.close(&table.entity, &first.id, &Actor::Admin, None, false, "").await.unwrap();
    table.at(nine() + minutes(1)).await;
    assert_eq!(table.board.place(&second, &robin, attach).await.unwrap(), Placed::New);
    days_pass(&table, 2).await;
    table.board.age_out(&table.entity).await.unwrap();
    let before = picture(&table).await;

    let of_person_1 = accepted(four.closed.as_str(), "person1@example.com");
    for (again, known) in [(of_person_1, Known::Ignore), (first, attach)] {
        assert_eq!(table.board.place(&again, &given, known).await.unwrap(), Placed::Known);
        assert_eq!(
            table.history(&again.id).await,
            ["lead.received", "lead.offered", "offer.withdrawn", "lead.closed"]
        );
    }
    assert_eq!(table.board.age_out(&table.entity).await.unwrap(), 2);
    assert_eq!(differences(&before, &picture(&table).await), [""; 0]);
}

fn as_sent(lead: &str) -> Accepted {
    accepted(lead, "dana@example.com")
}

/// They stand in no list that people see.
#[tokio::test]
async fn inquiries_on_another_lead_leave_the_board_as_well() {
    let (table, _) = forgetful().await;
    let attach = Known::Attach { sticky: TimeDelta::zero() };
    let (first, inquiry) = (as_sent("first"), as_sent("inquiry"));
    table.board.place(&first, &pool(), attach).await.unwrap();
    let placed = table.board.place(&inquiry, &pool(), attach).await.unwrap();
    assert_eq!(placed, Placed::Attached(first.id));
    assert_eq!(table.board.age_out(&table.entity).await.unwrap(), 0, "it is the same day");
    days_pass(&table, 2).await;
    let without = Board::clone(&table.board).aging_out_after(0);
    assert!(looked_up(&without, &inquiry.id).await.is_some());
    assert_eq!(table.board.age_out(&table.entity).await.unwrap(), 3, "two more leads are over");
    assert_eq!(looked_up(&without, &inquiry.id).await, None);
    assert!(looked_up(&table.board, &inquiry.id).await.is_some(), "it is found by its name");
    assert_eq!(table.board.age_out(&table.entity).await.unwrap(), 1, "and leaves again");
    assert_eq!(table.board.verify(false, &mut |_| ()).await.unwrap().1, []);
}

#[tokio::test]
async fn a_person_is_erased_from_leads_that_have_aged_out_as_well() {
    let (table, four) = forgetful().await;
    days_pass(&table, 2).await;
    table.board.age_out(&table.entity).await.unwrap();
    let person = serde_json::from_value(json!({"emails": ["person0@example.com"]})).unwrap();
    let found = table.board.leads_of_person(&table.entity, &person).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&four.assigned));
    let erased = table.board.erase(&table.entity, &four.assigned, &Actor::Admin, "").await.unwrap();
    assert!(matches!(erased, Erase::Erased(_)));
    assert!(table.board.forget(&table.entity, &four.assigned).await.unwrap().events > 0);
    let log = table.board.timeline(&table.entity, &four.assigned).await.unwrap();
    assert!(log.iter().all(|event| event.payload.is_none()));
}
