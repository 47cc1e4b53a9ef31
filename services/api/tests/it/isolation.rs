//! Every operation, with keys that must not get anywhere.

use axum::http::Method;
use serde_json::{Value, json};

use crate::document::operations;
use crate::heard::Heard;
use crate::world::{Keys, World};

/// Open to everybody, keys or not.
const OPEN: [&str; 10] = [
    "GET /bell",
    "GET /bell/{file}",
    "GET /confirm/{token}",
    "POST /confirm/{token}",
    "GET /c/{token}",
    "POST /c/{token}",
    "GET /livez",
    "GET /readyz",
    "GET /openapi.json",
    "GET /v1/push-key",
];
/// About the caller alone; nothing of anybody else's is named.
const OWN: [&str; 23] = [
    "GET /v1/dead",
    "POST /v1/dead/redrive",
    "GET /v1/me/channels",
    "POST /v1/me/channels/{channel}/confirm",
    "POST /v1/me/channels/{channel}/test",
    "GET /v1/entities",
    "POST /v1/me/pause",
    "POST /v1/me/resume",
    "POST /v1/me/end-links",
    "GET /v1/me",
    "GET /v1/me/offers",
    "GET /v1/me/leads",
    "GET /v1/me/ponds",
    "POST /v1/me/push-subscriptions",
    "DELETE /v1/me/push-subscriptions",
    "POST /v1/me/devices",
    "DELETE /v1/me/devices",
    "GET /v1/me/bell",
    "GET /v1/me/bell/stream",
    "GET /v1/events/stream",
    "GET /v1/keys",
    "GET /v1/webhooks",
    "POST /v1/webhooks",
];

struct Walk {
    method: Method,
    path: String,
    body: Option<Value>,
    name: String,
}

/// Every operation, aimed at what belongs to `keys`.
fn aimed(document: &Value, keys: &Keys, lead: &str, key_id: &str) -> Vec<Walk> {
    let operations = operations(document);
    let reachable = operations
        .into_iter()
        // The telephone provider has no key; it signs.
        .filter(|name| !OPEN.contains(&name.as_str()) && !name.contains(" /telephony/"));
    let aim = |name: String| {
        let (method, path) = name.split_once(' ').unwrap();
        let id = match path {
            path if path.contains("/routes/") => keys.route.as_str(),
            path if path.contains("/keys/") => key_id,
            _ => lead,
        };
        let aimed = path.replace("{entity}", keys.entity.as_str()).replace("{agent}", "ana");
        let aimed = aimed.replace("{version}", "1").replace("{webhook}", "hook_1");
        let aimed = aimed.replace("{pond}", "north").replace("{lender}", "first-bank");
        let aimed = aimed.replace("{chat}", "slack").replace("{piece}", "offer.sms");
        let aimed = aimed.replace("{locale}", "en").replace("{channel}", "email");
        let aimed = aimed.replace("{number}", "1");
        let aimed = aimed.replace("{source}", "zillow").replace("{lead}", lead).replace("{id}", id);
        Walk { method: method.parse().unwrap(), path: aimed, body: body_of(&name, keys), name }
    };
    reachable.map(aim).collect()
}

