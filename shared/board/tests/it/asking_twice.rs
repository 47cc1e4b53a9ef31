//! Whoever hears no clear answer asks again with the same request. That changes
//! nothing twice, whatever has happened in between.

use chrono::TimeDelta;
use tipoff_board::{
    Actor, Assign, BoardError, Claim, Claiming, FollowUp, Pass, Passing, Return, Undone,
};
use tipoff_domain::{LeadId, Span};

use crate::fixture::{Table, id, minutes, nine, turn};

impl Table {
    async fn send_back(&self, lead: &LeadId, request: &str) -> Result<Return, BoardError> {
        self.board.give_back(&self.entity, lead, &Actor::Admin, None, request, &[]).await
    }

    async fn give(&self, lead: &LeadId, agent: &str, request: &str) -> Result<Assign, BoardError> {
        self.board.assign(&self.entity, lead, &id(agent), &Actor::Admin, request).await
    }

    async fn claim_as(&self, lead: &LeadId, agent: &str, request: &str) -> Claim {
        let agent = id(agent);
        self.board.claim(&self.entity, lead, &Claiming::by(&agent, request)).await.unwrap()
    }

    async fn owner(&self, lead: &LeadId) -> Option<String> {
        self.lead(lead).await.now_is.agent.map(|agent| agent.to_string())
    }
}

/// Ana had it, an admin sent it back (`k`), and Ben has it since (`b`).
async fn sent_back_and_claimed() -> (Table, LeadId) {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    assert!(matches!(table.claim_as(&lead, "ana", "a").await, Claim::Won(_)));
    assert!(matches!(table.send_back(&lead, "k").await, Ok(Return::Returned(_))));
    assert!(matches!(table.claim_as(&lead, "ben", "b").await, Claim::Won(_)));
    (table, lead)
}

#[tokio::test]
async fn sending_a_lead_back_twice_takes_it_from_nobody_who_claimed_it_since() {
    let (table, lead) = sent_back_and_claimed().await;
    assert!(matches!(table.send_back(&lead, "k").await, Ok(Return::Returned(_))));
    assert_eq!(table.owner(&lead).await.as_deref(), Some("ben"));

    assert!(matches!(table.send_back(&lead, "another").await, Ok(Return::Returned(_))));
    assert_eq!(table.owner(&lead).await, None, "another request is another wish");
}

#[tokio::test]
async fn assigning_a_lead_twice_takes_it_from_nobody_who_got_it_since() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    for (agent, request) in [("chloe", "k"), ("ben", "l"), ("chloe", "k")] {
        assert!(matches!(table.give(&lead, agent, request).await, Ok(Assign::Assigned(_))));
    }
    assert_eq!(table.owner(&lead).await.as_deref(), Some("ben"));
}

#[tokio::test]
async fn what_was_asked_is_known_again_by_a_board_that_was_rebuilt() {
    let (table, lead) = sent_back_and_claimed().await;
    let () = redis::cmd("FLUSHALL").query_async(&mut table.redis.clone()).await.unwrap();
    let heard = loop {
        match table.send_back(&lead, "k").await {
            Err(error) if error.will_pass() => {}
            heard => break heard,
        }
    };
    assert!(matches!(heard, Ok(Return::Returned(_))), "{heard:?}");
    assert_eq!(table.owner(&lead).await.as_deref(), Some("ben"));
    assert!(matches!(table.claim_as(&lead, "ben", "b").await, Claim::Won(_)));
}

#[tokio::test]
async fn a_claim_that_is_asked_again_after_the_lead_went_on_claims_nothing_anew() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    assert!(matches!(table.claim_as(&lead, "ana", "a").await, Claim::Won(_)));
    assert!(matches!(table.send_back(&lead, "k").await, Ok(Return::Returned(_))));
    assert_eq!(table.claim_as(&lead, "ana", "a").await, Claim::Withdrawn);
    assert!(matches!(table.claim_as(&lead, "ben", "b").await, Claim::Won(_)));
    assert_eq!(table.claim_as(&lead, "ana", "a").await, Claim::Taken);
}

#[tokio::test]
async fn a_pass_that_was_taken_back_is_not_made_again_by_asking_twice() {
    let table = Table::laid().await;
    let (lead, ana) = (table.place(&turn(&["ana"])).await, id("ana"));
    let passing = Passing { undo: Some(Span::seconds(10)), ..Passing::by(&ana, "p") };
    for _ in 0..2 {
        let heard = table.board.pass(&table.entity, &lead, &passing).await.unwrap();
        assert_eq!(heard, Pass::Passed);
        let heard = table.board.undo_pass(&table.entity, &lead, &ana, "u").await.unwrap();
        assert_eq!(heard, Undone::Pending);
    }
    assert_eq!(
        table.history(&lead).await,
        ["lead.received", "lead.offered", "lead.passed", "offer.restored"]
    );
}

#[tokio::test]
async fn one_key_for_two_wishes_is_refused_and_changes_nothing() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    assert!(matches!(table.give(&lead, "chloe", "k").await, Ok(Assign::Assigned(_))));
    let refused = table.give(&lead, "ben", "k").await;
    assert!(matches!(refused, Err(BoardError::Reused)), "{refused:?}");
    assert_eq!(table.owner(&lead).await.as_deref(), Some("chloe"));
}

#[tokio::test]
async fn only_the_last_few_requests_are_known_again() {
    let table = Table::laid().await;
    let (lead, ana) = (table.place(&turn(&["ana"])).await, id("ana"));
    assert!(matches!(table.claim_as(&lead, "ana", "a").await, Claim::Won(_)));
    for number in 0..20 {
        let due = nine() + minutes(1) + TimeDelta::seconds(number);
        let request = format!("follow-up-{number}");
        let noting =
            table.board.follow_up(&table.entity, &lead, Some(&ana), due, None, &request).await;
        assert_eq!(noting.unwrap(), FollowUp::Noted);
    }
    assert_eq!(table.lead(&lead).await.now_is.requests.len(), 8);
}
