use std::time::Duration;

use chrono::TimeDelta;
use futures::StreamExt;
use redis::AsyncCommands;
use tipoff_board::{Actor, BoardError, Claim, Claiming, Known, Placed};
use tipoff_domain::plan::{How, Pick};
use tipoff_wire::Accepted;
use tipoff_wire::event::State;
use tokio::time::timeout;

use crate::fixture::{Table, accepted, ball, id, step};

/// A key as it was at some moment.
struct Copy {
    key: String,
    was: Vec<u8>,
}

impl Copy {
    async fn of(table: &Table, name: &str) -> Self {
        let key = format!("{{p{}}}:{name}", table.partition());
        let mut dump = redis::cmd("DUMP");
        let was = dump.arg(&key).query_async(&mut table.redis.clone()).await.unwrap();
        Self { key, was }
    }

    async fn put_back(self, table: &Table) {
        let mut restore = redis::cmd("RESTORE");
        restore.arg(self.key).arg(0).arg(self.was).arg("REPLACE");
        let () = restore.query_async(&mut table.redis.clone()).await.unwrap();
    }
}

/// Redis comes back without its last writes, and another agent claims: the log
/// has the first claim, so the first agent keeps the lead.
#[tokio::test]
async fn a_board_that_forgot_a_claim_is_repaired_and_nobody_wins_twice() {
    let table = Table::laid().await;
    let lead = table.place(&ball(&["ana", "ben"])).await;
    let before = Copy::of(&table, &format!("lead:{lead}")).await;
    assert!(matches!(table.claim(&lead, "ana", Some(1)).await, Claim::Won(_)));
    before.put_back(&table).await;

    let second = table
        .board
        .claim(&table.entity, &lead, &Claiming::by(&id("ben"), "").in_round(Some(1)))
        .await;
    assert!(matches!(second, Err(BoardError::Recovering { .. })), "{second:?}");
    assert_eq!(table.claim(&lead, "ben", Some(1)).await, Claim::Taken);
    assert!(matches!(table.claim(&lead, "ana", Some(1)).await, Claim::AlreadyYours(_)));

    let now_is = table.lead(&lead).await.now_is;
    assert_eq!((now_is.state, now_is.agent), (State::Assigned, Some(id("ana"))));
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
    let unsent: usize =
        table.redis.clone().xlen(format!("{{p{}}}:outbox", table.partition())).await.unwrap();
    assert_eq!(unsent, 0, "what the board believed beyond the log is dropped");
    let taken = table.members("taken").await;
    assert!(
        matches!(&taken[..], [one] if one.starts_with("acme|ana|")),
        "limits count it: {taken:?}"
    );
}

/// Redis comes back without knowing that a lead was worth nothing.
#[tokio::test]
async fn what_was_worth_nothing_counts_no_more_after_it_is_repaired() {
    let table = Table::laid().await;
    let lead = table.place(&step(Pick::Turn, &["ana"], Some(How::Direct))).await;
    let (before, counted) =
        (Copy::of(&table, &format!("lead:{lead}")).await, Copy::of(&table, "taken").await);
    table.board.credit(&table.entity, &lead, &Actor::Admin, None, "").await.unwrap();
    assert!(table.members("taken").await.is_empty());
    before.put_back(&table).await;
    counted.put_back(&table).await;
    assert!(table.board.recover(&table.entity, &lead).await.unwrap());
    assert!(table.lead(&lead).await.now_is.credited);
    assert!(table.members("taken").await.is_empty(), "{:?}", table.members("taken").await);
}

/// What was given and taken back counts all the same (D-21).
#[tokio::test]
async fn all_who_were_given_a_lead_are_counted_after_it_is_repaired() {
    let table = Table::laid().await;
    let lead = table.place(&step(Pick::Turn, &["ana"], Some(How::Direct))).await;
    let before = Copy::of(&table, &format!("lead:{lead}")).await;
    let counted = table.members("taken").await;
    assert_eq!(counted.len(), 1);
    table.board.give_back(&table.entity, &lead, &Actor::Admin, None, "", &[]).await.unwrap();
    before.put_back(&table).await;
    assert!(table.board.recover(&table.entity, &lead).await.unwrap());
    assert_eq!(table.members("taken").await, counted);
}

