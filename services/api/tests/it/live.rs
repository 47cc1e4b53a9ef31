use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use serde_json::{Value, json};

use tipoff_wire::subject;

use crate::world::World;

/// What an `EventSource` would make of it.
struct Reader {
    body: BodyDataStream,
    text: String,
}

struct Seen {
    id: String,
    kind: String,
    data: Value,
}

impl Reader {
    fn new(body: Body) -> Self {
        Self { body: body.into_data_stream(), text: String::new() }
    }

    /// `None`: the stream ended.
    async fn next(&mut self) -> Option<Seen> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(seen) = read(&block) {
                    return Some(seen);
                }
                continue;
            }
            let more = tokio::time::timeout(Duration::from_secs(20), self.body.next()).await;
            let more = more.expect("an event or the end should come")?;
            self.text.push_str(std::str::from_utf8(&more.unwrap()).unwrap());
        }
    }
}

fn read(block: &str) -> Option<Seen> {
    let field =
        |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = serde_json::from_str(field("data")?).unwrap();
    Some(Seen { id: field("id")?.to_owned(), kind: field("event")?.to_owned(), data })
}

#[tokio::test]
async fn events_arrive_live_without_contact_details_and_go_on_after_the_last_one() {
    let world = World::start().await;
    let (keys, others) = (world.team("acme").await, world.team("other").await);
    let open = world.get("/v1/events/stream", &keys.admin).open().await;
    assert_eq!(
        (open.status().as_u16(), &open.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    let mut live = Reader::new(open.into_body());

    world.place(&others, 1).await;
    let lead = world.place(&keys, 2).await;
    let first = live.next().await.unwrap();
    assert_eq!(first.data["entity"], "acme");
    assert_eq!(first.data["lead"], lead.as_str());
    let mut seen = vec![first];
    while seen.last().unwrap().kind != "lead.offered" {
        seen.push(live.next().await.unwrap());
    }
    assert!(seen.iter().all(|one| !one.data.to_string().contains("dana@example.com")));

    world.post(&format!("/v1/leads/{lead}/claim"), &keys.ana).send().await.expect(200);
    let last = seen.last().unwrap().id.clone();
    let again =
        world.get("/v1/events/stream", &keys.admin).header("last-event-id", &last).open().await;
    let claimed = Reader::new(again.into_body()).next().await.unwrap();
    assert_eq!(
        (claimed.kind.as_str(), &claimed.data["agents"][0]),
        ("lead.claimed", &"ana".into())
    );
    let place = |id: &str| -> u64 { id.split_once('-').unwrap().0.parse().unwrap() };
    assert!(place(&claimed.id) > place(&last));
}

#[tokio::test]
async fn agents_hear_only_what_concerns_them() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let open = world.get("/v1/events/stream", &keys.ben).open().await;
    let mut live = Reader::new(open.into_body());
    let of_ana = world.place(&keys, 1).await;
    let of_ben = world.place(&keys, 2).await;
    world.post(&format!("/v1/leads/{of_ana}/claim"), &keys.ana).send().await.expect(200);
    world.post(&format!("/v1/leads/{of_ben}/claim"), &keys.ben).send().await.expect(200);
    loop {
        let heard = live.next().await.unwrap();
        assert_eq!(heard.data["lead"], of_ben.as_str());
        if heard.kind == "lead.claimed" {
            break;
        }
    }
}

#[tokio::test]
async fn what_a_route_hides_stays_hidden_in_live_events_until_the_agent_has_the_lead() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let at = format!("/v1/entities/acme/routes/{}", keys.route);
    let mut route = world.get(&at, &keys.admin).send().await.expect(200).json();
    route["preview"] = json!(["kind"]);
    world.put(&at, &keys.admin, route).send().await.expect(200);
    let mut agent = Reader::new(world.get("/v1/events/stream", &keys.ana).open().await.into_body());
    let mut admin =
        Reader::new(world.get("/v1/events/stream", &keys.admin).open().await.into_body());
    let lead = world.place(&keys, 1).await;
    let hidden = ["zillow", "Dana", "15 Oak Ct", "Is it still available"];
    loop {
        let heard = agent.next().await.unwrap();
        let text = heard.data.to_string();
        assert!(!hidden.iter().any(|hidden| text.contains(hidden)), "{text}");
        if heard.kind == "lead.offered" {
            break;
        }
    }
    while admin.next().await.unwrap().data["after"]["source"] != "zillow" {}
    world.post(&format!("/v1/leads/{lead}/claim"), &keys.ana).send().await.expect(200);
    let claimed = agent.next().await.unwrap();
    assert_eq!(
        (claimed.kind.as_str(), &claimed.data["after"]["source"]),
        ("lead.claimed", &json!("zillow"))
    );
}

