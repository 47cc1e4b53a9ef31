//! Push to telephones: Firebase and Apple, as strict as they are.

use serde_json::json;
use tipoff_board::{Actor, Claiming};
use tipoff_domain::AgentId;
use tipoff_roster::{AppDevice, AppKind};
use tipoff_testkit::sink::{ApnsSink, FcmSink, apns, fcm};
use tipoff_wire::EventKind;

use crate::desk::{Desk, Notifier, PUBLIC_URL, any_port, dana, id};

/// Services that push to telephones, and the files by which they know us.
struct Apps {
    apns: ApnsSink,
    fcm: FcmSink,
    key: tempfile::NamedTempFile,
    account: tempfile::NamedTempFile,
}

impl Apps {
    async fn of(desk: &Desk) -> Self {
        let apns = ApnsSink::start(desk.mailbox.clone(), any_port()).await.unwrap();
        let fcm = FcmSink::start(desk.mailbox.clone(), any_port()).await.unwrap();
        let (key, account) =
            (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
        std::fs::write(key.path(), apns.key_pem()).unwrap();
        std::fs::write(account.path(), fcm.account_json()).unwrap();
        Self { apns, fcm, key, account }
    }

    fn notifier(&self, desk: &Desk) -> Notifier {
        let (key, account) = (self.key.path().display(), self.account.path().display());
        desk.notifier(&[
            &format!("--apns-url={}", self.apns.base_url()),
            &format!("--apns-key={key}"),
            &format!("--apns-key-id={}", apns::KEY_ID),
            &format!("--apns-team={}", apns::TEAM),
            &format!("--apns-topic={}", apns::TOPIC),
            &format!("--fcm-url={}", self.fcm.base_url()),
            &format!("--fcm-account={account}"),
        ])
    }
}

async fn telephone(desk: &Desk, agent: &str, kind: AppKind, token: String) {
    let device = AppDevice { kind, token };
    desk.roster.add_device(&desk.entity, &id(agent), device.into()).await.unwrap();
}

async fn desk_with_ana() -> (Desk, Apps) {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["push"]})).await;
    let apps = Apps::of(&desk).await;
    (desk, apps)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apple_device_is_told_with_the_deadline_and_replaced_when_somebody_else_is_faster() {
    let (desk, apps) = Box::pin(desk_with_ana()).await;
    desk.agent("ben", json!({"channels": ["email"]})).await;
    telephone(&desk, "ana", AppKind::Apns, apps.apns.device("acme", "ana")).await;
    let _notifier = apps.notifier(&desk);
    let lead = desk.offer(&["ana", "ben"], dana()).await;

    let push = desk.caught(&lead, "push").await;
    assert_eq!((push.to.as_str(), push.subject.as_str()), ("acme/ana", "New lead: Dana Reyes"));
    assert!(push.links[0].starts_with(&format!("{PUBLIC_URL}/c/")), "{:?}", push.links);
    assert_eq!(push.headers["apns-priority"], "10");
    assert!(push.headers["aps"].contains("time-sensitive"), "{}", push.headers["aps"]);
    let until = desk.board.lead(&desk.entity, &lead).await.unwrap().unwrap().now_is.until.unwrap();
    let expires: i64 = push.headers["apns-expiration"].parse().unwrap();
    assert!((until.timestamp() - 2..=until.timestamp()).contains(&expires), "{expires}");

    desk.mailbox.clear();
    let ben: AgentId = id("ben");
    desk.board.claim(&desk.entity, &lead, &Claiming::by(&ben, "claim")).await.unwrap();
    let over = desk.caught(&lead, "push").await;
    assert_eq!(over.text, "Somebody else was faster.");
    assert_eq!(over.headers["apns-collapse-id"], push.headers["apns-collapse-id"]);
    assert_eq!(over.headers["apns-priority"], "5");
    assert!(!over.headers["aps"].contains("sound"), "{}", over.headers["aps"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_android_device_is_told_over_firebase_and_replaced_when_the_offer_is_withdrawn() {
    let (desk, apps) = Box::pin(desk_with_ana()).await;
    desk.agent("ben", json!({"channels": ["email"]})).await;
    telephone(&desk, "ana", AppKind::Fcm, apps.fcm.device("acme", "ana")).await;
    let _notifier = apps.notifier(&desk);
    let lead = desk.offer(&["ana"], dana()).await;

    let push = desk.caught(&lead, "push").await;
    assert_eq!((push.to.as_str(), push.subject.as_str()), ("acme/ana", "New lead: Dana Reyes"));
    assert_eq!(push.headers["priority"], "HIGH");
    let seconds: u64 = push.headers["ttl"].trim_end_matches('s').parse().unwrap();
    assert!((880..=900).contains(&seconds), "{seconds}");

    desk.mailbox.clear();
    desk.board.assign(&desk.entity, &lead, &id("ben"), &Actor::Admin, "assign").await.unwrap();
    let over = desk.caught(&lead, "push").await;
    assert_eq!((over.text.as_str(), over.headers["over"].as_str()), ("It was withdrawn.", "true"));
    assert_eq!(over.headers["tag"], push.headers["tag"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_without_the_app_is_forgotten_and_the_lead_rolls_on() {
    for apple in [true, false] {
        let (desk, apps) = Box::pin(desk_with_ana()).await;
        if apple {
            telephone(&desk, "ana", AppKind::Apns, apps.apns.device("acme", "ana")).await;
            apps.apns.misbehave(apns::Fault::Unregistered);
        } else {
            telephone(&desk, "ana", AppKind::Fcm, apps.fcm.device("acme", "ana")).await;
            apps.fcm.misbehave(fcm::Fault::Unregistered);
        }
        let _notifier = apps.notifier(&desk);
        let lead = desk.offer(&["ana"], dana()).await;
        desk.event(&lead, EventKind::Withdrawn).await;
        assert!(desk.roster.devices(&desk.entity, &id("ana")).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_take_our_token_any_more_gets_another() {
    let (desk, apps) = Box::pin(desk_with_ana()).await;
    telephone(&desk, "ana", AppKind::Apns, apps.apns.device("acme", "ana")).await;
    apps.apns.misbehave(apns::Fault::ExpiredProviderToken);
    let _notifier = apps.notifier(&desk);
    let lead = desk.offer(&["ana"], dana()).await;
    apps.apns.struck(1).await;
    apps.apns.misbehave(None);
    desk.caught(&lead, "push").await;

    telephone(&desk, "ana", AppKind::Fcm, apps.fcm.device("acme", "ana")).await;
    apps.fcm.misbehave(fcm::Fault::Unauthenticated);
    let lead = desk.offer(&["ana"], dana()).await;
    apps.fcm.struck(1).await;
    apps.fcm.misbehave(None);
    let both = |caught: &[tipoff_testkit::sink::Caught]| {
        let about = caught.iter().filter(|one| one.lead.as_deref() == Some(lead.as_str()));
        (about.count() == 2).then_some(())
    };
    desk.mailbox.wait_for("a push on both telephones", both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_in_trouble_are_tried_again() {
    use apns::Fault::{ServiceUnavailable, Slow, TooManyRequests};

    let (desk, apps) = Box::pin(desk_with_ana()).await;
    telephone(&desk, "ana", AppKind::Apns, apps.apns.device("acme", "ana")).await;
    let _notifier = apps.notifier(&desk);
    for (met, fault) in (1..).zip([ServiceUnavailable, TooManyRequests, Slow]) {
        apps.apns.misbehave(fault);
        let lead = desk.offer(&["ana"], dana()).await;
        apps.apns.struck(met).await;
        apps.apns.misbehave(None);
        desk.caught(&lead, "push").await;
    }
}
