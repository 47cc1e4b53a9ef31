//! Who did what by right of administration, and how fast callers may ask.

use std::time::Duration;

use async_nats::Subscriber;
use futures::StreamExt;
use serde_json::{Value, json};
use tipoff_wire::subject;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::world::{Keys, World};

/// For what comes at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is said on a subject from now on.
async fn heard(world: &World, subject: String) -> Subscriber {
    world.nats.client.subscribe(subject).await.unwrap()
}

async fn deeds(world: &World, key: &str, query: &str) -> Value {
    let path = format!("/v1/entities/acme/trail{query}");
    world.get(&path, key).send().await.expect(200).json()
}

async fn id_of(world: &World, key: &str) -> Value {
    world.get("/v1/me", key).send().await.expect(200).json()["key_id"].clone()
}

/// Keys, agents, routes, sources, the entity, webhooks, assignments, erasures.
async fn administer(world: &World, keys: &Keys) -> Vec<&'static str> {
    let lead = world.place(keys, 1).await;
    let admin = &keys.admin;
    let key = json!({"entity": "acme", "role": "agent", "agent": "ana"});
    let made = world.post("/v1/keys", admin).body(key).send().await.expect(201).json();
    let id = made["id"].as_str().unwrap();
    world.delete(&format!("/v1/keys/{id}"), admin).send().await.expect(204);
    let cleo = json!({"name": "Cleo", "email": "cleo@example.com"});
    world.put("/v1/entities/acme/agents/cleo", admin, cleo).send().await.expect(201);
    let source = json!({"name": "Web"});
    world.put("/v1/entities/acme/sources/web", admin, source).send().await.expect(201);
    let pause = format!("/v1/entities/acme/routes/{}/pause", keys.route);
    world.post(&pause, admin).send().await.expect(200);
    let hook = json!({"url": "https://hooks.example.com/x"});
    world.post("/v1/webhooks", admin).body(hook).send().await.expect(201);
    let assign = format!("/v1/leads/{lead}/assign");
    world.post(&assign, admin).body(json!({"agent": "ana"})).send().await.expect(200);
    world.get(&format!("/v1/leads/{lead}/export"), admin).send().await.expect(200);
    world.post(&format!("/v1/leads/{lead}/erase"), admin).send().await.expect(200);
    vec![
        "POST /v1/keys",
        "DELETE /v1/keys/{id}",
        "PUT /v1/entities/{entity}/agents/{agent}",
        "PUT /v1/entities/{entity}/sources/{source}",
        "POST /v1/entities/{entity}/routes/{id}/pause",
        "POST /v1/webhooks",
        "POST /v1/leads/{id}/assign",
        "GET /v1/leads/{id}/export",
        "POST /v1/leads/{id}/erase",
    ]
}

#[tokio::test]
async fn every_deed_of_an_admin_is_in_the_trail_with_the_key_that_did_it() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let before = deeds(&world, &keys.admin, "?limit=200").await["deeds"].as_array().unwrap().len();
    let done = administer(&world, &keys).await;
    // Looking, and what was refused, is no deed.
    world.get("/v1/entities/acme", &keys.admin).send().await.expect(200);
    world
        .post("/v1/leads/lead_0/assign", &keys.admin)
        .body(json!({"agent": "ana"}))
        .send()
        .await
        .expect(404);
    world
        .post("/v1/leads/lead_0/assign", &keys.ben)
        .body(json!({"agent": "ana"}))
        .send()
        .await
        .expect(403);
    world.post("/v1/entities/acme/lint", &keys.admin).body(json!({"routes": []})).send().await;

    let all = deeds(&world, &keys.admin, "?limit=200").await["deeds"].clone();
    let ours = &all.as_array().unwrap()[before..];
    let what: Vec<&str> = ours.iter().map(|deed| deed["what"].as_str().unwrap()).collect();
    assert_eq!(what, done);
    let admin = id_of(&world, &keys.admin).await;
    for deed in ours {
        assert_eq!((&deed["by"]["role"], &deed["by"]["key"]), (&json!("admin"), &admin), "{deed}");
        assert!(deed["at"].is_string() && deed["request"].is_string(), "{deed}");
    }
    assert_eq!(ours[2]["to"], json!({"entity": "acme", "agent": "cleo"}));
    assert!(!all.to_string().contains("example.com"), "it names things, not people");
}

#[tokio::test]
async fn what_an_operator_does_in_an_entity_is_in_the_entitys_trail() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let before = deeds(&world, &keys.admin, "?limit=200").await["deeds"].as_array().unwrap().len();
    let assign = format!("/v1/leads/{lead}/assign?entity=acme");
    let to_ana = json!({"agent": "ana"});
    world.post(&assign, &world.operator).body(to_ana).send().await.expect(200);
    for what in ["follow-up", "return"] {
        let path = format!("/v1/leads/{lead}/{what}?entity=acme");
        world.post(&path, &world.operator).send().await.expect(200);
    }
    let key = id_of(&world, &keys.ben).await;
    let key = format!("/v1/keys/{}", key.as_str().unwrap());
    world.delete(&key, &world.operator).send().await.expect(204);
    let all = deeds(&world, &keys.admin, "?limit=200").await["deeds"].clone();
    let ours = all.as_array().unwrap()[before..].iter();
    let what: Vec<&str> = ours.map(|deed| deed["what"].as_str().unwrap()).collect();
    assert_eq!(
        what,
        [
            "POST /v1/leads/{id}/assign",
            "POST /v1/leads/{id}/follow-up",
            "POST /v1/leads/{id}/return",
            "DELETE /v1/keys/{id}",
        ]
    );
}

