//! A person asks to be forgotten.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use redis::AsyncCommands;
use serde_json::{Value, json};
use tipoff_domain::LeadId;
use tipoff_runtime::past;
use tipoff_tests::{World, minutes, robin};
use tipoff_wire::{Dead, EventKind, Stream};

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// What gives Dana away, however it is written.
const DANA: [&str; 4] = ["dana@example.com", "Dana Reyes", "5125550177", "my aunt in Waco"];

async fn team() -> World {
    let world = World::empty().await;
    let rule = json!({"same_person": {"attach": true}});
    world.add_team("acme", rule, &["ana", "ben"]).await;
    let told = json!({"claim_within": "15m", "channels": ["email", "in_app"]});
    world.route("Robin", robin(&["ana", "ben"]), told).await;
    for agent in ["ana", "ben"] {
        world.change_agent(agent, json!({"channels": ["email", "in_app"]})).await;
    }
    world
}

fn dana(key: &str) -> Value {
    json!({
        "external_id": key, "name": {"full": "Dana Reyes"}, "emails": ["Dana@example.com"],
        "phones": ["(512) 555-0177"], "message": "It is for my aunt in Waco.",
    })
}

/// Everything that any stream holds, what was set aside unpacked, and all of Redis.
async fn everything(world: &World) -> String {
    let mut all = String::new();
    for stream in Stream::ALL {
        let reading = past::visit(&world.nats, stream.name(), stream.filter(), |stored| {
            let body = String::from_utf8_lossy(&stored.body);
            all.extend(["\n", &stored.subject, " ", &body]);
            if let Ok(dead) = serde_json::from_slice::<Dead>(&stored.body) {
                let body = STANDARD.decode(dead.body).unwrap();
                all += &String::from_utf8_lossy(&body);
            }
        });
        reading.await.unwrap();
    }
    let mut redis = world.redis.clone();
    let keys: Vec<String> = redis.keys("*").await.unwrap();
    for key in keys {
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut redis).await.unwrap();
        let held: redis::Value = match kind.as_str() {
            "string" => redis.get(&key).await.unwrap(),
            "hash" => redis.hgetall(&key).await.unwrap(),
            "zset" => redis.zrange(&key, 0, -1).await.unwrap(),
            "stream" => redis.xrange_all(&key).await.unwrap(),
            // It was there a moment ago.
            "none" => continue,
            other => panic!("{key} is a {other}"),
        };
        all.extend(["\n", &key, " ", &text(&held)]);
    }
    all
}

fn text(value: &redis::Value) -> String {
    match value {
        redis::Value::Array(parts) => parts.iter().map(text).collect::<Vec<_>>().join(" "),
        redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    }
}

/// What of Dana is found there.
fn traces(all: &str) -> Vec<&'static str> {
    let flat: String = all.to_lowercase();
    let digits: String = all.chars().filter(char::is_ascii_digit).collect();
    let is_there = |what: &&str| flat.contains(&what.to_lowercase()) || digits.contains(*what);
    DANA.into_iter().filter(is_there).collect()
}

async fn until_forgotten(world: &World) {
    let forgotten = async {
        while !traces(&everything(world).await).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, forgotten).await;
    assert!(done.is_ok(), "{:?} is still there", traces(&everything(world).await));
}

/// Dana has asked twice, was turned away once and written down otherwise; Sam asked, too.
async fn a_past(world: &World) -> (LeadId, LeadId) {
    let lead = world.sends("zillow", &dana("one")).await;
    world.offered(&lead, 1).await;
    world.sends("zillow", &dana("two")).await;
    world.first(&lead, EventKind::Duplicate).await;
    let sam = world.lead_from_zillow("Sam").await;
    world.offered(&sam, 1).await;
    while world.count(Stream::Bell).await < 2 {
        tokio::task::yield_now().await;
    }
    world.does("ana", "claim", &lead).await.expect(200);
    let agent = world.agent("ana").await;
    let at = world.clock.now() + minutes(60);
    let note = json!({"at": at, "note": "Dana Reyes moves in with my aunt in Waco"});
    agent.post(&format!("/v1/leads/{lead}/follow-up"), &note).await.expect(200);

    let nobody = "dana@example.com is no JSON";
    world.nats.jetstream.publish("leads.in.acme.web", nobody.into()).await.unwrap().await.unwrap();
    let mut dead = Dead {
        at: world.clock.now(),
        stream: "LEADS".to_owned(),
        subject: "leads.new.1.acme".to_owned(),
        sequence: 7,
        consumer: "router".to_owned(),
        error: "made up".to_owned(),
        deliveries: 5,
        body: String::new(),
    };
    dead.body = STANDARD.encode(dana("three").to_string());
    let dead = serde_json::to_vec(&dead).unwrap();
    world.nats.jetstream.publish("dead.LEADS", dead.into()).await.unwrap().await.unwrap();
    while world.count(Stream::Rejected).await < 1 {
        tokio::task::yield_now().await;
    }
    (lead, sam)
}

