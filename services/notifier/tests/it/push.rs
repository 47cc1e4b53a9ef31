//! Web Push, decrypted and checked as a browser and its push service do.

use std::time::Duration;

use serde_json::json;
use tipoff_domain::plan::How;
use tipoff_roster::{PushKeys, PushSubscription};
use tipoff_testkit::sink::push::Fault;

use crate::desk::{Desk, PUBLIC_URL, dana, id};

const PUSH_ONLY: &str = r#"{"channels": ["push"]}"#;

async fn desk_with_ana() -> Desk {
    let desk = Desk::set_up().await;
    desk.agent("ana", serde_json::from_str(PUSH_ONLY).unwrap()).await;
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_says_who_and_how_long_and_opens_the_claim_page() {
    let desk = desk_with_ana().await;
    desk.browser("ana").await;
    let _notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;

    let push = desk.caught(&lead, "push").await;
    assert_eq!((push.to.as_str(), push.subject.as_str()), ("acme/ana", "New lead: Dana Reyes"));
    assert!(
        push.text.contains("15 Oak Ct") && push.text.contains("You have 15 minutes"),
        "{}",
        push.text
    );
    assert!(push.links[0].starts_with(&format!("{PUBLIC_URL}/c/")), "{:?}", push.links);
    let seconds: u64 = push.headers["ttl"].parse().unwrap();
    assert!((880..=900).contains(&seconds), "{seconds}");
    assert_eq!(push.headers["urgency"], "high");
    assert_eq!(push.headers["topic"], push.headers["notification-tag"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_is_pushed_too_and_replaces_the_offer_of_the_same_lead() {
    let desk = desk_with_ana().await;
    desk.agent("ben", serde_json::from_str(PUSH_ONLY).unwrap()).await;
    desk.browser("ana").await;
    desk.browser("ben").await;
    let _notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;
    let offered = desk.caught(&lead, "push").await;
    desk.mailbox.clear();
    desk.board
        .assign(&desk.entity, &lead, &id("ana"), &tipoff_board::Actor::Admin, "assign")
        .await
        .unwrap();

    let assigned = desk.caught(&lead, "push").await;
    assert_eq!(assigned.subject, "This lead is yours: Dana Reyes");
    assert_eq!(assigned.headers["topic"], offered.headers["topic"]);
    assert!(
        !assigned.text.contains("5550101") && !assigned.text.contains("dana@"),
        "{}",
        assigned.text
    );
    let other = desk.assign("ben", How::Direct, dana()).await;
    assert_ne!(desk.caught(&other, "push").await.headers["topic"], offered.headers["topic"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_gone_is_forgotten_and_the_others_are_told() {
    let desk = desk_with_ana().await;
    let keys = PushKeys {
        p256dh: desk.push.subscription("acme", "ana").p256dh,
        auth: "BTBZMqHH6r4Tts7J_aSIgg".to_owned(),
    };
    let unknown = format!("{}/push/unknown", desk.push.base_url());
    desk.subscribe("ana", PushSubscription { endpoint: unknown, keys }).await;
    let known = desk.browser("ana").await;
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;

    desk.caught(&lead, "push").await;
    notifier.end().await;
    let left = desk.roster.push_subscriptions(&desk.entity, &id("ana"));
    assert_eq!(left.into_iter().map(|one| one.endpoint).collect::<Vec<_>>(), [known]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_last_browser_is_gone_is_not_told_and_that_is_kept() {
    let desk = desk_with_ana().await;
    desk.browser("ana").await;
    desk.push.misbehave(Fault::Gone);
    let _notifier = desk.notifier(&[]);
    desk.offer(&["ana"], dana()).await;

    let (_, set_aside) = desk.dead().await;
    assert!(set_aside.error.contains("no device"), "{}", set_aside.error);
    assert!(desk.roster.push_subscriptions(&desk.entity, &id("ana")).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_failed_is_tried_again() {
    let desk = desk_with_ana().await;
    desk.browser("ana").await;
    let notifier = desk.notifier(&[]);
    let before = desk.offer(&["ana"], dana()).await;
    desk.caught(&before, "push").await;

    // Nobody listens there yet, so this browser fails until somebody does.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    drop(silent);
    let other = desk.push.subscription("acme", "ana");
    let endpoint = other.endpoint.replace(&desk.push.base_url(), &format!("http://{address}"));
    let keys = PushKeys { p256dh: other.p256dh, auth: other.auth };
    desk.subscribe("ana", PushSubscription { endpoint: endpoint.clone(), keys }).await;
    let lead = desk.offer(&["ana"], dana()).await;
    desk.caught(&lead, "push").await;
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let (tried_again, _) = listener.accept().await.unwrap();
    drop((tried_again, listener));
    notifier.end().await;
    assert_eq!(desk.count(&lead, "push"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_service_that_wants_a_pause_gets_it() {
    let desk = desk_with_ana().await;
    desk.browser("ana").await;
    desk.push.misbehave(Fault::TooMany(Duration::from_secs(2)));
    let _notifier = desk.notifier(&[]);
    let started = std::time::Instant::now();
    let lead = desk.offer(&["ana"], dana()).await;
    desk.push.struck(1).await;
    desk.push.misbehave(None);

    desk.caught(&lead, "push").await;
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_service_in_trouble_is_tried_again() {
    let desk = desk_with_ana().await;
    desk.browser("ana").await;
    desk.push.misbehave(Fault::Broken);
    let _notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.push.struck(1).await;
    desk.push.misbehave(None);
    desk.caught(&lead, "push").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_made_with_another_vapid_key_is_refused_with_a_clear_reason() {
    let desk = desk_with_ana().await;
    desk.browser("ana").await;
    let _notifier = desk.notifier(&[]);
    let first = desk.offer(&["ana"], dana()).await;
    let first = desk.caught(&first, "push").await;
    assert!(!first.headers.contains_key("authorization"));

    let other = Desk::set_up().await;
    other.agent("ana", json!({"channels": ["push"]})).await;
    let taken = desk.roster.push_subscriptions(&desk.entity, &id("ana")).remove(0);
    other.subscribe("ana", taken).await;
    let _other_notifier = other.notifier(&[]);
    other.offer(&["ana"], dana()).await;
    let (_, set_aside) = other.dead().await;
    assert!(
        set_aside.error.contains("VAPID") && set_aside.error.contains("403"),
        "{}",
        set_aside.error
    );
}