fn body_of(name: &str, keys: &Keys) -> Option<Value> {
    let entity = keys.entity.as_str();
    let (_, path) = name.split_once(' ').unwrap();
    Some(match name {
        "PUT /v1/entities/{entity}" => json!({"name": "Stolen", "kind": "team", "zone": "UTC"}),
        "PUT /v1/entities/{entity}/routes/order" => json!({"order": [keys.route]}),
        "POST /v1/webhooks" | "PUT /v1/webhooks/{webhook}" => {
            json!({"url": "https://hooks.example.com/stolen"})
        }
        "POST /v1/webhooks/{webhook}/replay" => json!({"event": "1-1795338000000-0"}),
        "POST /v1/keys" => json!({"entity": entity, "role": "admin"}),
        "POST /v1/me/push-subscriptions" | "DELETE /v1/me/push-subscriptions" => {
            json!({"endpoint": "https://push.example.com/s", "keys": {"p256dh": "", "auth": ""}})
        }
        "POST /v1/me/devices" | "DELETE /v1/me/devices" => json!({"kind": "apns", "token": "00ff"}),
        "PUT /v1/entities/{entity}/rooms/{chat}" => {
            json!({"url": "https://hooks.example.com/stolen"})
        }
        _ if path.contains("/templates/") => json!({"template": "{{ url }}"}),
        "POST /v1/entities/{entity}/lint" => json!({"routes": []}),
        "POST /v1/entities/{entity}/simulate" => json!({"last_days": 1}),
        "POST /v1/entities/{entity}/try" => json!({"lead": {"emails": ["dana@example.com"]}}),
        _ if path.contains("/people") => json!({"emails": ["dana@example.com"]}),
        _ if path.ends_with("/assign") => json!({"agent": "ana"}),
        _ if path.ends_with("/confirm") => json!({"code": "314159"}),
        _ if path.ends_with("/contact") => json!({"emails": ["stolen@example.com"]}),
        _ if path.ends_with("/routes") || name.starts_with("PUT /v1/entities/{entity}/routes") => {
            json!({"title": "Stolen", "strategy": {"kind": "random", "agents": "all"}})
        }
        _ if path.ends_with("/limits") => json!({"limits": []}),
        _ if path.ends_with("/ponds/{pond}") => json!({"name": "Stolen", "members": "all"}),
        _ if name.starts_with("PUT") => json!({"name": "Stolen"}),
        _ => return None,
    })
}

async fn attempt(world: &World, walk: &Walk, key: Option<&str>) -> crate::world::Answer {
    let mut call = world.call(walk.method.clone(), &walk.path);
    if let Some(key) = key {
        call = call.key(key);
    }
    if let Some(body) = &walk.body {
        call = call.body(body.clone());
    }
    call.send().await
}

/// Everything that a walk could have changed.
async fn everything(world: &World, keys: &Keys) -> String {
    let mut all = String::new();
    for path in ["", "/agents", "/sources", "/ponds", "/lenders", "/routes", "/leads", "/pool"] {
        let path = format!("/v1/entities/{}{path}", keys.entity);
        let shown = world.get(&path, &keys.admin).send().await.expect(200);
        let mut shown = shown.json();
        for lead in shown["leads"].as_array_mut().into_iter().flatten() {
            lead["seconds_left"] = Value::Null;
        }
        all.push_str(&shown.to_string());
    }
    all + &world.get("/v1/keys", &keys.admin).send().await.expect(200).text
}

/// A team that has one of everything.
async fn complete_team(world: &World, entity: &str) -> Keys {
    let keys = world.team(entity).await;
    let pond = json!({"name": "Acme North", "members": "all"});
    let path = format!("/v1/entities/{entity}/ponds/north");
    world.put(&path, &keys.admin, pond).send().await.expect(201);
    let path = format!("/v1/entities/{entity}/lenders/first-bank");
    world.put(&path, &keys.admin, json!({"name": "Acme Bank"})).send().await.expect(201);
    keys
}