#[tokio::test]
async fn the_trail_is_paged_and_for_the_admins_of_the_entity_alone() {
    let world = World::start().await;
    let (keys, theirs) = (world.team("acme").await, world.team("other").await);
    let whole = deeds(&world, &keys.admin, "?limit=200").await;
    assert_eq!(whole["next_cursor"], Value::Null);
    // What operators did there is there as well, and in the order in which it was done.
    assert_eq!(whole["deeds"][0]["what"], "PUT /v1/entities/{entity}");
    assert_eq!(whole["deeds"][0]["by"]["role"], "operator");
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = deeds(&world, &keys.admin, &format!("?limit=2{cursor}")).await;
        paged.extend(page["deeds"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(&json!(paged), &whole["deeds"]);
    assert!(paged.iter().all(|deed| deed["entity"] == "acme"));
    world.get("/v1/entities/acme/trail", &theirs.admin).send().await.expect(404);
    world.get("/v1/entities/acme/trail", &keys.ana).send().await.expect(403);
}

/// The board has changed when its event is on the way to the log, and then the
/// handler still waits for the log.
#[tokio::test]
async fn what_was_done_is_in_the_trail_although_whoever_asked_hung_up_meanwhile() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let mut done = heard(&world, subject::events_of(&keys.entity)).await;
    let mut written = heard(&world, subject::audit(Some(&keys.entity))).await;
    let assign = format!("/v1/leads/{lead}/assign");
    let asking = world.post(&assign, &keys.admin).body(json!({"agent": "ana"})).send();
    tokio::select! {
        biased;
        event = done.next() => assert!(event.is_some()),
        answer = asking => panic!("answered before anybody could hang up: {}", answer.status),
    }
    let deed = timeout(PATIENCE, written.next()).await.unwrap().unwrap();
    let deed: Value = serde_json::from_slice(&deed.payload).unwrap();
    assert_eq!(deed["what"], "POST /v1/leads/{id}/assign");
    assert_eq!(deed["to"], json!({"id": lead}));
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_ended_before_serving_stops() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(tipoff_api::serve(listener, world.app.clone(), stop.clone()));
    let mut done = heard(&world, subject::events_of(&keys.entity)).await;
    let body = json!({"agent": "ana"}).to_string();
    let head = format!(
        "POST /v1/leads/{lead}/assign HTTP/1.1\r\nhost: tipoff\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        keys.admin,
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    timeout(PATIENCE, done.next()).await.unwrap().unwrap();
    drop(socket);
    stop.cancel();
    timeout(PATIENCE, serving).await.unwrap().unwrap().unwrap();
    let all = deeds(&world, &keys.admin, "?limit=200").await;
    let last = all["deeds"].as_array().unwrap().last().unwrap();
    assert_eq!(last["what"], "POST /v1/leads/{id}/assign");
}

#[tokio::test]
async fn what_may_have_been_done_is_in_the_trail_with_the_status_of_its_answer() {
    let mut world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    world.redis.kill().await;
    let assign = format!("/v1/leads/{lead}/assign");
    world.post(&assign, &keys.admin).body(json!({"agent": "ana"})).send().await.expect(503);
    let all = deeds(&world, &keys.admin, "?limit=200").await;
    let last = all["deeds"].as_array().unwrap().last().unwrap();
    assert_eq!(last["what"], "POST /v1/leads/{id}/assign (503)");
    assert_eq!((&last["by"]["role"], &last["to"]), (&json!("admin"), &json!({"id": lead})));
}

#[tokio::test]
async fn whoever_asks_too_fast_is_asked_to_wait_and_told_how_much_is_left() {
    let world =
        World::with(|options| (options.api_key_rate, options.api_claim_rate) = (1, 1)).await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let claim = async |key: &str| world.post(&format!("/v1/leads/{lead}/claim"), key).send().await;
    let first = claim(&keys.ana).await.expect(200);
    assert_eq!(
        first.header("ratelimit-policy"),
        "\"claims\";q=60;w=60, \"key\";q=60;w=60, \"entity\";q=120000;w=60"
    );
    assert!(
        first.header("ratelimit").starts_with("\"claims\";r=59;t=1, \"key\";r=59;t=1"),
        "{}",
        first.header("ratelimit")
    );
    let mut refused = None;
    for _ in 0..200 {
        let answer = claim(&keys.ana).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("there is a limit");
    assert_eq!(refused.problem(), (429, "too_fast".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    // Others are none the worse for it, and operators are not counted.
    assert_eq!(claim(&keys.ben).await.status, 403);
    for _ in 0..200 {
        world.get("/v1/entities/acme", &world.operator).send().await.expect(200);
    }
}
