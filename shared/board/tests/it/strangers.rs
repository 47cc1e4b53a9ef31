//! What does not belong together stays apart.

use std::time::Duration;

use chrono::TimeDelta;
use redis::AsyncCommands;
use tipoff_board::{Actor, Assign, Claim, Claiming, Known, Pass, Passing, Placed, Return};
use tipoff_domain::EntityId;
use tipoff_domain::standing::State;
use tipoff_wire::{Accepted, Partition};

use crate::fixture::{PARTITIONS, Table, accepted, ball, id, minutes, nine, pool, turn};

/// Its neighbours in the same partition share every key but two with it.
fn neighbour(table: &Table) -> EntityId {
    let mut names = (0..).map(|number| id::<EntityId>(&format!("other{number}")));
    names.find(|name| Partition::of(name, PARTITIONS) == table.partition()).unwrap()
}

/// D-38: entities of one partition share its keys, and nothing else.
#[tokio::test]
async fn nobody_touches_a_lead_of_another_entity() {
    let table = Table::laid().await;
    let (offered, pooled) = (table.place(&ball(&["ana", "ben"])).await, table.place(&pool()).await);
    let (board, other, ana) = (&table.board, neighbour(&table), id("ana"));
    for lead in [&offered, &pooled] {
        assert_eq!(
            board.claim(&other, lead, &Claiming::by(&ana, "")).await.unwrap(),
            Claim::Unknown
        );
        assert_eq!(board.pass(&other, lead, &Passing::by(&ana, "")).await.unwrap(), Pass::Unknown);
        let given = board.assign(&other, lead, &ana, &Actor::Admin, "").await.unwrap();
        assert_eq!(given, Assign::Unknown);
        let returned = board.give_back(&other, lead, &Actor::Admin, None, "", &[]).await.unwrap();
        assert_eq!(returned, Return::Unknown);
    }
    assert_eq!(table.lead(&offered).await.version, 2, "nothing changed");
    assert_eq!(table.board.pool(&table.entity, None, None, 10).await.unwrap().leads.len(), 1);
}

fn with_phone(lead: &str, phone: &str) -> Accepted {
    let mut accepted = accepted(lead, "");
    accepted.lead.emails.clear();
    accepted.lead.phones = vec![phone.to_owned()];
    accepted
}

/// D-30: an E.164 number tells who somebody is, what could not be read does not.
#[tokio::test]
async fn people_who_wrote_call_me_for_a_number_are_not_one_person() {
    let table = Table::laid().await;
    let known = Known::Attach { sticky: TimeDelta::days(90) };
    let plan = turn(&["ana", "ben"]);
    for (lead, phone) in
        [("lead_a", "call me"), ("lead_b", "n/a"), ("lead_c", "12"), ("lead_d", "12")]
    {
        let placed = table.board.place(&with_phone(lead, phone), &plan, known).await.unwrap();
        assert_eq!(placed, Placed::New, "{phone}");
    }
    let read = with_phone("lead_e", "+15125550101");
    assert_eq!(table.board.place(&read, &plan, known).await.unwrap(), Placed::New);
    let again = with_phone("lead_f", "+1 (512) 555-0101");
    let attached = table.board.place(&again, &plan, known).await.unwrap();
    assert_eq!(attached, Placed::Attached(id("lead_e")));
}

#[tokio::test]
async fn who_comes_second_to_a_pooled_lead_hears_that_it_is_taken() {
    let table = Table::laid().await;
    let lead = table.place(&pool()).await;
    assert!(matches!(table.claim(&lead, "ana", None).await, Claim::Won(_)));
    assert_eq!(table.claim(&lead, "ben", None).await, Claim::Taken);
    assert_eq!(table.claim(&lead, "ben", Some(1)).await, Claim::NotOffered);
}

#[tokio::test]
async fn a_plan_without_anybody_to_pick_leaves_the_lead_in_the_pool() {
    let table = Table::laid().await;
    for plan in [turn(&["-ana"]), ball(&[]), ball(&["-ana"])] {
        let lead = table.place(&plan).await;
        assert_eq!(table.lead(&lead).await.now_is.state, State::Pooled);
        assert_eq!(table.history(&lead).await, ["lead.received", "lead.pooled"]);
    }
    let lead = table.place(&turn(&["ana"])).await;
    table.at(nine() + minutes(15)).await;
    table.move_on(&lead, &crate::fixture::next(&[])).await;
    assert_eq!(table.lead(&lead).await.now_is.state, State::Pooled);
}

