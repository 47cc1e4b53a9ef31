//! Every channel before a provider that hangs up, and before one whose certificate
//! nobody vouches for: nothing is told, nothing is given up, nobody loses an offer.
//! And before one that never answers: the others go on.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tipoff_domain::{AgentId, Channel, LeadId};
use tipoff_roster::{
    AppDevice, AppKind, Expect, PushKeys, PushSubscription, Room, Secret, Webhook, WebhookWanted,
};
use tipoff_runtime::{Clock, dead};
use tipoff_testkit::sink::phone::{ACCOUNT, TOKEN};
use tipoff_testkit::sink::{ApnsSink, FcmSink, apns};

use crate::desk::{Desk, any_port, dana, id};
use crate::door::Door;

/// A door for each way out, by its name.
type Doors = BTreeMap<&'static str, Door>;
const WAYS: [&str; 8] = ["email", "web push", "fcm", "apns", "phone", "slack", "teams", "webhook"];

/// Agents with every address, all of them leading to doors.
async fn desk_before(doors: &Doors) -> Desk {
    let desk = Desk::set_up().await;
    let phone = "+15125550111";
    desk.agent("ana", json!({"channels": ["email", "push"]})).await;
    desk.agent("ben", json!({"channels": ["push"]})).await;
    desk.agent("chloe", json!({"channels": ["push"]})).await;
    desk.agent("dan", json!({"channels": ["sms", "voice"], "phone": phone})).await;
    let made = desk.push.subscription("acme", "ana");
    let keys = PushKeys { p256dh: made.p256dh, auth: made.auth };
    let endpoint = format!("{}/push/1", doors["web push"].url());
    desk.subscribe("ana", PushSubscription { endpoint, keys }).await;
    for (agent, kind) in [("ben", AppKind::Fcm), ("chloe", AppKind::Apns)] {
        let device = AppDevice { kind, token: "00ff".to_owned() };
        desk.roster.add_device(&desk.entity, &id(agent), device.into()).await.unwrap();
    }
    for (name, chat) in [("slack", Channel::Slack), ("teams", Channel::Teams)] {
        let room = Room { url: format!("{}/hook", doors[name].url()), gone: None };
        desk.roster.put_room(&desk.entity, chat, room).await.unwrap();
    }
    let wanted = json!({"url": format!("{}/hook", doors["webhook"].url())});
    let wanted: WebhookWanted = serde_json::from_value(wanted).unwrap();
    let secret = Secret { text: "whsec_AAAA".to_owned(), until: None };
    let created_at = Clock::system().now() - chrono::TimeDelta::minutes(1);
    let (failing_since, failing_why, disabled) = (None, None, None);
    let hook =
        Webhook { wanted, secrets: vec![secret], created_at, failing_since, failing_why, disabled };
    desk.roster.put_webhook(&desk.entity, &id("hook_1"), hook, Expect::Anything).await.unwrap();
    desk
}

/// Accounts at providers who are doors.
struct Accounts {
    settings: Vec<String>,
    _keys: tempfile::TempDir,
}

impl Accounts {
    async fn at(doors: &Doors, desk: &Desk) -> Self {
        let apns = ApnsSink::start(desk.mailbox.clone(), any_port()).await.unwrap();
        let fcm = FcmSink::start(desk.mailbox.clone(), any_port()).await.unwrap();
        let keys = tempfile::tempdir().unwrap();
        let (key, account) = (keys.path().join("key.p8"), keys.path().join("account.json"));
        std::fs::write(&key, apns.key_pem()).unwrap();
        let mut google: Value = serde_json::from_str(&fcm.account_json()).unwrap();
        google["token_uri"] = json!(format!("{}/token", doors["fcm"].url()));
        std::fs::write(&account, google.to_string()).unwrap();
        let settings = vec![
            "--webhooks-inside".to_owned(),
            format!("--apns-url={}", doors["apns"].url()),
            format!("--apns-key={}", key.display()),
            format!("--apns-key-id={}", apns::KEY_ID),
            format!("--apns-team={}", apns::TEAM),
            format!("--apns-topic={}", apns::TOPIC),
            format!("--fcm-url={}", doors["fcm"].url()),
            format!("--fcm-account={}", account.display()),
            format!("--phone-url={}", doors["phone"].url()),
            format!("--phone-account={ACCOUNT}"),
            format!("--phone-token={TOKEN}"),
            "--phone-from=+15125550100".to_owned(),
        ];
        Self { settings, _keys: keys }
    }

