//! Redis forgets what it had acknowledged, at the worst moments; and many
//! change one lead at once. The log has one story all the same.

use std::process::Command;

use futures::{StreamExt, stream};
use redis::AsyncCommands;
use tipoff_board::{BoardError, Claim, Claiming, Known, Pass, Passing, Placed};
use tipoff_domain::plan::{Otherwise, Plan, Then};
use tipoff_domain::standing::State;
use tipoff_domain::{Decision, LeadId};
use tipoff_wire::subject;

use crate::fixture::{Table, accepted, ball, id, minutes, nine, pool, turn};

/// A lead and the outbox as Redis had them at one moment.
struct Moment(Vec<(String, Vec<u8>)>);

impl Moment {
    async fn of(table: &Table, lead: &LeadId) -> Self {
        let partition = table.partition();
        let mut kept = Vec::new();
        for key in [format!("{{p{partition}}}:lead:{lead}"), format!("{{p{partition}}}:outbox")] {
            let mut dump = redis::cmd("DUMP");
            let value = dump.arg(&key).query_async(&mut table.redis.clone()).await.unwrap();
            kept.push((key, value));
        }
        Self(kept)
    }

    /// Redis is back there.
    async fn again(&self, table: &Table) {
        for (key, value) in &self.0 {
            let mut restore = redis::cmd("RESTORE");
            restore.arg(key).arg(0).arg(value).arg("REPLACE");
            let () = restore.query_async(&mut table.redis.clone()).await.unwrap();
        }
    }
}