/// A lead that this build cannot read must not keep the others waiting.
#[tokio::test]
async fn a_lead_that_cannot_be_read_holds_up_nobody_else() {
    let table = Table::laid().await;
    let (bad, good) = (table.place(&turn(&["ana"])).await, table.place(&turn(&["ana"])).await);
    let key = |lead: &_| format!("{{p{}}}:lead:{lead}", table.partition());
    let () = table.redis.clone().hset(key(&bad), "state", "of_a_later_release").await.unwrap();
    table.at(nine() + minutes(15)).await;
    let due = table.board.sweep(table.partition()).await.unwrap().due;
    assert_eq!(due.len(), 2);
    let found = table.board.leads_due(table.partition(), &due).await.unwrap();
    let read: Vec<_> = found.into_iter().filter_map(Result::ok).map(|lead| lead.id).collect();
    assert_eq!(read, std::slice::from_ref(&good));
    let listed = table.board.offers_to(&table.entity, &id("ana")).await.unwrap();
    assert_eq!(listed.into_iter().map(|lead| lead.id).collect::<Vec<_>>(), [good]);
    assert!(table.board.lead(&table.entity, &bad).await.is_err(), "whoever asks for it hears why");
}

/// What a person wrote is not in what the log of the program says about it.
#[tokio::test]
async fn an_error_about_a_payload_does_not_repeat_it() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    let key = format!("{{p{}}}:payload:{lead}", table.partition());
    let body = r#"{"emails": "dana@example.com"}"#;
    let () = table.redis.clone().set(key, body).await.unwrap();
    let error = table.board.lead(&table.entity, &lead).await.unwrap_err();
    assert!(!error.to_string().contains("dana"), "{error}");
}

/// While Redis is away or recovers, waiting helps; not where a script fails.
#[tokio::test]
async fn what_redis_says_tells_whether_waiting_helps() {
    let table = Table::laid().await;
    let lead = table.place(&turn(&["ana"])).await;
    let mut redis = table.redis.clone();
    let set = |limit: &str| {
        let mut config = redis::cmd("CONFIG");
        config.arg("SET").arg("maxmemory").arg(limit);
        config
    };
    let () = set("1").query_async(&mut redis).await.unwrap();
    let full =
        table.board.claim(&table.entity, &lead, &Claiming::by(&id("ana"), "")).await.unwrap_err();
    assert!(full.will_pass(), "{full:?}");
    let () = set("0").query_async(&mut redis).await.unwrap();
    assert_eq!(table.lead(&lead).await.version, 2, "nothing was written");

    let key = format!("{{p{}}}:lead:{lead}", table.partition());
    let () = redis.set(key, "no hash").await.unwrap();
    let broken =
        table.board.claim(&table.entity, &lead, &Claiming::by(&id("ana"), "")).await.unwrap_err();
    assert!(!broken.will_pass(), "{broken:?}");
}

/// An event that cannot be read stays where it is, and the others are shipped.
#[tokio::test]
async fn an_event_that_cannot_be_shipped_holds_up_no_other() {
    let mut table = Table::laid().await;
    let outbox = format!("{{p{}}}:outbox", table.partition());
    let nothing = [("type", "of a later release")];
    let _: String = table.redis.clone().xadd(&outbox, "1-1", &nothing).await.unwrap();
    let lead = table.place(&turn(&["ana"])).await;
    table.nats_server.kill().await;
    table.board.claim(&table.entity, &lead, &Claiming::by(&id("ana"), "")).await.unwrap_err();
    table.nats_server.restart().await.unwrap();

    let now = table.board.time(&table.entity).await.unwrap();
    let shipped = async {
        while table.board.sweep(table.partition()).await.unwrap().unsent > 1 {
            table.board.relay(table.partition(), Duration::ZERO, now).await.unwrap_err();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), shipped).await.unwrap();
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}
