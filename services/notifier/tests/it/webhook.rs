//! Endpoints of others: what they are told, and what becomes of those that misbehave.

use std::net::Ipv4Addr;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::consumer::{Consumer, pull};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use futures::StreamExt;
use serde_json::{Value, json};
use tipoff_board::{Actor, Claiming};
use tipoff_domain::{LeadId, Route, WebhookId};
use tipoff_roster::{Author, Expect, Role, Secret, Webhook, WebhookWanted};
use tipoff_runtime::{Clock, streams};
use tipoff_testkit::sink::WebhookSink;
use tipoff_testkit::sink::webhook::Fault;
use tipoff_wire::{Attempt, Called, Stream, subject};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::desk::{Desk, Notifier, any_port, dana, id};

const INSIDE: &[&str] = &["--webhooks-inside"];
const PATIENCE: Duration = Duration::from_secs(20);

fn secret(byte: u8) -> String {
    format!("whsec_{}", STANDARD.encode([byte; 32]))
}

pub(crate) async fn sink() -> WebhookSink {
    WebhookSink::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap()
}

async fn desk() -> Desk {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": []})).await;
    desk
}

fn notifier(desk: &Desk) -> Notifier {
    desk.notifier(INSIDE)
}

pub(crate) async fn endpoint(
    desk: &Desk,
    name: &str,
    sink: &WebhookSink,
    more: &[&str],
) -> WebhookId {
    let events = more.iter().filter(|word| word.contains('.')).map(|word| (*word).to_owned());
    let events: Vec<String> = events.collect();
    let wanted = WebhookWanted {
        url: sink.url(),
        events: (!events.is_empty()).then_some(events),
        contact: more.contains(&"contact"),
        active: true,
        description: None,
    };
    let webhook = Webhook {
        wanted,
        secrets: vec![Secret { text: secret(1), until: None }],
        created_at: Clock::system().now() - TimeDelta::minutes(1),
        failing_since: None,
        failing_why: None,
        disabled: None,
    };
    let hook: WebhookId = id(name);
    desk.roster.put_webhook(&desk.entity, &hook, webhook, Expect::Absent).await.unwrap();
    hook
}

async fn claim(desk: &Desk, lead: &LeadId) {
    let ana = id("ana");
    desk.board.claim(&desk.entity, lead, &Claiming::by(&ana, "claim")).await.unwrap();
}