async fn key_id(world: &World, key: &str) -> String {
    world.get("/v1/me", key).send().await.expect(200).json()["key_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_keys_of_one_entity_reach_nothing_of_another() {
    let world = World::start().await;
    let (ours, theirs) = (complete_team(&world, "acme").await, world.team("other").await);
    let lead = world.place(&ours, 1).await;
    let document = world.call(Method::GET, "/openapi.json").send().await.json();
    let before = everything(&world, &ours).await;
    let id = key_id(&world, &ours.ana).await;

    let heard = Heard::listen();
    for walk in aimed(&document, &ours, lead.as_str(), &id) {
        // It never ends.
        if walk.name.ends_with("/stream") {
            continue;
        }
        for (who, key) in
            [("admin", &theirs.admin), ("agent", &theirs.ana), ("source", &theirs.source)]
        {
            let answer = attempt(&world, &walk, Some(key)).await;
            if OWN.contains(&walk.name.as_str()) {
                let ours = [lead.as_str(), ours.route.as_str(), "acme"];
                let leaks = ours.iter().find(|one| answer.text.contains(*one));
                assert_eq!(leaks, None, "{} as {who}: {}", walk.name, answer.text);
                continue;
            }
            let (status, _) = answer.problem();
            assert!(
                matches!(status, 403 | 404),
                "{} as {who} of another entity: {status}",
                walk.name
            );
            let leaks = answer.text.contains("Dana")
                || answer.text.contains("Acme")
                || answer.text.contains("Ana Ruiz");
            assert!(!leaks, "{} as {who}: {}", walk.name, answer.text);
        }
    }
    let log = heard.end();
    assert!(log.contains("http.status=404"), "logging works");
    let keys = [&ours.admin, &ours.ana, &theirs.admin, &theirs.source].map(String::as_str);
    for secret in ["Dana", "dana@", "5550101", "Oak Ct", "Ana Ruiz"].into_iter().chain(keys) {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} was logged");
    }
    assert_eq!(everything(&world, &ours).await, before);
}

#[tokio::test]
async fn what_belongs_to_another_entity_looks_like_what_does_not_exist() {
    let world = World::start().await;
    let (ours, theirs) = (complete_team(&world, "acme").await, world.team("other").await);
    let lead = world.place(&ours, 1).await;
    let document = world.call(Method::GET, "/openapi.json").send().await.json();
    let nothing = Keys {
        entity: "nowhere".parse().unwrap(),
        route: ours.route.replace(|c: char| c.is_ascii_digit(), "0"),
        admin: String::new(),
        ana: String::new(),
        ben: String::new(),
        source: String::new(),
    };
    let id = key_id(&world, &ours.ana).await;
    let real = aimed(&document, &ours, lead.as_str(), &id);
    let imagined = aimed(&document, &nothing, "lead_0", "nokey");
    for (real, imagined) in
        real.iter().zip(&imagined).filter(|(real, _)| !OWN.contains(&real.name.as_str()))
    {
        let found = attempt(&world, real, Some(&theirs.admin)).await.problem();
        let missing = attempt(&world, imagined, Some(&theirs.admin)).await.problem();
        assert_eq!(found, missing, "{}", real.name);
    }
}

#[tokio::test]
async fn without_a_key_or_with_a_wrong_one_nothing_opens() {
    let world = World::start().await;
    let keys = complete_team(&world, "acme").await;
    let document = world.call(Method::GET, "/openapi.json").send().await.json();
    for walk in aimed(&document, &keys, "lead_0", "nokey") {
        for key in [None, Some("tpf_nobody_nothing"), Some("x")] {
            assert_eq!(
                attempt(&world, &walk, key).await.problem().0,
                401,
                "{} with {key:?}",
                walk.name
            );
        }
    }
}

#[tokio::test]
async fn agents_configure_nothing_and_sources_do_nothing() {
    let world = World::start().await;
    let keys = complete_team(&world, "acme").await;
    let lead = world.place(&keys, 1).await;
    let document = world.call(Method::GET, "/openapi.json").send().await.json();
    let before = everything(&world, &keys).await;
    let id = key_id(&world, &keys.ana).await;
    for walk in aimed(&document, &keys, lead.as_str(), &id) {
        if walk.name != "GET /v1/me" {
            let status = attempt(&world, &walk, Some(&keys.source)).await.problem().0;
            assert_eq!(status, 403, "{} as a source", walk.name);
        }
        // Leads that rest are for agents as well.
        let resting = ["/pool", "/leads/{lead}", "/ponds/{pond}/leads"];
        let rests = resting.iter().any(|path| walk.name.contains(path));
        let configures = walk.name.contains("/v1/entities") && !rests;
        if configures || walk.name.contains("/v1/keys") || walk.name.ends_with("/assign") {
            let status = attempt(&world, &walk, Some(&keys.ben)).await.problem().0;
            assert_eq!(status, 403, "{} as an agent", walk.name);
        }
    }
    assert_eq!(everything(&world, &keys).await, before);
}