#[tokio::test]
async fn whoever_is_erased_is_gone_everywhere_and_what_became_of_the_lead_stays() {
    let world = team().await;
    let (lead, sam) = a_past(&world).await;
    assert_eq!(traces(&everything(&world).await), DANA);

    let erased = world.orders("erase", &lead, json!({})).await.expect(200).json();
    assert_eq!(
        (&erased["outcome"], &erased["lead"]["state"]),
        (&json!("erased"), &json!("closed"))
    );
    until_forgotten(&world).await;

    let all = everything(&world).await;
    assert!(all.contains("sam@example.com"), "nobody else is forgotten");
    let history = world.history(&lead).await;
    assert_eq!(history, ["lead.offered", "lead.claimed", "lead.erased"], "what was not about Dana");
    let last = world.board.timeline(&tipoff_tests::id("acme"), &lead).await.unwrap().pop().unwrap();
    assert_eq!(last.after.agent.unwrap().as_str(), "ana");
    assert_eq!(last.after.source.unwrap().as_str(), "zillow");
    assert_eq!(world.shown(&sam).await["state"], "offered");
    world.orders("erase", &lead, json!({})).await.expect(200);
    assert_eq!(world.history(&lead).await.len(), 3, "once is enough");
}

#[tokio::test]
async fn a_board_that_is_rebuilt_from_the_log_knows_nothing_of_the_erased() {
    let world = team().await;
    let (lead, _) = a_past(&world).await;
    world.orders("erase", &lead, json!({})).await.expect(200);
    until_forgotten(&world).await;
    let mut redis = world.redis.clone();
    let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
    let path = format!("/v1/leads/{lead}?entity=acme");
    let shown = async {
        loop {
            let answer = world.operator.get(&path).await;
            if answer.status.is_success() {
                return answer.json();
            }
        }
    };
    let shown = tokio::time::timeout(PATIENCE, shown).await.unwrap();
    assert_eq!((&shown["state"], &shown["agent"]), (&json!("closed"), &json!("ana")));
    assert_eq!(traces(&everything(&world).await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_person_is_found_by_any_address_or_number_exported_and_erased() {
    let world = team().await;
    let (lead, sam) = a_past(&world).await;
    let admin = world.caller("admin", None).await;
    let find = async |body: Value| {
        let found = admin.post("/v1/entities/acme/people", &body).await.expect(200).json();
        found["leads"].clone()
    };
    for who in [json!({"emails": ["DANA@example.com "]}), json!({"phones": ["512 555 0177"]})] {
        assert_eq!(find(who).await, json!([lead]));
    }
    assert_eq!(find(json!({"emails": ["nobody@example.com"]})).await, json!([]));
    let nobody = admin.post("/v1/entities/acme/people", &json!({})).await;
    assert_eq!(nobody.status.as_u16(), 422);

    let export = admin.get(&format!("/v1/leads/{lead}/export")).await.expect(200).json();
    assert_eq!(export["sent"]["emails"], json!(["Dana@example.com"]));
    assert_eq!(export["inquiries"][0]["sent"]["external_id"], "two");
    assert_eq!(export["events"][0]["type"], "lead.received");

    let both = json!({"emails": ["dana@example.com"], "phones": ["+1 512 555 0177"]});
    let erased = admin.post("/v1/entities/acme/people/erase", &both).await.expect(200).json();
    assert_eq!(erased["leads"], json!([lead]));
    until_forgotten(&world).await;
    let export = admin.get(&format!("/v1/leads/{lead}/export")).await.expect(200).json();
    assert_eq!(export["sent"], json!({"origin": "automatic"}));
    assert_eq!(find(both).await, json!([]));
    // Whoever comes again is somebody new.
    let again = world.sends("zillow", &dana("four")).await;
    world.offered(&again, 1).await;
    assert_eq!(world.shown(&sam).await["state"], "offered");
    world.fast_forward(minutes(1)).await;
}

#[tokio::test]
async fn an_offer_of_somebody_who_is_erased_is_taken_back() {
    let world = team().await;
    let lead = world.sends("zillow", &dana("one")).await;
    let asked = world.offered(&lead, 1).await;
    world.orders("erase", &lead, json!({})).await.expect(200);
    world.first(&lead, EventKind::Erased).await;
    let late = world.does(&asked[0], "claim", &lead).await;
    assert!(late.status.is_client_error(), "{late:?}");
    world.fast_forward(minutes(60)).await;
    until_forgotten(&world).await;
    assert_eq!(world.shown(&lead).await["state"], "closed");
}
