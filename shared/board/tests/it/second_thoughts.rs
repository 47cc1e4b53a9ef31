use chrono::TimeDelta;
use tipoff_board::{Chance, MovedOn, Pass, Passing, Undone, Withdrawal, Withdrawn};
use tipoff_domain::{AgentId, LeadId, Span};

use crate::fixture::{Table, ball, id, minutes, next, nine, turn};

impl Table {
    async fn pass_for_now(&self, lead: &LeadId, agent: &str) -> Pass {
        let agent = id(agent);
        let undo = Some(Span::seconds(10));
        let passing = Passing { undo, ..Passing::by(&agent, "") };
        self.board.pass(&self.entity, lead, &passing).await.unwrap()
    }

    async fn undo(&self, lead: &LeadId, agent: &str) -> Undone {
        self.board.undo_pass(&self.entity, lead, &id(agent), "").await.unwrap()
    }

    async fn again(&self, lead: &LeadId, agent: &str) -> Chance {
        self.board.another_chance(&self.entity, lead, &id(agent), "").await.unwrap()
    }

    async fn withdraw(&self, lead: &LeadId, agent: &str, round: Option<u32>) -> Withdrawn {
        let why = Withdrawal::Undeliverable;
        self.board.withdraw(&self.entity, lead, &id(agent), round, why).await.unwrap()
    }

    async fn is_due(&self, lead: &LeadId) -> bool {
        self.board.sweep(self.partition()).await.unwrap().due.contains(lead)
    }
}

#[tokio::test]
async fn a_pass_can_be_taken_back_until_the_lead_moves_on() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    assert_eq!(table.pass_for_now(&lead, "ana").await, Pass::Passed);
    assert_eq!(table.pass_for_now(&lead, "ana").await, Pass::Passed, "again is the same");
    assert!(!table.is_due(&lead).await);
    assert_eq!(table.undo(&lead, "ben").await, Undone::NotPassed);
    table.at(nine() + TimeDelta::milliseconds(9_999)).await;
    assert_eq!(table.undo(&lead, "ana").await, Undone::Pending);
    let now_is = table.lead(&lead).await.now_is;
    assert_eq!((now_is.until, now_is.tried), (Some(nine() + minutes(15)), Vec::new()));

    assert_eq!(table.pass_for_now(&lead, "ana").await, Pass::Passed);
    table.at(nine() + TimeDelta::milliseconds(19_999)).await;
    assert!(table.is_due(&lead).await);
    assert_eq!(table.undo(&lead, "ana").await, Undone::TooLate);
    assert_eq!(table.move_on(&lead, &next(&["ben"])).await, MovedOn::Done);
    assert_eq!(
        table.history(&lead).await,
        [
            "lead.received",
            "lead.offered",
            "lead.passed",
            "offer.restored",
            "lead.passed",
            "lead.offered"
        ]
    );
}

#[tokio::test]
async fn a_place_that_is_kept_for_whoever_passed_is_nothing_to_mend() {
    let table = Table::laid().await;
    let (lead, jump) =
        (table.place(&turn(&["ana", "ben"])).await, table.place(&ball(&["ana", "ben"])).await);
    table.pass_for_now(&lead, "ana").await;
    table.pass_for_now(&jump, "ana").await;
    let found = table.board.verify(false, &mut |_| ()).await.unwrap().1;
    assert!(found.is_empty(), "{found:?}");
    table.board.verify(true, &mut |_| ()).await.unwrap();
    assert_eq!(table.members("reserved").await, [format!("acme|ana|{lead}")]);
    assert_eq!(table.undo(&lead, "ana").await, Undone::Pending);
}

#[tokio::test]
async fn a_pass_cannot_be_taken_back_after_the_deadline() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    table.at(nine() + minutes(15) - TimeDelta::seconds(3)).await;
    table.pass_for_now(&lead, "ana").await;
    table.at(nine() + minutes(15)).await;
    assert!(table.is_due(&lead).await);
    assert_eq!(table.undo(&lead, "ana").await, Undone::TooLate);
}

/// D-19.
#[tokio::test]
async fn whoever_was_too_late_may_ask_for_another_chance() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    assert_eq!(table.again(&lead, "ana").await, Chance::Offered);
    assert_eq!(table.again(&lead, "ben").await, Chance::NotOffered);
    table.at(nine() + minutes(15)).await;
    assert_eq!(table.again(&lead, "ana").await, Chance::Queued, "although nobody has swept");
    assert_eq!(table.again(&lead, "ana").await, Chance::Queued);
    assert_eq!(table.move_on(&lead, &next(&["ben"])).await, MovedOn::Done);
    assert_eq!(table.lead(&lead).await.now_is.again, [id::<AgentId>("ana")]);
    table.pass(&lead, "ben").await;
    table.move_on(&lead, &next(&["ana"])).await;
    assert!(table.lead(&lead).await.now_is.again.is_empty());
    table.claim(&lead, "ana", None).await;
    assert_eq!(table.again(&lead, "ana").await, Chance::AlreadyYours);
    assert_eq!(table.again(&lead, "ben").await, Chance::Taken);
    assert_eq!(
        table.history(&lead).await.into_iter().filter(|kind| *kind == "lead.chance_asked").count(),
        1
    );
}

#[tokio::test]
async fn an_offer_that_nobody_can_be_told_of_is_taken_back_and_the_lead_is_due() {
    let table = Table::laid().await;
    let (alone, both) =
        (table.place(&turn(&["ana"])).await, table.place(&ball(&["ana", "ben"])).await);
    assert_eq!(table.withdraw(&alone, "ben", None).await, Withdrawn::NotPending);
    assert_eq!(table.withdraw(&alone, "ana", Some(2)).await, Withdrawn::NotPending);
    assert_eq!(table.withdraw(&alone, "ana", Some(1)).await, Withdrawn::Done);
    assert_eq!(table.withdraw(&alone, "ana", Some(1)).await, Withdrawn::NotPending);
    assert!(table.is_due(&alone).await);
    let told = table.board.timeline(&table.entity, &alone).await.unwrap().pop().unwrap();
    assert_eq!(
        (told.kind.as_str(), told.reason.as_deref()),
        ("offer.withdrawn", Some("undeliverable"))
    );

    // Somebody leaves (D-23).
    let (ana, why) = (id("ana"), Withdrawal::AgentGone);
    let gone = table.board.withdraw_all_of(&table.entity, &ana, why).await.unwrap();
    assert_eq!(gone, 1);
    assert_eq!(table.asked(&both).await, ["ben"]);
    assert!(!table.is_due(&both).await, "ben is still asked");
}
