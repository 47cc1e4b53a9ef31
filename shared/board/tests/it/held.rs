//! Leads that wait until somebody, or something, lets them go (D-26, D-27).

use std::slice::from_ref;

use chrono::TimeDelta;
use redis::AsyncCommands;
use serde_json::json;
use tipoff_board::{Claim, Known, MovedOn, Placed, Recognised, Release, Released};
use tipoff_domain::plan::{Otherwise, Plan, Then};
use tipoff_domain::standing::State;
use tipoff_domain::{Decision, Lead};
use tipoff_wire::{Accepted, EventKind};

use crate::fixture::{Table, accepted, ball, id, minutes, nine, turn};
use crate::picture::{differences, picture};

const KNOWN: Known = Known::Attach { sticky: TimeDelta::days(90) };

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
    let release = |request| {
        table.board.release(&table.entity, &lead, None, Known::Ignore, Released::Sent, request)
    };
    let held = table.board.held(&table.entity, None, 10).await.unwrap().leads;
    assert_eq!(held.len(), 1);
    table.at(nine() + minutes(5)).await;
    let (how, ignore) = (Released::Completed, Known::Ignore);
    let completed = table.board.release(&table.entity, &lead, None, ignore, how, "");
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
    let known = Known::Attach { sticky: TimeDelta::days(90) };
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
    let (how, ignore) = (Released::Completed, Known::Ignore);
    let released = table.board.release(&table.entity, &first.id, Some(&complete), ignore, how, "");
    assert!(matches!(released.await.unwrap(), Release::Released(_)));
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

impl Table {
    /// Dana is stored first, then asks for herself and is offered; what was stored is sent
    /// to routing after that.
    async fn dana_is_stored_asks_and_is_sent(&self) -> (Accepted, Accepted) {
        let stored = accepted("lead_stored", "dana@example.com");
        let asked = accepted("lead_asked", "dana@example.com");
        let hold = hold(Otherwise::NotAutomatic);
        assert_eq!(self.board.place(&stored, &hold, KNOWN).await.unwrap(), Placed::New);
        self.at(nine() + minutes(1)).await;
        assert_eq!(self.board.place(&asked, &ball(&["ana"]), KNOWN).await.unwrap(), Placed::New);
        self.at(nine() + minutes(2)).await;
        let (lead, how) = (Some(&stored.lead), Released::Sent);
        let sent = self.board.release(&self.entity, &stored.id, lead, KNOWN, how, "").await;
        assert!(matches!(sent.unwrap(), Release::Released(_)));
        (stored, asked)
    }

    /// Redis is emptied and filled from the log, and everything stands as it did.
    async fn is_rebuilt_as_it_was(&self) {
        let before = picture(self).await;
        let () = redis::cmd("FLUSHALL").query_async(&mut self.redis.clone()).await.unwrap();
        self.board.ready(&self.entity).await.unwrap();
        assert_eq!(differences(&before, &picture(self).await), [""; 0]);
        assert_eq!(self.board.verify(false, &mut |_| {}).await.unwrap().1, []);
    }
}

/// D-30 b.
#[tokio::test]
async fn what_is_let_go_while_the_persons_lead_is_open_becomes_an_inquiry_on_a_rebuilt_board_too() {
    let table = Table::laid().await;
    let (stored, asked) = table.dana_is_stored_asks_and_is_sent().await;
    let before = table.lead(&stored.id).await;
    assert_eq!(before.now_is.known_by.as_ref(), Some(&asked.id));
    table.is_rebuilt_as_it_was().await;

    let attached = table.board.recognise(&before, KNOWN).await.unwrap();
    assert_eq!(attached, Recognised::Attached(asked.id.clone()));
    let again = table.board.recognise(&before, KNOWN).await.unwrap();
    assert_eq!(again, Recognised::Stale, "whoever sweeps as well changes nothing");
    assert_eq!(
        table.history(&stored.id).await,
        ["lead.received", "lead.held", "lead.released", "lead.closed"]
    );
    assert_eq!(table.history(&asked.id).await, ["lead.received", "lead.offered", "lead.duplicate"]);
    assert_eq!(table.lead(&stored.id).await.now_is.duplicate_of.as_ref(), Some(&asked.id));
    assert_eq!(table.lead(&asked.id).await.now_is.inquiries, 2);
    assert!(table.board.sweep(table.partition()).await.unwrap().due.is_empty());
    let dana = table.board.leads_of_person(&table.entity, &stored.lead).await.unwrap();
    assert_eq!(dana.len(), 2, "whoever erases her finds both");
    table.is_rebuilt_as_it_was().await;

    let once_more = accepted("lead_once_more", "dana@example.com");
    let attached = table.board.place(&once_more, &ball(&["ben"]), KNOWN).await.unwrap();
    assert_eq!(attached, Placed::Attached(asked.id));
}

/// D-30 c.
#[tokio::test]
async fn what_is_let_go_about_a_person_whom_somebody_has_is_theirs_for_a_time() {
    let table = Table::laid().await;
    let (stored, asked) = table.dana_is_stored_asks_and_is_sent().await;
    let lead = table.lead(&stored.id).await;
    assert!(matches!(table.claim(&asked.id, "ana", None).await, Claim::Won(_)));
    let recognised = async |known| table.board.recognise(&lead, known).await.unwrap();
    let no_time = Known::Attach { sticky: TimeDelta::zero() };
    assert_eq!(recognised(KNOWN).await, Recognised::Returning(id("ana")));
    assert_eq!(recognised(no_time).await, Recognised::Nobody);
    assert_eq!(recognised(Known::Ignore).await, Recognised::Nobody);

    // Who comes before that is settled is hers as well.
    let keep = Known::Keep { sticky: TimeDelta::days(90) };
    let meanwhile = accepted("lead_meanwhile", "dana@example.com");
    let placed = table.board.place(&meanwhile, &turn(&["ben"]), keep).await.unwrap();
    assert_eq!(placed, Placed::Returning(id("ana")));

    table.move_on(&stored.id, &Plan::returning(&id("ana"))).await;
    let now_is = table.lead(&stored.id).await.now_is;
    assert_eq!((now_is.agent, now_is.known_by), (Some(id("ana")), None));
    table.is_rebuilt_as_it_was().await;
}

/// D-27: an address is completed with a person who is stored already.
#[tokio::test]
async fn what_is_only_stored_takes_in_nothing_that_is_let_go() {
    let table = Table::laid().await;
    let stored = accepted("lead_stored", "dana@example.com");
    table.board.place(&stored, &hold(Otherwise::NotAutomatic), KNOWN).await.unwrap();
    let (first, plan) = (unreachable("lead_one"), hold(Otherwise::Incomplete));
    table.board.place(&first, &plan, KNOWN).await.unwrap();
    table.at(nine() + minutes(1)).await;
    let complete = accepted("lead_one", "dana@example.com");
    assert_eq!(table.board.place(&complete, &plan, KNOWN).await.unwrap(), Placed::Known);
    let lead = table.lead(&first.id).await;
    assert_eq!(lead.now_is.known_by, Some(stored.id));
    assert_eq!(table.board.recognise(&lead, KNOWN).await.unwrap(), Recognised::Nobody);
    assert_eq!(table.board.roll_on(&lead, &turn(&["ana"])).await.unwrap(), MovedOn::Done);
}