/// While the board does not know that its lead was claimed, the person comes again.
#[tokio::test]
async fn an_inquiry_on_a_lead_that_the_log_knows_otherwise_comes_again_and_is_not_lost() {
    let table = Table::laid().await;
    let sticky = TimeDelta::days(1);
    let attach = Known::Attach { sticky };
    let (first, second) = (by_dana("first"), by_dana("second"));
    let plan = ball(&["ana", "ben"]);
    table.board.place(&first, &plan, attach).await.unwrap();
    let before = Copy::of(&table, &format!("lead:{}", first.id)).await;
    assert!(matches!(table.claim(&first.id, "ana", Some(1)).await, Claim::Won(_)));
    before.put_back(&table).await;

    let lost = table.board.place(&second, &plan, attach).await;
    assert!(matches!(lost, Err(BoardError::Recovering { .. })), "{lost:?}");
    assert!(table.board.lead(&table.entity, &second.id).await.unwrap().is_none());
    // It is delivered again.
    let placed = table.board.place(&second, &plan, attach).await.unwrap();
    assert_eq!(placed, Placed::Returning(id("ana")));
    let settled = Known::Settled { sticky };
    assert_eq!(table.board.place(&second, &plan, settled).await.unwrap(), Placed::New);
    assert_eq!(table.history(&second.id).await, ["lead.received", "lead.offered"]);
    assert_eq!(table.history(&first.id).await, ["lead.received", "lead.offered", "lead.claimed"]);
    assert_eq!(table.board.verify(false, &mut |_| ()).await.unwrap().1, []);
}

fn by_dana(lead: &str) -> Accepted {
    accepted(lead, "dana@example.com")
}

/// The PubAck was lost: the event is in the log, the board does not know.
#[tokio::test]
async fn an_event_whose_answer_was_lost_is_recognised_as_ours() {
    let table = Table::laid().await;
    let lead = table.place(&ball(&["ana", "ben"])).await;
    let partition = table.partition();
    let (key, outbox) =
        (format!("{{p{partition}}}:lead:{lead}"), format!("{{p{partition}}}:outbox"));
    let mut redis = table.redis.clone();
    let sequence: u64 = redis.hget(&key, "seq").await.unwrap();
    let () = redis.hset(&key, "seq", sequence - 1).await.unwrap();
    let offered = table.board.timeline(&table.entity, &lead).await.unwrap().pop().unwrap();

    // Put the entry back as it was before it was settled.
    let entry = offered.id.split_once('-').unwrap().1.to_owned();
    let fields = [
        ("type", "lead.offered".to_owned()),
        ("lead", lead.to_string()),
        ("at", offered.at.timestamp_millis().to_string()),
        ("picked_by", "turn".to_owned()),
        ("decision", "{}".to_owned()),
        ("new_tags", "[\"portal\"]".to_owned()),
        ("agents", "ana,ben".to_owned()),
    ];
    let state: Vec<(String, String)> = redis.hgetall(&key).await.unwrap();
    let snapshot = state.into_iter().filter(|(field, _)| field != "seq" && field != "unsent");
    let mut add = redis::cmd("XADD");
    // Stream ids only go up, so the stream begins anew.
    let () = redis.del(&outbox).await.unwrap();
    let words = fields.into_iter().map(|(field, value)| (field.to_owned(), value)).chain(snapshot);
    let words: Vec<String> = words.flat_map(|(field, value)| [field, value]).collect();
    add.arg(&outbox).arg(&entry).arg("event").arg(words.join("\u{1f}"));
    let () = add.query_async(&mut redis).await.unwrap();
    let () = redis.hset(&key, "unsent", &entry).await.unwrap();

    assert!(matches!(table.claim(&lead, "ana", Some(1)).await, Claim::Won(_)));
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}

/// Whoever answers directly may be a server that does not have the last events yet.
#[tokio::test]
async fn an_empty_board_asks_the_leader_where_the_log_ends() {
    let table = Table::laid().await;
    let lead = table.place(&ball(&["ana"])).await;
    let listener = async_nats::connect(table.nats_server.url()).await.unwrap();
    let mut asked = listener.subscribe("$JS.API.STREAM.MSG.GET.EVENTS").await.unwrap();
    listener.flush().await.unwrap();
    let () = redis::cmd("FLUSHALL").query_async(&mut table.redis.clone()).await.unwrap();
    assert_eq!(table.asked(&lead).await, ["ana"]);
    let first = timeout(Duration::from_secs(5), asked.next()).await.expect("it was asked");
    assert!(first.is_some());
}
