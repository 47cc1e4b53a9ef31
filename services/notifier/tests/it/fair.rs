//! Nobody waits for somebody else's trouble or crowd.

use std::time::Duration;

use serde_json::json;
use tipoff_testkit::sink::smtp::Fault;
use tipoff_wire::Stream;

use crate::desk::{Desk, dana};

#[tokio::test(flavor = "multi_thread")]
async fn one_notice_of_an_entity_goes_before_the_crowd_of_another() {
    let mut desk = Desk::set_up().await;
    let crowd: Vec<String> = (0..200).map(|number| format!("agent{number}")).collect();
    for name in &crowd {
        desk.agent(name, json!({"channels": ["email"]})).await;
    }
    let notifier = desk.notifier(&["--smtp-connections", "2"]);
    desk.smtp.misbehave(Fault::Slow);
    let everybody: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let many = desk.offer(&everybody, dana()).await;
    desk.smtp.struck(2).await;
    desk.turn_to("bree").await;
    desk.agent("ben", json!({"channels": ["email"]})).await;
    let one = desk.offer(&["ben"], dana()).await;
    desk.handed_out(Stream::Notify, "notify-email", 200).await;
    // Each lead has come in and is offered.
    desk.handed_out(Stream::Events, "notifier", 4).await;
    desk.smtp.misbehave(None);

    desk.caught(&one, "email").await;
    let before = desk.count(&many, "email");
    assert!(before < 20, "{before} of the crowd came first");
    let all = |caught: &[_]| (caught.len() == 201).then_some(());
    desk.mailbox.wait_for("everybody's mail", all).await;
    notifier.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_sends_no_more_per_second_than_it_may() {
    let desk = Desk::set_up().await;
    let names: Vec<String> = (0..15).map(|number| format!("agent{number}")).collect();
    for name in &names {
        desk.agent(name, json!({"channels": ["email"]})).await;
    }
    let _notifier = desk.notifier(&["--email-per-second", "5"]);
    let started = std::time::Instant::now();
    desk.offer(&names.iter().map(String::as_str).collect::<Vec<_>>(), dana()).await;
    let all = |caught: &[_]| (caught.len() == 15).then_some(());
    desk.mailbox.wait_for("everybody's mail", all).await;
    // Five at once, and one every 200 ms.
    assert!(started.elapsed() >= Duration::from_millis(1_900), "{:?}", started.elapsed());
}
