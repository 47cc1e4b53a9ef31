use chrono::TimeDelta;
use futures::future::join_all;
use tipoff_board::{Claim, Claiming, Pass};
use tipoff_domain::decision::{CandidateVerdict, Considered};
use tipoff_wire::event::State;

use crate::fixture::{Table, ball, id, minutes, next, nine, pool, turn};

#[tokio::test]
async fn fifty_agents_claim_at_once_and_one_has_it() {
    let table = Table::laid().await;
    let names: Vec<String> = (0..50).map(|number| format!("agent{number}")).collect();
    let lead = table.place(&ball(&names.iter().map(String::as_str).collect::<Vec<_>>())).await;
    let answers = join_all(names.iter().map(|name| table.claim(&lead, name, Some(1)))).await;
    let winners: Vec<_> =
        names.iter().zip(&answers).filter(|(_, answer)| matches!(answer, Claim::Won(_))).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Claim::Taken).count(), 49);

    let now_is = table.lead(&lead).await.now_is;
    assert_eq!((now_is.state, now_is.agent), (State::Assigned, Some(id(winners[0].0))));
    assert!(matches!(table.claim(&lead, winners[0].0, Some(1)).await, Claim::AlreadyYours(_)));
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
    for name in &names {
        assert!(
            table.board.offers_to(&table.entity, &id(name)).await.unwrap().is_empty(),
            "no offer is left over"
        );
    }
}

/// D-1, D-19: the board's clock decides, and nobody else's.
#[tokio::test]
async fn the_deadline_counts_although_nobody_has_swept() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    table.at(nine() + minutes(15)).await;
    assert_eq!(table.claim(&lead, "ana", Some(1)).await, Claim::TooLate);
    assert_eq!(table.claim(&lead, "ana", None).await, Claim::TooLate);
    assert_eq!(table.pass(&lead, "ana").await, Pass::TooLate);
}

#[tokio::test]
async fn the_last_millisecond_before_the_deadline_counts_too() {
    let table = Table::laid().await;
    let (first, second) = (table.place(&turn(&["ana"])).await, table.place(&turn(&["ana"])).await);
    table.at(nine() + minutes(15) - TimeDelta::milliseconds(1)).await;
    assert!(matches!(table.claim(&first, "ana", Some(1)).await, Claim::Won(_)));
    assert_eq!(table.pass(&second, "ana").await, Pass::Passed);
}

#[tokio::test]
async fn last_rounds_link_cannot_win_this_rounds_offer() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    table.at(nine() + minutes(15)).await;
    table.move_on(&lead, &next(&["ben"])).await;
    assert_eq!(table.claim(&lead, "ana", Some(1)).await, Claim::TooLate);
    assert_eq!(table.claim(&lead, "ana", Some(2)).await, Claim::TooLate);
    assert_eq!(table.claim(&lead, "ben", Some(1)).await, Claim::NotOffered);
    assert!(matches!(table.claim(&lead, "ben", Some(2)).await, Claim::Won(_)));
    assert_eq!(table.claim(&lead, "ana", Some(1)).await, Claim::Taken);
}

#[tokio::test]
async fn only_who_was_asked_may_claim() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana", "ben"])).await;
    assert_eq!(table.claim(&lead, "ben", None).await, Claim::NotOffered);
    assert_eq!(
        table.claim(&lead, "an", None).await,
        Claim::NotOffered,
        "part of a name is nobody's name"
    );
    assert_eq!(table.claim(&id("lead_nowhere"), "ana", None).await, Claim::Unknown);
}

#[tokio::test]
async fn a_retry_with_the_same_request_hears_the_first_answer() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    for _ in 0..2 {
        let answer = table
            .board
            .claim(&table.entity, &lead, &Claiming::by(&id("ana"), "request-1"))
            .await
            .unwrap();
        assert!(matches!(answer, Claim::Won(_)), "{answer:?}");
    }
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}

#[tokio::test]
async fn the_pool_is_open_to_everybody_who_names_no_round() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    table.at(nine() + minutes(15)).await;
    table.move_on(&lead, &pool()).await;
    let pooled = table.board.pool(&table.entity, None, None, 10).await.unwrap();
    assert!(matches!(&pooled.leads[..], [only] if only.id == lead));

    assert_eq!(
        table.claim(&lead, "ana", Some(1)).await,
        Claim::TooLate,
        "the link was for the offer"
    );
    let answers =
        join_all(["zoe", "ana", "ben"].map(|agent| table.claim(&lead, agent, None))).await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Claim::Won(_))).count(), 1);
    assert!(table.board.pool(&table.entity, None, None, 10).await.unwrap().leads.is_empty());
}

/// Scripts take as many words, and one event about all of them fits the 1 MiB
/// that NATS takes for one message unless it is told otherwise.
#[tokio::test]
async fn five_thousand_agents_are_asked_and_one_has_it() {
    let table = Table::laid().await;
    let names: Vec<String> = (0..5_000).map(|number| format!("agent-{number}")).collect();
    let mut plan = ball(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let considered = |name: &String| Considered {
        agent: id(name),
        verdict: CandidateVerdict::Eligible,
        by: None,
    };
    plan.decision.candidates = names.iter().map(considered).collect();
    let lead = table.place(&plan).await;
    assert!(matches!(table.claim(&lead, &names[4_999], Some(1)).await, Claim::Won(_)));
    assert_eq!(table.claim(&lead, &names[0], Some(1)).await, Claim::Taken);
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}
