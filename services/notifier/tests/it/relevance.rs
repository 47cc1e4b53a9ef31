//! Only what is still worth telling is told, and only to whom it concerns.

use chrono::TimeDelta;
use serde_json::json;
use tipoff_board::{Actor, Claim, Claiming, Passing};
use tipoff_domain::plan::How;
use tipoff_runtime::{Clock, dead};
use tipoff_wire::notice::What;
use tipoff_wire::{Notice, subject};

use crate::desk::{Desk, dana, id};

/// With one of everything, notices are begun in the order of their events: when
/// a later one was sent and the notifier has ended, the earlier ones are settled.
pub(crate) const ONE_AT_A_TIME: [&str; 4] =
    ["--smtp-connections", "1", "--notifier-in-flight", "1"];

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_was_claimed_meanwhile_is_not_told() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.agent("ben", json!({})).await;
    let over = desk.offer(&["ana", "ben"], dana()).await;
    let claimed =
        desk.board.claim(&desk.entity, &over, &Claiming::by(&id("ana"), "claim")).await.unwrap();
    assert!(matches!(claimed, Claim::Won(_)), "{claimed:?}");
    let open = desk.offer(&["ana"], dana()).await;

    let notifier = desk.notifier(&ONE_AT_A_TIME);
    desk.caught(&open, "email").await;
    notifier.end().await;
    assert_eq!(desk.count(&over, "email"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_the_agent_passed_on_is_not_told_but_the_others_are() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.agent("ben", json!({})).await;
    let lead = desk.offer(&["ana", "ben"], dana()).await;
    desk.board.pass(&desk.entity, &lead, &Passing::by(&id("ana"), "pass")).await.unwrap();
    let next = desk.offer(&["ana"], dana()).await;

    let notifier = desk.notifier(&ONE_AT_A_TIME);
    desk.caught(&next, "email").await;
    assert_eq!(desk.caught(&lead, "email").await.to, "ben@example.com");
    notifier.end().await;
    assert_eq!(desk.count(&lead, "email"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_of_an_earlier_round_or_a_past_deadline_is_not_told() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let lead = desk.offer(&["ana"], dana()).await;
    let stands = desk.board.lead(&desk.entity, &lead).await.unwrap().unwrap().now_is;
    let (round, until) = (stands.round, stands.until.unwrap());
    let notice = |round, until| Notice {
        channel: tipoff_domain::Channel::Email,
        entity: desk.entity.clone(),
        lead: lead.clone(),
        agent: id("ana"),
        what: What::Offer { round, until, route: None, restored: None },
        over: Vec::new(),
    };
    let past = stands.received_at - TimeDelta::seconds(1);
    for stale in [notice(round - 1, until), notice(round, past)] {
        let subject = subject::notify(stale.channel, &stale.entity);
        let body = serde_json::to_vec(&stale).unwrap();
        desk.nats.jetstream.publish(subject, body.into()).await.unwrap().await.unwrap();
    }

    let next = desk.offer(&["ana"], dana()).await;

    let notifier = desk.notifier(&ONE_AT_A_TIME);
    desk.caught(&next, "email").await;
    notifier.end().await;
    assert_eq!(desk.count(&lead, "email"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_that_was_undone_is_not_told() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.agent("ben", json!({})).await;
    let lead = desk.offer(&["ana"], dana()).await;
    for agent in ["ana", "ben"] {
        desk.board.assign(&desk.entity, &lead, &id(agent), &Actor::Admin, agent).await.unwrap();
    }
    let next = desk.offer(&["ana"], dana()).await;

    let notifier = desk.notifier(&ONE_AT_A_TIME);
    desk.caught(&next, "email").await;
    assert_eq!(desk.caught(&lead, "email").await.to, "ben@example.com");
    notifier.end().await;
    assert_eq!(desk.count(&lead, "email"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_claims_gets_no_mail_about_what_they_just_did() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let notifier = desk.notifier(&ONE_AT_A_TIME);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.caught(&lead, "email").await;
    desk.board.claim(&desk.entity, &lead, &Claiming::by(&id("ana"), "claim")).await.unwrap();

    let next = desk.offer(&["ana"], dana()).await;
    desk.caught(&next, "email").await;
    notifier.end().await;
    assert_eq!(desk.count(&lead, "email"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_told_over_the_channels_that_they_want_only() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["push"]})).await;
    desk.agent("ben", json!({"channels": ["email"]})).await;
    desk.browser("ana").await;
    desk.browser("ben").await;
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana", "ben"], dana()).await;

    assert_eq!(desk.caught(&lead, "email").await.to, "ben@example.com");
    assert_eq!(desk.caught(&lead, "push").await.to, "acme/ana");
    notifier.end().await;
    assert_eq!((desk.count(&lead, "email"), desk.count(&lead, "push")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whom_nothing_reaches_is_passed_over() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"email": null})).await;
    desk.agent("ben", json!({"channels": ["push"]})).await;
    desk.browser("ben").await;
    let notifier = desk.notifier(&["--push-in-flight", "1", "--notifier-in-flight", "1"]);
    desk.offer(&["ana"], dana()).await;
    let next = desk.offer(&["ben"], dana()).await;

    desk.caught(&next, "push").await;
    notifier.end().await;
    assert_eq!(dead::list(&desk.nats, 10, 0).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_read_again_later_tells_nobody_what_they_have_long_had() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let had = desk.assign("ana", How::Direct, dana()).await;
    let over = desk.offer(&["ana"], dana()).await;
    let claimed =
        desk.board.claim(&desk.entity, &over, &Claiming::by(&id("ana"), "claim")).await.unwrap();
    assert!(matches!(claimed, Claim::Won(_)), "{claimed:?}");
    let open = desk.offer(&["ana"], dana()).await;

    let tomorrow = Clock::held_at(Clock::system().now() + TimeDelta::hours(25));
    let notifier = desk.notifier_at(tomorrow, &desk.smtp.url(), &ONE_AT_A_TIME);
    desk.caught(&open, "email").await;
    notifier.end().await;
    assert_eq!((desk.count(&had, "email"), desk.count(&over, "email")), (0, 0));
}