#[tokio::test]
async fn operators_hear_everything_and_streams_end_with_the_process() {
    let world = World::start().await;
    let (keys, others) = (world.team("acme").await, world.team("other").await);
    let open = world.get("/v1/events/stream", &world.operator).open().await;
    let mut live = Reader::new(open.into_body());
    world.place(&keys, 1).await;
    world.place(&others, 2).await;
    while live.next().await.unwrap().data["entity"] != "other" {}
    world.stop.cancel();
    while live.next().await.is_some() {}

    let bad =
        world.get("/v1/events/stream", &keys.admin).header("last-event-id", "soon").send().await;
    assert_eq!(bad.problem().0, 400);
    let elsewhere = world.get("/v1/events/stream?entity=other", &keys.admin).send().await;
    assert_eq!(elsewhere.problem().0, 404);
}

#[tokio::test]
async fn nobody_waits_for_the_events_of_an_entity_that_does_not_exist() {
    let world = World::start().await;
    let stream = world.get("/v1/events/stream?entity=nobody", &world.operator).send().await;
    assert_eq!(stream.problem(), (404, "not_found".to_owned()));
}

/// What the notifier writes down of an edit.
async fn announce(world: &World, id: &str, kind: &str, more: Value) {
    let mut changed = json!({"id": id, "type": kind, "at": "2026-11-22T09:30:00Z", "entity": "acme", "version": 7});
    changed.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let body = serde_json::to_vec(&changed).unwrap();
    let subject = subject::changes(&"acme".parse().unwrap());
    world.nats.jetstream.publish(subject, body.into()).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn edits_are_heard_beside_what_happens_and_a_reader_goes_on_in_both() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let open = async |key: &str, last: Option<&str>| {
        let call = world.get("/v1/events/stream", key);
        let call = if let Some(last) = last { call.header("last-event-id", last) } else { call };
        Reader::new(call.open().await.into_body())
    };
    let (mut admin, mut ana) = (open(&keys.admin, None).await, open(&keys.ana, None).await);
    announce(&world, "change-7", "route.changed", json!({"route": "route_1", "edit": "changed"}))
        .await;
    announce(&world, "change-8-0", "agent.paused", json!({"agent": "ben"})).await;
    announce(&world, "change-9-0", "agent.paused", json!({"agent": "ana"})).await;
    let first = admin.next().await.unwrap();
    assert_eq!((first.kind.as_str(), &first.data["route"]), ("route.changed", &json!("route_1")));
    assert_eq!(admin.next().await.unwrap().data["agent"], "ben");
    let hers = ana.next().await.unwrap();
    assert_eq!(hers.data["agent"], "ana", "an agent hears of their own pauses");

    let lead = world.place(&keys, 1).await;
    let mut again = open(&keys.admin, Some(&first.id)).await;
    let mut heard = Vec::new();
    while heard.len() < 4 {
        let seen = again.next().await.unwrap();
        heard.push(seen.data["agent"].as_str().unwrap_or(seen.kind.as_str()).to_owned());
    }
    heard.sort_unstable();
    assert_eq!(heard, ["ana", "ben", "lead.offered", "lead.received"], "{lead}");
}
