//! What became of notices.

use chrono::TimeDelta;
use redis::AsyncCommands;
use serde_json::json;
use tipoff_board::{Actor, Erase};
use tipoff_domain::{LeadId, Notified};

use crate::fixture::{Table, nine, turn};

const WEEK: i64 = 7 * 86_400;

fn notice(after: i64, agent: &str, channel: &str, became: &str, why: Option<&str>) -> Notified {
    let noted = json!({"at": nine() + TimeDelta::seconds(after), "agent": agent, "channel": channel, "about": "offer", "round": 1,
        "became": became, "why": why});
    serde_json::from_value(noted).unwrap()
}

async fn note(table: &Table, noted: &[(&LeadId, &Notified)]) {
    let noted: Vec<_> = noted
        .iter()
        .map(|(lead, notice)| (table.entity.clone(), (*lead).clone(), (*notice).clone()))
        .collect();
    table.board.note_notices(&noted).await.unwrap();
}

#[tokio::test]
async fn of_each_notice_the_latest_is_kept_for_a_week() {
    let table = Table::laid().await;
    let (one, other) = (table.place(&turn(&["ana"])).await, table.place(&turn(&["ben"])).await);
    let tried = notice(1, "ana", "email", "retried", Some("451 come again | later"));
    let (push, sent) =
        (notice(2, "ana", "push", "sent", None), notice(3, "ana", "email", "sent", None));
    let bens = notice(1, "ben", "in_app", "failed", Some("451 come again | later"));
    note(&table, &[(&one, &tried), (&other, &bens), (&one, &push)]).await;
    assert_eq!(table.board.notices(&table.entity, &one).await.unwrap(), [tried, push.clone()]);
    note(&table, &[(&one, &sent)]).await;
    assert_eq!(table.board.notices(&table.entity, &one).await.unwrap(), [push, sent]);
    assert_eq!(table.board.notices(&table.entity, &other).await.unwrap(), [bens]);

    let mut redis = table.redis.clone();
    let keys: Vec<String> = redis.keys("*notices:*").await.unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let left: i64 = redis.ttl(&key).await.unwrap();
        assert!((WEEK - 60..=WEEK).contains(&left), "{key} is kept for {left} s");
    }
}

#[tokio::test]
async fn what_became_of_notices_goes_with_the_person() {
    let table = Table::laid().await;
    let (lead, stays) = (table.place(&turn(&["ana"])).await, table.place(&turn(&["ana"])).await);
    let sent = notice(1, "ana", "email", "sent", None);
    note(&table, &[(&lead, &sent), (&stays, &sent)]).await;
    let erased = table.board.erase(&table.entity, &lead, &Actor::Admin, "").await.unwrap();
    assert!(matches!(erased, Erase::Erased(_)), "{erased:?}");
    assert_eq!(table.board.notices(&table.entity, &lead).await.unwrap(), []);
    assert_eq!(
        table.board.notices(&table.entity, &stays).await.unwrap(),
        std::slice::from_ref(&sent)
    );

    // A notifier had one more in hand; it is gone with what the streams keep.
    note(&table, &[(&lead, &sent)]).await;
    table.board.forget(&table.entity, &lead).await.unwrap();
    assert_eq!(table.board.notices(&table.entity, &lead).await.unwrap(), []);
}
