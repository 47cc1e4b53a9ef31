//! Webhooks: made, changed, rotated, replayed, and nobody else's business.

use async_nats::jetstream::consumer::pull::OrderedConfig;
use axum::http::Method;
use futures::StreamExt;
use serde_json::{Value, json};
use tipoff_wire::{Stream, Telling, subject};

use crate::world::{Answer, Keys, World};

const URL: &str = "https://hooks.example.com/tipoff";

async fn made(world: &World, keys: &Keys, body: Value) -> Answer {
    world.post("/v1/webhooks", &keys.admin).body(body).send().await
}

#[tokio::test]
async fn a_webhook_is_made_with_a_secret_that_is_shown_once() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let new =
        made(&world, &keys, json!({"url": URL, "events": ["lead.claimed"]})).await.expect(201);
    let new = new.json();
    assert!(new["secret"].as_str().unwrap().starts_with("whsec_"));
    let at = format!("/v1/webhooks/{}", new["id"].as_str().unwrap());

    let shown = world.get(&at, &keys.admin).send().await.expect(200);
    assert!(!shown.text.contains("whsec_"), "{}", shown.text);
    assert_eq!(shown.json()["contact"], false, "not unless it is asked for");
    let all = world.get("/v1/webhooks", &keys.admin).send().await.expect(200);
    assert!(!all.text.contains("whsec_") && all.text.contains(URL));

    let rotated = world.post(&format!("{at}/rotate"), &keys.admin).send().await.expect(200).json();
    assert_ne!(rotated["secret"], new["secret"]);
    assert!(rotated["old_until"].is_string());

    let tag = world.get(&at, &keys.admin).send().await.header("etag").to_owned();
    let changed = json!({"url": URL, "active": false});
    let put = |tag: &str| world.put(&at, &keys.admin, changed.clone()).header("if-match", tag);
    put("\"1\"").send().await.expect(412);
    assert_eq!(put(&tag).send().await.expect(200).json()["active"], false);
    world.delete(&at, &keys.admin).send().await.expect(204);
    world.get(&at, &keys.admin).send().await.expect(404);
}

#[tokio::test]
async fn addresses_inside_our_network_and_unknown_events_are_refused() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let field = async |body: Value| {
        let answer = made(&world, &keys, body).await.expect(422);
        answer.json()["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    for url in [
        "http://hooks.example.com/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "https://[::1]/",
        "https://2130706433/",
        "ftp://hooks.example.com/",
        "https://user:password@hooks.example.com/",
    ] {
        assert_eq!(field(json!({"url": url})).await, "/url", "{url}");
    }
    assert_eq!(field(json!({"url": URL, "events": ["lead.sold"]})).await, "/events/0");
    assert_eq!(field(json!({"url": URL, "secret": "mine"})).await, "/secret");
}

#[tokio::test]
async fn nobody_else_sees_or_changes_it() {
    let world = World::start().await;
    let (ours, theirs) = (world.team("acme").await, world.team("other").await);
    let id = made(&world, &ours, json!({"url": URL})).await.expect(201).json()["id"].clone();
    let at = format!("/v1/webhooks/{}", id.as_str().unwrap());
    let body = json!({"url": "https://evil.example.com/"});
    let replay = json!({"event": "1-1795338000000-0"});
    let attempts = [
        (Method::GET, at.clone(), None),
        (Method::PUT, at.clone(), Some(body)),
        (Method::DELETE, at.clone(), None),
        (Method::POST, format!("{at}/rotate"), None),
        (Method::POST, format!("{at}/replay"), Some(replay)),
    ];
    for (key, expected) in
        [(&theirs.admin, 404), (&theirs.ana, 403), (&ours.ana, 403), (&ours.source, 403)]
    {
        for (method, path, body) in &attempts {
            let call = world.call(method.clone(), path).key(key);
            let call = match body {
                Some(body) => call.body(body.clone()),
                None => call,
            };
            assert_eq!(call.send().await.problem().0, expected, "{method} {path}");
        }
    }
    assert!(!world.get("/v1/webhooks", &theirs.admin).send().await.expect(200).text.contains(URL));
    let shown = world.get(&at, &ours.admin).send().await.expect(200);
    assert_eq!(shown.json()["url"], URL);
}

