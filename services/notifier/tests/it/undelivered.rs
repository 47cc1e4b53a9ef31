//! What cannot be told has consequences.

use chrono::TimeDelta;
use serde_json::json;
use tipoff_domain::{AgentId, Channel};
use tipoff_roster::Works;
use tipoff_testkit::sink::{push, smtp};
use tipoff_wire::EventKind;
use tipoff_wire::event::OfferState;

use crate::desk::{Desk, dana, id};

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_no_channel_could_tell_is_withdrawn_at_once() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["email", "push"]})).await;
    desk.browser("ana").await;
    desk.smtp.misbehave(smtp::Fault::Permanent);
    desk.push.misbehave(push::Fault::Gone);
    let _notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;

    let withdrawn = desk.event(&lead, EventKind::Withdrawn).await;
    assert_eq!(withdrawn.agents, [id::<AgentId>("ana")]);
    assert_eq!(withdrawn.reason.as_deref(), Some("undeliverable"));
    let tried = &withdrawn.after.tried;
    assert_eq!((&tried[0].agent, tried[0].outcome), (&id("ana"), OfferState::Withdrawn));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_channel_that_works_keeps_the_offer_alive() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["email", "push"]})).await;
    desk.browser("ana").await;
    desk.smtp.misbehave(smtp::Fault::Permanent);
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.caught(&lead, "push").await;
    desk.dead().await;
    notifier.end().await;

    let stands = desk.board.lead(&desk.entity, &lead).await.unwrap().unwrap().now_is;
    assert_eq!(stands.pending, [id::<AgentId>("ana")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_jump_ball_only_those_whom_nothing_reaches_are_taken_out() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["push"]})).await;
    desk.agent("ben", json!({"channels": ["email"]})).await;
    desk.browser("ana").await;
    desk.push.misbehave(push::Fault::Gone);
    let _notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana", "ben"], dana()).await;

    let withdrawn = desk.event(&lead, EventKind::Withdrawn).await;
    assert_eq!(withdrawn.agents, [id::<AgentId>("ana")]);
    assert_eq!(withdrawn.after.pending, [id::<AgentId>("ben")]);
    desk.caught(&lead, "email").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_address_is_used_no_more_until_it_is_changed() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.browser("ana").await;
    desk.smtp.misbehave(smtp::Fault::Permanent);
    let notifier = desk.notifier(&[]);
    desk.offer(&["ana"], dana()).await;
    desk.dead().await;
    let reach = desk.roster.reach(&desk.entity, &id("ana"), Channel::Email).unwrap();
    assert_eq!(reach.works, Works::Failed);
    assert!(reach.why.unwrap().contains("550 5.1.1"));

    desk.smtp.misbehave(None);
    let untold = desk.offer(&["ana"], dana()).await;
    desk.caught(&untold, "push").await;
    desk.agent("ana", json!({"email": "ana@new.example.com"})).await;
    let told = desk.offer(&["ana"], dana()).await;
    desk.caught(&told, "email").await;
    notifier.end().await;
    assert_eq!(desk.count(&untold, "email"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_only_refuses_this_mail_is_written_to_again() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.browser("ana").await;
    desk.smtp.misbehave(smtp::Fault::Policy);
    let _notifier = desk.notifier(&[]);
    desk.offer(&["ana"], dana()).await;
    desk.dead().await;
    assert_eq!(desk.roster.reach(&desk.entity, &id("ana"), Channel::Email), None);
    desk.smtp.misbehave(None);
    let lead = desk.offer_for(&["ana"], TimeDelta::minutes(5), dana()).await;
    desk.caught(&lead, "email").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_only_address_is_dead_is_passed_over_at_once() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["email", "in_app"]})).await;
    desk.agent("ben", json!({"channels": ["in_app"]})).await;
    desk.smtp.misbehave(smtp::Fault::Permanent);
    let notifier = desk.notifier(&[]);
    let first = desk.offer(&["ana"], dana()).await;
    desk.event(&first, EventKind::Withdrawn).await;
    let second = desk.offer(&["ana", "ben"], dana()).await;
    let withdrawn = desk.event(&second, EventKind::Withdrawn).await;
    assert_eq!(withdrawn.agents, [id::<AgentId>("ana")]);
    notifier.end().await;
    let stands = desk.board.lead(&desk.entity, &second).await.unwrap().unwrap().now_is;
    assert_eq!(stands.pending, [id::<AgentId>("ben")], "whom only the bell tells is told by it");
}