/// The log stands still; or goes on.
fn signal(table: &Table, signal: &str) {
    let pid = table.nats_server.pid().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

async fn until_it_is(table: &Table, lead: &LeadId, state: &str) {
    let key = format!("{{p{}}}:lead:{lead}", table.partition());
    loop {
        let is: Option<String> = table.redis.clone().hget(&key, "state").await.unwrap();
        if is.as_deref() == Some(state) {
            return;
        }
    }
}

/// What the agent hears in the end, when the board has caught up with the log.
async fn claim_in_the_end(table: &Table, lead: &LeadId, agent: &str) -> Claim {
    loop {
        match table
            .board
            .claim(&table.entity, lead, &Claiming::by(&id(agent), "").in_round(Some(1)))
            .await
        {
            Err(BoardError::Recovering { .. }) => {}
            heard => return heard.unwrap(),
        }
    }
}

/// Redis fails over while a claim is on its way to the log: the replica that
/// takes over never heard of it, and hears first that it was committed.
#[tokio::test]
async fn a_claim_that_redis_forgets_while_it_is_committed_is_still_the_only_one() {
    let table = Table::laid().await;
    let lead = table.place(&ball(&["ana", "ben"])).await;
    let before = Moment::of(&table, &lead).await;

    signal(&table, "-STOP");
    let (board, entity, claimed) = (table.board.clone(), table.entity.clone(), lead.clone());
    let ana = tokio::spawn(async move {
        board.claim(&entity, &claimed, &Claiming::by(&id("ana"), "").in_round(Some(1))).await
    });
    until_it_is(&table, &lead, "assigned").await;
    before.again(&table).await;
    signal(&table, "-CONT");
    assert!(matches!(ana.await.unwrap().unwrap(), Claim::Won(_)));

    assert_eq!(claim_in_the_end(&table, &lead, "ben").await, Claim::Taken);
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
    assert_eq!(table.lead(&lead).await.now_is.agent, Some(id("ana")));
}

/// Redis comes back as it was before the offer was settled, after a claim, and
/// so late that JetStream has forgotten the ids of all three.
#[tokio::test]
async fn shipping_an_old_event_again_does_not_hide_what_followed_it() {
    let table = Table::laid().await;
    forget_ids_at_once(&table).await;
    // Whoever comes first makes sure that the board has what the log has.
    table.board.ready(&table.entity).await.unwrap();
    signal(&table, "-STOP");
    let (board, new) = (table.board.clone(), accepted("lead_0", "dana@example.com"));
    let lead = new.id.clone();
    let placed =
        tokio::spawn(async move { board.place(&new, &ball(&["ana", "ben"]), Known::Ignore).await });
    until_it_is(&table, &lead, "offered").await;
    let before = Moment::of(&table, &lead).await;
    signal(&table, "-CONT");
    assert_eq!(placed.await.unwrap().unwrap(), Placed::New);
    assert!(matches!(table.claim(&lead, "ana", Some(1)).await, Claim::Won(_)));
    before.again(&table).await;
    until_ids_are_forgotten(&table).await;

    let now = table.board.time(&table.entity).await.unwrap();
    table.board.relay(table.partition(), std::time::Duration::ZERO, now).await.unwrap();
    assert_eq!(claim_in_the_end(&table, &lead, "ben").await, Claim::Taken);
    assert_eq!(table.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}

async fn forget_ids_at_once(table: &Table) {
    let jetstream = table.jetstream().await;
    let mut events = jetstream.get_stream("EVENTS").await.unwrap();
    let mut config = events.info().await.unwrap().config.clone();
    config.duplicate_window = std::time::Duration::from_millis(100);
    jetstream.update_stream(config).await.unwrap();
}

/// Whatever was published before this is not recognised any more.
async fn until_ids_are_forgotten(table: &Table) {
    let jetstream = table.jetstream().await;
    loop {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Msg-Id", "probe");
        let sent = jetstream.publish_with_headers("events.0.nobody.probe", headers, "".into());
        let sequence = sent.await.unwrap().await.unwrap();
        if !sequence.duplicate && sequence.sequence > 4 {
            return;
        }
    }
}

/// Each is on the way to the log while the next one comes, and ships what the
/// one before has not settled yet.
#[tokio::test]
async fn agents_who_pass_in_a_stream_are_all_heard() {
    let table = Table::laid().await;
    let names: Vec<String> = (0..120).map(|number| format!("agent{number}")).collect();
    let lead = table.place(&ball(&names.iter().map(String::as_str).collect::<Vec<_>>())).await;
    let agents: Vec<_> = names.iter().map(|name| id(name)).collect();
    let passings: Vec<_> =
        agents.iter().map(|agent| Passing { round: Some(1), ..Passing::by(agent, "") }).collect();
    let passes = passings.iter().map(|passing| table.board.pass(&table.entity, &lead, passing));
    let heard: Vec<_> = stream::iter(passes).buffer_unordered(3).collect().await;
    for heard in heard {
        assert_eq!(heard.unwrap(), Pass::Passed);
    }
    let now_is = table.lead(&lead).await.now_is;
    assert_eq!((now_is.state, now_is.pending.len(), now_is.tried.len()), (State::Offered, 0, 120));
    assert_eq!(table.history(&lead).await.len(), 122);
}

/// The repeated inquiry of a person is an event with a payload of its own.
#[tokio::test]
async fn a_repair_from_an_inquiry_leaves_the_lead_as_it_was_sent() {
    let table = Table::laid().await;
    let known = Known::Attach { sticky: chrono::TimeDelta::days(90) };
    let first = accepted("lead_one", "dana@example.com");
    let mut second = accepted("lead_two", "dana@example.com");
    second.lead.message = Some("Still there?".to_owned());
    table.board.place(&first, &ball(&["ana", "ben"]), known).await.unwrap();
    let before = Moment::of(&table, &first.id).await;
    let attached = table.board.place(&second, &ball(&["ana"]), known).await.unwrap();
    assert_eq!(attached, Placed::Attached(first.id.clone()));
    before.again(&table).await;

    assert!(matches!(claim_in_the_end(&table, &first.id, "ana").await, Claim::Won(_)));
    let lead = table.lead(&first.id).await;
    assert_eq!((lead.now_is.inquiries, lead.lead.message), (2, None));
}

/// The second delivery of an inquiry is only done with when the first one's event is in the log.
#[tokio::test]
async fn an_inquiry_delivered_again_waits_for_its_event() {
    let mut table = Table::laid().await;
    let known = Known::Attach { sticky: chrono::TimeDelta::days(90) };
    let (first, second) =
        (accepted("lead_one", "dana@example.com"), accepted("lead_two", "dana@example.com"));
    table.board.place(&first, &ball(&["ana"]), known).await.unwrap();
    table.nats_server.kill().await;
    table.board.place(&second, &ball(&["ana"]), known).await.unwrap_err();
    table.nats_server.restart().await.unwrap();
    let again = loop {
        if let Ok(placed) = table.board.place(&second, &ball(&["ana"]), known).await {
            break placed;
        }
    };
    assert_eq!(again, Placed::Attached(first.id.clone()));
    assert_eq!(table.history(&first.id).await, ["lead.received", "lead.offered", "lead.duplicate"]);
}

/// JetStream gives so many bytes at a time, and says when there are more.
#[tokio::test]
async fn a_long_story_is_read_to_its_end() {
    let table = Table::laid().await;
    let lead = table.place(&ball(&["ana"])).await;
    let mut large = table.board.timeline(&table.entity, &lead).await.unwrap().remove(0);
    large.payload = Some(serde_json::json!({ "message": "x".repeat(900_000) }));
    let body = serde_json::to_string(&large).unwrap();
    let (jetstream, partition) = (table.jetstream().await, table.partition());
    for _ in 0..80 {
        let subject = format!("events.{partition}.acme.{lead}");
        jetstream.publish(subject, body.clone().into()).await.unwrap().await.unwrap();
    }
    assert_eq!(table.board.timeline(&table.entity, &lead).await.unwrap().len(), 82);
}

/// The last event of the lead never reached the log.
async fn lose_the_last_event(table: &Table, lead: &LeadId) {
    let log = table.jetstream().await.get_stream("EVENTS").await.unwrap();
    let subject = subject::events(table.partition(), &table.entity, lead);
    let last = log.get_last_raw_message_by_subject(&subject).await.unwrap();
    assert!(log.delete_message(last.sequence).await.unwrap());
}

/// A router dies between the two events of one script, and Redis is emptied: the
/// source was told "accepted", so it goes its way when it is delivered again.
#[tokio::test]
async fn a_lead_of_which_only_its_coming_in_is_left_goes_on_when_it_is_delivered_again() {
    let table = Table::laid().await;
    let known = Known::Attach { sticky: chrono::TimeDelta::days(90) };
    let held = Plan { then: Then::Hold(Otherwise::NotAutomatic), decision: Decision::default() };
    let all = [
        (accepted("lead_one", "dana@example.com"), turn(&["ana", "ben"]), "lead.offered"),
        (accepted("lead_two", "eli@example.com"), pool(), "lead.pooled"),
        (accepted("lead_three", "fay@example.com"), held, "lead.held"),
    ];
    for (lead, plan, _) in &all {
        assert_eq!(table.board.place(lead, plan, known).await.unwrap(), Placed::New);
        lose_the_last_event(&table, &lead.id).await;
    }
    let () = redis::cmd("FLUSHALL").query_async(&mut table.redis.clone()).await.unwrap();
    table.board.ready(&table.entity).await.unwrap();
    table.at(nine() + minutes(5)).await;

    let is_there = async |lead: &LeadId| {
        table.board.known(&[(table.partition(), lead.clone())]).await.unwrap()[0].is_there
    };
    for (lead, plan, event) in &all {
        let before = table.lead(&lead.id).await;
        assert_eq!((before.version, before.now_is.state), (1, State::Held));
        assert!(!is_there(&lead.id).await, "whoever looks for overlooked leads finds it");
        assert_eq!(table.board.place(lead, plan, known).await.unwrap(), Placed::New);
        assert_eq!(table.history(&lead.id).await, ["lead.received", *event]);
        let after = table.lead(&lead.id).await;
        assert_eq!(after.now_is.t0, before.now_is.t0, "it came in when it did (D-2)");
        assert_eq!(after.lead, before.lead);
        assert!(is_there(&lead.id).await);
        assert_eq!(table.board.place(lead, plan, known).await.unwrap(), Placed::Known);
    }
    assert_eq!(table.asked(&all[0].0.id).await, ["ana"]);
    assert_eq!(table.board.verify(false, &mut |_| {}).await.unwrap().1, []);
}