    fn settings(&self) -> Vec<&str> {
        self.settings.iter().map(String::as_str).collect()
    }
}

/// Tells everybody of a lead, over doors only, until each was tried twice.
async fn tell(desk: &Desk, doors: &Doors, relay: &str) -> LeadId {
    let accounts = Accounts::at(doors, desk).await;
    let notifier = desk.notifier_over(relay, &accounts.settings());
    let lead = desk.offer(&["ana", "ben", "chloe", "dan"], dana()).await;
    for (name, door) in doors {
        // The telephone provider is asked for a text and for a call; an endpoint is called again after five seconds.
        let times = match *name {
            "phone" => 4,
            "webhook" => 1,
            _ => 2,
        };
        door.turned_away(name, times).await;
    }
    notifier.end().await;
    lead
}

/// Nothing was told, and nothing is lost by it.
async fn nothing_is_lost(desk: &Desk, lead: &LeadId) {
    assert_eq!(desk.mailbox.caught(), []);
    assert_eq!(dead::list(&desk.nats, 10, 0).await.unwrap(), [], "all of it is tried again");
    let stands = desk.board.lead(&desk.entity, lead).await.unwrap().unwrap().now_is;
    assert_eq!(stands.pending, ["ana", "ben", "chloe", "dan"].map(id::<AgentId>));
    for agent in ["ana", "ben", "chloe"] {
        assert_eq!(desk.roster.devices(&desk.entity, &id(agent)).len(), 1, "{agent}");
    }
    for (agent, channel) in
        [("ana", Channel::Email), ("dan", Channel::Sms), ("dan", Channel::Voice)]
    {
        assert_eq!(desk.roster.reach(&desk.entity, &id(agent), channel), None, "{agent}");
    }
    for chat in [Channel::Slack, Channel::Teams] {
        assert_eq!(desk.roster.room(&desk.entity, chat).unwrap().gone, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_is_tried_again_and_costs_nobody_an_offer() {
    let mut doors = Doors::new();
    for way in WAYS {
        doors.insert(way, Door::that_slams().await);
    }
    let desk = desk_before(&doors).await;
    // A relay speaks first, so nobody would say anything at that door; here nobody listens.
    doors.remove("email");
    let lead = tell(&desk, &doors, "smtp://localhost:1").await;
    nothing_is_lost(&desk, &lead).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_a_wrong_certificate_is_told_nothing_and_tried_again() {
    let mut doors = Doors::new();
    for way in WAYS {
        doors.insert(way, Door::that_nobody_vouches_for().await);
    }
    let desk = desk_before(&doors).await;
    let relay = doors["email"].url().replace("https://", "smtps://");
    let lead = tell(&desk, &doors, &relay).await;
    nothing_is_lost(&desk, &lead).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_answers_holds_up_no_other_channel() {
    let mut doors = Doors::new();
    for way in WAYS {
        doors.insert(way, Door::that_stays_shut().await);
    }
    let desk = desk_before(&doors).await;
    desk.agent("eve", json!({"channels": ["email"]})).await;
    // The relay works, and all others say nothing.
    doors.remove("email");
    let accounts = Accounts::at(&doors, &desk).await;
    let notifier = desk.notifier(&accounts.settings());
    let first = desk.offer(&["ana", "ben", "chloe", "dan"], dana()).await;
    for (name, door) in &doors {
        door.knocked_at(name).await;
    }
    desk.caught(&first, "email").await;
    for _ in 0..5 {
        let lead = desk.offer(&["eve"], dana()).await;
        desk.caught(&lead, "email").await;
    }
    // Nothing of that waited until somebody gave up.
    for (name, door) in &doors {
        assert!(door.is_waited_at(), "{name}");
    }
    notifier.die().await;
}
