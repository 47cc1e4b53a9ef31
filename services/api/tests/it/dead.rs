//! Messages that were set aside, seen and sent round again by whose they are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tipoff_wire::Dead;

use crate::world::World;

/// Sets a message aside as the runtime does.
async fn set_aside(world: &World, stream: &str, subject: &str, body: &str) {
    let dead = Dead {
        at: "2026-11-22T09:30:00Z".parse().unwrap(),
        stream: stream.to_owned(),
        subject: subject.to_owned(),
        sequence: 7,
        consumer: "router".to_owned(),
        error: "nobody could".to_owned(),
        deliveries: 5,
        body: STANDARD.encode(body),
    };
    let body = serde_json::to_vec(&dead).unwrap();
    let sent = world.nats.jetstream.publish(format!("dead.{stream}"), body.into()).await;
    sent.unwrap().await.unwrap();
}

fn numbers(list: &Value) -> Vec<u64> {
    list["dead"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_admin_sees_and_redrives_what_is_of_the_entity_and_nothing_else() {
    let world = World::start().await;
    let (ours, theirs) = (world.team("acme").await, world.team("other").await);
    let lead = r#"{"emails":["dana@example.com"]}"#;
    set_aside(&world, "LEADS", "leads.new.3.other", lead).await;
    set_aside(&world, "NOTIFY", "notify.email.acme", "{}").await;
    set_aside(&world, "LEADS", "leads.new.1.acme", lead).await;
    set_aside(&world, "NOTIFY", "notify.email", "{}").await;

    let list = world.get("/v1/dead", &ours.admin).send().await.expect(200).json();
    assert_eq!(numbers(&list), [2, 3]);
    assert!(!list.to_string().contains("dana@"), "a list shows no bodies");
    let all = world.get("/v1/dead", &world.operator).send().await.expect(200).json();
    assert_eq!(numbers(&all), [1, 2, 3, 4]);
    let of_one = world.get("/v1/dead?entity=other", &world.operator).send().await.expect(200);
    assert_eq!(numbers(&of_one.json()), [1]);
    let page = world.get("/v1/dead?limit=1", &ours.admin).send().await.expect(200).json();
    assert_eq!((numbers(&page), &page["next_cursor"]), (vec![2], &json!("2")));
    let page = world.get("/v1/dead?limit=1&cursor=2", &ours.admin).send().await.expect(200);
    assert_eq!(numbers(&page.json()), [3]);

    world.get("/v1/dead/0", &ours.admin).send().await.expect(404);
    let one = world.get("/v1/dead/3", &ours.admin).send().await.expect(200).json();
    assert_eq!((&one["entity"], &one["error"]), (&json!("acme"), &json!("nobody could")));
    assert!(one.get("body").is_none());
    let whole = world.get("/v1/dead/3?body=true", &ours.admin).send().await.expect(200).json();
    assert_eq!(whole["body"], lead);
    for (number, key) in [(1, &ours.admin), (4, &ours.admin), (3, &theirs.admin), (99, &ours.admin)]
    {
        for path in [format!("/v1/dead/{number}"), format!("/v1/dead/{number}?body=true")] {
            world.get(&path, key).send().await.expect(404);
        }
        world.post(&format!("/v1/dead/{number}/redrive"), key).send().await.expect(404);
    }
    world.get("/v1/dead", &ours.ana).send().await.expect(403);
    world.get("/v1/dead/3", &ours.ana).send().await.expect(403);

    let sent = world.post("/v1/dead/3/redrive", &ours.admin).send().await.expect(200).json();
    assert_eq!((&sent["outcome"], &sent["stream"]), (&json!("sent_again"), &json!("LEADS")));
    let leads = world.nats.jetstream.get_stream("LEADS").await.unwrap();
    let message = leads.get_raw_message(sent["sequence"].as_u64().unwrap()).await.unwrap();
    assert_eq!(
        (message.subject.as_str(), &message.payload[..]),
        ("leads.new.1.acme", lead.as_bytes())
    );
    world.post("/v1/dead/3/redrive", &ours.admin).send().await.expect(404);
}

#[tokio::test]
async fn what_is_in_the_permanent_log_is_not_written_twice() {
    let world = World::start().await;
    let ours = world.team("acme").await;
    set_aside(&world, "EVENTS", "events.1.acme.lead_1", "{}").await;
    let refused = world.post("/v1/dead/1/redrive", &ours.admin).send().await;
    assert_eq!(refused.problem(), (409, "permanent_log".to_owned()));
}

#[tokio::test]
async fn many_are_sent_again_with_one_request_and_only_those_that_are_meant() {
    let world = World::start().await;
    let (ours, _) = (world.team("acme").await, world.team("other").await);
    for (stream, subject) in [
        ("NOTIFY", "notify.email.acme"),
        ("NOTIFY", "notify.email.other"),
        ("EVENTS", "events.1.acme.lead_1"),
        ("NOTIFY", "notify.sms.acme"),
        ("LEADS", "leads.new.1.acme"),
    ] {
        set_aside(&world, stream, subject, "{}").await;
    }
    let ask = async |query: &str| {
        let path = format!("/v1/dead/redrive{query}");
        world.post(&path, &ours.admin).send().await.expect(200).json()
    };
    let list = async |query: &str| {
        let path = format!("/v1/dead{query}");
        numbers(&world.get(&path, &world.operator).send().await.expect(200).json())
    };
    assert_eq!(list("?stream=NOTIFY").await, [1, 2, 4]);
    assert_eq!(list("?consumer=notify-email").await, [0; 0]);
    assert_eq!(list("?from=2026-11-22T09:30:00Z&until=2026-11-22T09:30:01Z").await.len(), 5);
    assert_eq!(list("?until=2026-11-22T09:30:00Z").await, [0; 0]);

    assert_eq!(ask("?stream=NOTIFY&until=2026-11-22T09:30:00Z").await["sent"], 0);
    let first = ask("?stream=NOTIFY&limit=1").await;
    assert_eq!((&first["sent"], &first["next_cursor"]), (&json!(1), &json!("1")));
    assert_eq!(ask("?stream=NOTIFY&cursor=1").await["sent"], 1);
    assert_eq!(list("").await, [2, 3, 5], "another entity's stays where it is");

    let all = ask("").await;
    assert_eq!((&all["sent"], &all["next_cursor"]), (&json!(1), &Value::Null));
    assert_eq!(all["refused"][0]["number"], 3, "the permanent log is never written twice");
    assert!(all["refused"][0]["why"].as_str().unwrap().contains("permanent log"));
    assert_eq!(list("").await, [2, 3]);
    world.post("/v1/dead/redrive", &ours.ana).send().await.expect(403);
    let odd = world.post("/v1/dead/redrive?from=yesterday", &ours.admin).send().await;
    assert_eq!(odd.problem().0, 400);
}