#[tokio::test]
async fn one_event_or_a_time_is_told_again() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let other = world.team("other").await;
    let lead = world.place(&keys, 1).await;
    world.place(&other, 2).await;
    let events = world.events(&keys.entity, &lead).await;
    let wanted = json!({"url": URL, "events": ["lead.offered"]});
    let hook = made(&world, &keys, wanted).await.expect(201).json();
    let at = format!("/v1/webhooks/{}/replay", hook["id"].as_str().unwrap());
    let ask = async |body: Value| world.post(&at, &keys.admin).body(body).send().await;

    let one = ask(json!({"event": events[1].id})).await.expect(202);
    assert_eq!(one.json()["events"], 1);
    ask(json!({"event": events[0].id})).await.expect(404);
    let (from, until) = (events[0].at, events[0].at + chrono::TimeDelta::hours(1));
    let all = ask(json!({"from": from, "until": until})).await.expect(202);
    assert_eq!(all.json()["events"], 1, "of its types, and of no other entity");
    let none = ask(json!({"from": until, "until": until + chrono::TimeDelta::hours(1)})).await;
    assert_eq!(none.expect(202).json()["events"], 0);

    let stream = world.nats.jetstream.get_stream(Stream::Webhooks.name()).await.unwrap();
    let reader = stream.create_consumer(OrderedConfig::default()).await.unwrap();
    let mut messages = reader.messages().await.unwrap();
    for _ in 0..2 {
        let message = messages.next().await.unwrap().unwrap();
        let telling: Telling = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!((&telling.event, &telling.lead), (&events[1].id, &Some(lead.clone())));
        assert!(telling.replay.is_some());
    }
}

#[tokio::test]
async fn without_an_account_at_a_provider_no_telephone_is_heard() {
    let world = World::start().await;
    for path in ["/telephony/sms", "/telephony/voice/x", "/telephony/voice/x/status"] {
        let call = world.call(Method::POST, path).form("From=%2B15125550111&Body=1");
        assert_eq!(call.send().await.problem().0, 404, "{path}");
    }
}

#[tokio::test]
async fn the_calls_to_a_webhook_are_listed_the_newest_first() {
    let world = World::start().await;
    let (keys, other) = (world.team("acme").await, world.team("other").await);
    let hook = made(&world, &keys, json!({"url": URL})).await.expect(201).json();
    let hook = hook["id"].as_str().unwrap();
    let subject = subject::attempts(&keys.entity, &hook.parse().unwrap());
    for attempt in 1..=3 {
        let (result, status) = if attempt == 3 { ("told", 204) } else { ("retried", 503) };
        let body = json!({"at": "2026-11-22T09:30:00Z", "event": "1-2-0", "type": "lead.claimed", "lead": "lead_1",
            "attempt": attempt, "took_ms": 12, "result": result, "status": status});
        let body = serde_json::to_vec(&body).unwrap();
        world.nats.jetstream.publish(subject.clone(), body.into()).await.unwrap().await.unwrap();
    }
    let at = format!("/v1/webhooks/{hook}/attempts");
    let page = async |query: &str| {
        world.get(&format!("{at}{query}"), &keys.admin).send().await.expect(200).json()
    };
    let which = |page: &Value| -> Vec<i64> {
        let all = page["attempts"].as_array().unwrap().iter();
        all.map(|one| one["attempt"].as_i64().unwrap()).collect()
    };
    let all = page("").await;
    assert_eq!((which(&all), &all["next_cursor"]), (vec![3, 2, 1], &Value::Null));
    assert_eq!(
        (&all["attempts"][0]["result"], &all["attempts"][1]["status"]),
        (&json!("told"), &json!(503))
    );
    let first = page("?limit=2").await;
    assert_eq!(which(&first), [3, 2]);
    let rest = page(&format!("?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!((which(&rest), &rest["next_cursor"]), (vec![1], &Value::Null));
    world.get(&at, &other.admin).send().await.expect(404);
    world.get(&at, &keys.ana).send().await.expect(403);
    assert_eq!(world.get(&format!("{at}?limit=0"), &keys.admin).send().await.problem().0, 422);
}