/// Waits until the endpoint stands so in the roster.
async fn stands(desk: &Desk, hook: &WebhookId, how: impl Fn(&Webhook) -> bool) -> Webhook {
    let mut changes = desk.roster.changes();
    let waiting = async {
        loop {
            let (found, _) = desk.roster.webhook(&desk.entity, hook).unwrap();
            if how(&found) {
                return found;
            }
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it stands so in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_told_what_they_want_to_know_and_contact_details_only_where_allowed() {
    let desk = desk().await;
    let (all, claims) = (sink().await, sink().await);
    endpoint(&desk, "hook_all", &all, &[]).await;
    endpoint(&desk, "hook_claims", &claims, &["lead.claimed", "lead.closed", "contact"]).await;
    let _notifier = notifier(&desk);
    let lead = desk.offer(&["ana"], dana()).await;
    claim(&desk, &lead).await;
    let why = Some("Her number is 512 555 0199");
    desk.board.close(&desk.entity, &lead, &Actor::Admin, why, false, "").await.unwrap();

    let told = all.told_of(4).await;
    let mut kinds: Vec<&str> =
        told.iter().map(|told| told.body["type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["lead.claimed", "lead.closed", "lead.offered", "lead.received"]);
    for told in &told {
        assert!(told.is_signed_with(&secret(1)) && !told.is_signed_with(&secret(2)));
        let says = |text| told.raw.contains(text);
        assert!(!says("dana@example.com") && !says("0199"), "{}", told.raw);
        assert_eq!(told.body["data"]["lead"], lead.as_str());
        assert_eq!(told.id, format!("msg_{}", told.body["data"]["id"].as_str().unwrap()));
    }
    let mut told = claims.told_of(2).await;
    told.sort_by_key(|told| told.body["type"].to_string());
    let [claimed, closed] = &told[..] else { panic!("two events") };
    assert_eq!(claimed.body["data"]["payload"]["emails"][0], "dana@example.com");
    assert_eq!(closed.body["data"]["reason"], json!(why));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_wants_contact_details_waits_for_them_while_the_board_is_away() {
    let mut desk = desk().await;
    let claims = sink().await;
    endpoint(&desk, "hook_claims", &claims, &["lead.claimed", "contact"]).await;
    let lead = desk.offer(&["ana"], dana()).await;
    claim(&desk, &lead).await;
    desk.redis_goes().await;
    let _notifier = notifier(&desk);
    tried(&desk, "hook_claims", 2).await;
    assert!(claims.told().is_empty(), "nothing is told without them");

    desk.redis_comes_back().await;
    let [claimed] = &claims.told_of(1).await[..] else { panic!("one event") };
    assert_eq!(claimed.body["type"], "lead.claimed");
    assert_eq!(claimed.body["data"]["payload"]["emails"][0], "dana@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_hear_of_edits_of_routes_and_of_who_takes_leads() {
    let desk = desk().await;
    let sink = sink().await;
    endpoint(&desk, "hook_edits", &sink, &["route.changed", "agent.paused", "agent.resumed"]).await;
    let _notifier = notifier(&desk);
    let admin = Author { role: Some(Role::Admin), key: Some("ab12".to_owned()), agent: None };
    let (roster, acme) = (desk.roster.by(admin), &desk.entity);
    let robin = json!({"title": "Robin", "strategy": {"kind": "random", "agents": "all"}});
    let route: Route = serde_json::from_value(robin).unwrap();
    let made = roster.create_route(acme, route).await.unwrap().value;
    let paused = Route { active: false, title: "Rested".to_owned(), ..made.clone() };
    roster.put_route(acme, &made.id, paused, Expect::Anything).await.unwrap();
    let second = Route { title: "Second".to_owned(), ..made.clone() };
    let second = roster.create_route(acme, second).await.unwrap().value;
    let order = vec![second.id, made.id.clone()];
    roster.order_routes(acme, order, Expect::Anything).await.unwrap();
    for more in [
        json!({"channels": [], "paused": true}),
        json!({"channels": [], "paused_on": [made.id]}),
        json!({"channels": [], "away": {"until": "2031-01-02T00:00:00Z"}}),
    ] {
        desk.agent("ana", more).await;
    }
    roster.delete_route(acme, &made.id, Expect::Anything).await.unwrap();

    let mut told = sink.told_of(10).await;
    told.sort_by_key(|told| {
        (told.body["data"]["version"].as_u64(), told.body["data"]["id"].as_str().map(str::to_owned))
    });
    let data: Vec<&Value> = told.iter().map(|told| &told.body["data"]).collect();
    let what = |one: &Value| {
        let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
        let place = if one["agent"].is_null() { String::new() } else { text("route") };
        format!("{} {} {place}", text("type"), text("edit")).trim().to_owned()
    };
    let on_one = format!("agent.paused  {}", made.id);
    let off_one = format!("agent.resumed  {}", made.id);
    assert_eq!(
        data.iter().map(|one| what(one)).collect::<Vec<_>>(),
        [
            "route.changed created",
            "route.changed changed",
            "route.changed created",
            "route.changed reordered",
            "agent.paused",
            "agent.resumed",
            &on_one,
            &off_one,
            "agent.paused",
            "route.changed deleted"
        ]
    );
    assert_eq!((&data[0]["by"]["role"], &data[0]["by"]["key"]), (&json!("admin"), &json!("ab12")));
    assert_eq!(data[1]["fields"], json!(["active", "title"]));
    assert_eq!(data[8]["away"]["until"], "2031-01-02T00:00:00Z");
    assert!(told.iter().all(|told| told.is_signed_with(&secret(1)) && !told.raw.contains('@')));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_never_answers_keeps_no_other_waiting() {
    let desk = desk().await;
    let (slow, quick) = (sink().await, sink().await);
    slow.misbehave(Fault::Slow);
    endpoint(&desk, "hook_slow", &slow, &[]).await;
    endpoint(&desk, "hook_quick", &quick, &[]).await;
    let _notifier = notifier(&desk);
    for _ in 0..10 {
        desk.offer(&["ana"], dana()).await;
    }
    quick.told_of(20).await;
    assert!(slow.told().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_told_again_under_the_same_id() {
    let desk = desk().await;
    let sink = sink().await;
    sink.misbehave(Fault::Status(500));
    endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    let _notifier = notifier(&desk);
    desk.offer(&["ana"], dana()).await;
    sink.struck(1).await;
    sink.misbehave(None);
    let told = sink.told_of(1).await;
    assert_eq!(told[0].body["type"], "lead.offered");
    assert_eq!(told[0].id, format!("msg_{}", told[0].body["data"]["id"].as_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_is_disabled_at_once_and_that_is_said() {
    let desk = desk().await;
    let sink = sink().await;
    sink.misbehave(Fault::Status(410));
    let hook = endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    let _notifier = notifier(&desk);
    desk.offer(&["ana"], dana()).await;
    let disabled = stands(&desk, &hook, |hook| hook.disabled.is_some()).await.disabled.unwrap();
    assert!(disabled.why.contains("410"), "{}", disabled.why);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_address_answers_after_it_was_changed_says_nothing_of_the_new_one() {
    let desk = desk().await;
    let sink = sink().await;
    let hook = endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    let (found, _) = desk.roster.webhook(&desk.entity, &hook).unwrap();
    let old = TcpListener::bind(any_port()).await.unwrap();
    let moves_to = async |url: String| {
        let wanted = WebhookWanted { url, ..found.wanted.clone() };
        let moved = Webhook { wanted, ..found.clone() };
        desk.roster.put_webhook(&desk.entity, &hook, moved, Expect::Anything).await.unwrap();
    };
    moves_to(format!("http://{}/", old.local_addr().unwrap())).await;
    let _notifier = notifier(&desk);
    desk.offer(&["ana"], dana()).await;
    let (mut called, _) = old.accept().await.unwrap();
    moves_to(sink.url()).await;
    stands(&desk, &hook, |hook| hook.wanted.url == sink.url()).await;
    called.write_all(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n").await.unwrap();

    sink.told_of(1).await;
    assert_eq!(desk.roster.webhook(&desk.entity, &hook).unwrap().0.disabled, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_days_of_failures_it_is_given_up_and_that_is_said() {
    let desk = desk().await;
    let sink = sink().await;
    sink.misbehave(Fault::Status(503));
    let hook = endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    let (found, version) = desk.roster.webhook(&desk.entity, &hook).unwrap();
    let failing = Webhook { failing_since: Some(found.created_at), ..found };
    let expect = Expect::Version(version);
    desk.roster.put_webhook(&desk.entity, &hook, failing, expect).await.unwrap();
    let later = Clock::held_at(Clock::system().now() + TimeDelta::hours(90));
    let _notifier = desk.notifier_at(later, &desk.smtp.url(), INSIDE);
    desk.offer(&["ana"], dana()).await;
    let disabled = stands(&desk, &hook, |hook| hook.disabled.is_some()).await.disabled.unwrap();
    assert!(
        disabled.why.contains("three days") && disabled.why.contains("503"),
        "{}",
        disabled.why
    );
    let (_, dead) = desk.dead().await;
    assert_eq!(dead.stream, Stream::Webhooks.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure_and_leads_nowhere() {
    let desk = desk().await;
    let sink = sink().await;
    sink.misbehave(Fault::Redirect);
    endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    let _notifier = notifier(&desk);
    desk.offer(&["ana"], dana()).await;
    sink.struck(1).await;
    tried(&desk, "hook_1", 2).await;
    assert!(sink.told().is_empty());
}

/// Waits until a message was handed out so often to the endpoint's consumer.
async fn tried(desk: &Desk, hook: &str, times: u64) {
    let stream = desk.nats.jetstream.get_stream(Stream::Webhooks.name()).await.unwrap();
    let waiting = async {
        loop {
            let consumer = stream.get_consumer(&format!("webhook-{hook}")).await;
            if let Ok(mut consumer) = consumer {
                let consumer: &mut Consumer<pull::Config> = &mut consumer;
                if consumer.info().await.unwrap().delivered.consumer_sequence >= times {
                    return;
                }
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it is tried in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_inside_our_network_is_called_unless_the_deployment_allows_it() {
    let desk = desk().await;
    let sink = sink().await;
    endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    let _notifier = desk.notifier(&[]);
    desk.offer(&["ana"], dana()).await;
    tried(&desk, "hook_1", 2).await;
    assert!(sink.told().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_secret_signs_beside_the_new_one_for_its_time() {
    let desk = desk().await;
    let sink = sink().await;
    let hook = endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    let (found, version) = desk.roster.webhook(&desk.entity, &hook).unwrap();
    let until = Some(Clock::system().now() + TimeDelta::hours(1));
    let past = Some(Clock::system().now() - TimeDelta::hours(1));
    let secrets = vec![
        Secret { text: secret(2), until: None },
        Secret { text: secret(1), until },
        Secret { text: secret(3), until: past },
    ];
    let changed = Webhook { secrets, ..found };
    desk.roster.put_webhook(&desk.entity, &hook, changed, Expect::Version(version)).await.unwrap();
    let _notifier = notifier(&desk);
    desk.offer(&["ana"], dana()).await;
    let told = sink.told_of(1).await.remove(0);
    assert!(told.is_signed_with(&secret(2)) && told.is_signed_with(&secret(1)));
    assert!(!told.is_signed_with(&secret(3)), "its time is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_that_is_never_taken_does_not_disable_an_endpoint_that_works() {
    let desk = desk().await;
    let sink = sink().await;
    sink.misbehave(Fault::Status(400));
    let hook = endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    let later = Clock::held_at(Clock::system().now() + TimeDelta::hours(90));
    let _notifier = desk.notifier_at(later, &desk.smtp.url(), INSIDE);
    desk.offer(&["ana"], dana()).await;
    let (_, dead) = desk.dead().await;
    assert!(dead.error.contains("400"), "{}", dead.error);
    assert_eq!(desk.roster.webhook(&desk.entity, &hook).unwrap().0.disabled, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_written_down_with_what_came_of_it() {
    let desk = desk().await;
    let sink = sink().await;
    sink.misbehave(Fault::Status(503));
    let hook = endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    let _notifier = notifier(&desk);
    let lead = desk.offer(&["ana"], dana()).await;
    let stream = desk.nats.jetstream.get_stream(Stream::Attempts.name()).await.unwrap();
    let reader: Consumer<OrderedConfig> =
        stream.create_consumer(OrderedConfig::default()).await.unwrap();
    let mut messages = reader.messages().await.unwrap();
    let mut next = async || {
        let next = tokio::time::timeout(PATIENCE, messages.next()).await;
        let message = next.expect("it is written down in time").unwrap().unwrap();
        assert_eq!(message.subject.as_str(), subject::attempts(&desk.entity, &hook));
        serde_json::from_slice::<Attempt>(&message.payload).unwrap()
    };
    let first = next().await;
    assert_eq!((first.attempt, first.result, first.status), (1, Called::Retried, Some(503)));
    assert_eq!((first.kind.as_str(), &first.lead), ("lead.offered", &Some(lead)));
    assert!(first.error.unwrap().contains("503") && first.again_at.unwrap() > first.at);
    sink.misbehave(None);
    let second = next().await;
    assert_eq!((second.attempt, second.result), (2, Called::Told));
    assert_eq!((second.event, second.error, second.again_at), (first.event, None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_consumer_could_not_be_made_is_told_once_it_can_be() {
    let desk = desk().await;
    let sink = sink().await;
    endpoint(&desk, "hook_1", &sink, &["lead.offered"]).await;
    desk.nats.jetstream.delete_stream(Stream::Webhooks.name()).await.unwrap();
    let mut asked = desk.nats.client.subscribe("$JS.API.CONSUMER.CREATE.WEBHOOKS.>").await.unwrap();
    let _notifier = notifier(&desk);
    for _ in 0..2 {
        let next = tokio::time::timeout(PATIENCE, asked.next()).await;
        assert!(next.expect("it is asked for again in time").is_some());
    }
    streams::ensure(&desk.nats, 1).await.unwrap();
    desk.offer(&["ana"], dana()).await;
    sink.told_of(1).await;
}
