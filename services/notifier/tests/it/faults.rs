//! Mail relays that refuse, hang up and dawdle.

use chrono::TimeDelta;
use serde_json::json;
use tipoff_runtime::dead;
use tipoff_testkit::sink::smtp::Fault;

use crate::desk::{Desk, dana};

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_refuses_for_now_gets_the_mail_later_and_once() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.smtp.misbehave(Fault::Temporary);
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.smtp.struck(1).await;
    assert_eq!(desk.count(&lead, "email"), 0);

    desk.smtp.misbehave(None);
    desk.caught(&lead, "email").await;
    notifier.end().await;
    assert_eq!(desk.count(&lead, "email"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_hangs_up_gets_the_mail_again_over_another_connection() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let _notifier = desk.notifier(&[]);
    // So that a connection lies idle in the pool.
    let before = desk.offer(&["ana"], dana()).await;
    desk.caught(&before, "email").await;

    desk.smtp.misbehave(Fault::Cut);
    let lead = desk.offer(&["ana"], dana()).await;
    // Once over the idle connection, once over a new one.
    desk.smtp.struck(2).await;
    desk.smtp.misbehave(None);
    desk.caught(&lead, "email").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_refused_for_good_is_set_aside_with_the_reason_and_can_be_sent_again() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    // Told another way, she keeps the offer.
    desk.browser("ana").await;
    desk.smtp.misbehave(Fault::Permanent);
    let _notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;

    let (place, set_aside) = desk.dead().await;
    assert!(set_aside.error.contains("550 5.1.1"), "{}", set_aside.error);
    assert_eq!(
        (set_aside.stream.as_str(), set_aside.consumer.as_str()),
        ("NOTIFY", "notify-email")
    );
    let told = serde_json::to_string(&set_aside).unwrap();
    assert!(!told.contains("dana@") && !told.contains("5550101"), "{told}");
    let listed = dead::list(&desk.nats, 10, 0).await.unwrap();
    assert_eq!(listed, [(place, set_aside.clone())]);
    assert_eq!(dead::show(&desk.nats, place).await.unwrap(), set_aside);
    assert_eq!(dead::list(&desk.nats, 10, place).await.unwrap(), []);

    desk.smtp.misbehave(None);
    dead::redrive(&desk.nats, place).await.unwrap();
    desk.caught(&lead, "email").await;
    assert_eq!(dead::list(&desk.nats, 10, 0).await.unwrap(), []);
    let again = dead::redrive(&desk.nats, place).await.unwrap_err();
    assert!(matches!(again, dead::DeadError::NotFound { .. }), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_relay_does_not_hold_up_a_push() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.browser("ana").await;
    desk.smtp.misbehave(Fault::Slow);
    let _notifier = desk.notifier(&["--smtp-connections", "1"]);
    let first = desk.offer(&["ana"], dana()).await;
    desk.smtp.struck(1).await;
    let second = desk.offer(&["ana"], dana()).await;

    desk.caught(&first, "push").await;
    desk.caught(&second, "push").await;
    assert_eq!((desk.count(&first, "email"), desk.count(&second, "email")), (0, 0));
    desk.smtp.misbehave(None);
    desk.caught(&first, "email").await;
    desk.caught(&second, "email").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_sent_before_the_deadline_is_set_aside() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.smtp.misbehave(Fault::Temporary);
    let _notifier = desk.notifier(&[]);
    desk.offer_for(&["ana"], TimeDelta::seconds(2), dana()).await;

    let (_, set_aside) = desk.dead().await;
    assert!(
        set_aside.error.contains("no time is left") && set_aside.error.contains("451"),
        "{}",
        set_aside.error
    );
}
