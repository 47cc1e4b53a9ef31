//! What needs no detour takes none, and what nobody asks for costs nothing.

use async_nats::jetstream::consumer::{Consumer, pull};
use serde_json::json;
use tipoff_board::{Actor, Claiming};
use tipoff_roster::Expect;
use tipoff_testkit::sink::smtp::Fault;
use tipoff_wire::Stream;

use crate::desk::{Desk, dana, id};

/// Messages that were ever written to it.
async fn written(desk: &Desk, stream: Stream) -> u64 {
    let mut stream = desk.nats.jetstream.get_stream(stream.name()).await.unwrap();
    stream.info().await.unwrap().state.last_sequence
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_delivered_right_away_where_its_channel_has_a_turn() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.browser("ana").await;
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.caught(&lead, "email").await;
    desk.caught(&lead, "push").await;
    notifier.end().await;
    assert_eq!((desk.count(&lead, "email"), desk.count(&lead, "push")), (1, 1));
    assert_eq!(written(&desk, Stream::Notify).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_notices_and_those_that_did_not_work_wait_in_their_channels_line() {
    let desk = Desk::set_up().await;
    let names: Vec<String> = (0..9).map(|number| format!("agent{number}")).collect();
    for name in &names {
        desk.agent(name, json!({"channels": ["email"]})).await;
    }
    let notifier = desk.notifier(&[]);
    desk.offer(&names.iter().map(String::as_str).collect::<Vec<_>>(), dana()).await;
    desk.mailbox.wait_for("nine mails", |caught| (caught.len() == 9).then_some(())).await;
    assert_eq!(written(&desk, Stream::Notify).await, 9);

    desk.smtp.misbehave(Fault::Temporary);
    let lead = desk.offer(&["agent0"], dana()).await;
    desk.smtp.struck(1).await;
    desk.handed_out(Stream::Notify, "notify-email", 10).await;
    desk.smtp.misbehave(None);
    desk.caught(&lead, "email").await;
    notifier.end().await;
    assert_eq!((desk.count(&lead, "email"), written(&desk, Stream::Notify).await), (1, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_answers_nothing_holds_up_neither_events_nor_other_channels() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["email"]})).await;
    desk.agent("ben", json!({"channels": ["push"]})).await;
    desk.browser("ben").await;
    desk.smtp.misbehave(Fault::Slow);
    let _notifier = desk.notifier(&["--smtp-connections", "1"]);
    for _ in 0..50 {
        desk.offer(&["ana"], dana()).await;
    }
    desk.smtp.struck(1).await;
    // Three are at the relay's door; all others wait where they are in nobody's way.
    desk.handed_out(Stream::Notify, "notify-email", 47).await;
    let lead = desk.offer(&["ben"], dana()).await;
    desk.caught(&lead, "push").await;
    desk.smtp.misbehave(None);
}

/// The consumer that reads the log for endpoints, if it is there.
async fn reader(desk: &Desk) -> Option<Consumer<pull::Config>> {
    let stream = desk.nats.jetstream.get_stream(Stream::Events.name()).await.unwrap();
    stream.get_consumer("webhooks").await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_for_endpoints_only_while_there_are_any() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let notifier = desk.notifier(&["--webhooks-inside"]);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.caught(&lead, "email").await;
    assert!(reader(&desk).await.is_none());

    let sink = crate::webhook::sink().await;
    let hook = crate::webhook::endpoint(&desk, "hook_1", &sink, &["lead.claimed"]).await;
    desk.board.claim(&desk.entity, &lead, &Claiming::by(&id("ana"), "claim")).await.unwrap();
    sink.told_of(1).await;
    assert!(reader(&desk).await.is_some());

    desk.roster.delete_webhook(&desk.entity, &hook, Expect::Anything).await.unwrap();
    let gone = async {
        while reader(&desk).await.is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::desk::PATIENCE, gone).await.expect("it goes with the endpoint");
    desk.board.close(&desk.entity, &lead, &Actor::Admin, None, false, "close").await.unwrap();
    notifier.end().await;
    assert_eq!(sink.told().len(), 1);
}
