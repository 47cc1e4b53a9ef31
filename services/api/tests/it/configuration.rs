use axum::http::Method;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn an_entity_is_made_by_operators_and_replaced_by_its_admin() {
    let world = World::start().await;
    let body = json!({"name": "Acme", "kind": "team", "parent": null, "zone": "America/New_York"});
    let made =
        world.put("/v1/entities/acme", &world.operator, body.clone()).send().await.expect(201);
    assert_eq!(
        (made.json()["id"].as_str(), made.json()["country"].as_str()),
        (Some("acme"), Some("US"))
    );
    let admin =
        world.post("/v1/keys", &world.operator).body(json!({"entity": "acme", "role": "admin"}));
    let admin = admin.send().await.expect(201).json()["key"].as_str().unwrap().to_owned();

    // What was shown may be sent back.
    let mut shown = made.json();
    shown["name"] = json!("Acme Realty");
    let replaced =
        world.put("/v1/entities/acme", &admin, shown).header("if-match", made.header("etag"));
    let replaced = replaced.send().await.expect(200);
    assert_ne!(replaced.header("etag"), made.header("etag"));
    let read = world.get("/v1/entities/acme", &admin).send().await.expect(200);
    assert_eq!(
        (read.header("etag"), &read.json()["name"]),
        (replaced.header("etag"), &json!("Acme Realty"))
    );

    let refused = world.put("/v1/entities/other", &admin, body).send().await;
    assert_eq!(refused.problem(), (404, "not_found".to_owned()));
    let listed = world.get("/v1/entities", &world.operator).send().await.expect(200).json();
    assert_eq!(listed["entities"].as_array().unwrap().len(), 1);
    let own = world.get("/v1/entities", &admin).send().await.expect(200).json();
    assert_eq!(own["entities"][0]["id"], "acme");
}

#[tokio::test]
async fn edits_based_on_an_old_version_change_nothing() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let agent = "/v1/entities/acme/agents/ana";
    let before = world.get(agent, &keys.admin).send().await.expect(200);
    let tag = before.header("etag").to_owned();
    let first = world
        .put(agent, &keys.admin, json!({"name": "Ana One"}))
        .header("if-match", &tag)
        .send()
        .await;
    let first = first.expect(200);
    let second = world
        .put(agent, &keys.admin, json!({"name": "Ana Two"}))
        .header("if-match", &tag)
        .send()
        .await;
    assert_eq!(second.problem(), (412, "version_mismatch".to_owned()));
    assert_eq!(second.header("etag"), first.header("etag"));
    assert_eq!(format!("\"{}\"", second.json()["version"]), first.header("etag"));
    let now = world.get(agent, &keys.admin).send().await.json();
    assert_eq!(now["name"], "Ana One");

    let create = world
        .put(agent, &keys.admin, json!({"name": "Ana"}))
        .header("if-none-match", "*")
        .send()
        .await;
    assert_eq!(create.problem(), (412, "version_mismatch".to_owned()));
    let absent = world.put("/v1/entities/acme/agents/new", &keys.admin, json!({"name": "New"}));
    assert_eq!(absent.header("if-match", "*").send().await.problem().0, 412);
    let bad = world
        .put(agent, &keys.admin, json!({"name": "Ana"}))
        .header("if-match", "soon")
        .send()
        .await;
    assert_eq!(bad.problem(), (400, "bad_request".to_owned()));
    let spare = "/v1/entities/acme/agents/spare";
    let made = world.put(spare, &keys.admin, json!({"name": "One"})).send().await.expect(201);
    world.put(spare, &keys.admin, json!({"name": "Two"})).send().await.expect(200);
    let gone = world.delete(spare, &keys.admin).header("if-match", made.header("etag"));
    assert_eq!(gone.send().await.problem(), (412, "version_mismatch".to_owned()));
    world.get(spare, &keys.admin).send().await.expect(200);
}

#[tokio::test]
async fn a_source_shows_its_key_once_and_takes_another() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let source = "/v1/entities/acme/sources/web";
    let made =
        world.put(source, &keys.admin, json!({"name": "Web"})).send().await.expect(201).json();
    assert_eq!(made["intake_url"], "https://in.example.com/v1/leads");
    let first = made["key"].as_str().unwrap().to_owned();
    assert!(first.starts_with("tpf_"));
    let replaced = world
        .put(source, &keys.admin, json!({"name": "Web forms"}))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(replaced.get("key"), None);
    assert_eq!(world.get(source, &keys.admin).send().await.expect(200).json().get("key"), None);

    let more = world.post(&format!("{source}/keys"), &keys.admin).send().await.expect(201).json();
    let second = more["key"].as_str().unwrap().to_owned();
    for key in [&first, &second] {
        let me = world.get("/v1/me", key).send().await.expect(200).json();
        assert_eq!((&me["role"], &me["source"]), (&json!("source"), &json!("web")));
    }
    world.delete(source, &keys.admin).send().await.expect(204);
    for key in [&first, &second] {
        world.get("/v1/me", key).send().await.expect(401);
    }
    assert_eq!(world.get(source, &keys.admin).send().await.problem().0, 404);
}

#[tokio::test]
async fn routes_are_made_ordered_paused_and_removed() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let list = "/v1/entities/acme/routes";
    let route = json!({"title": "Condos", "strategy": {"kind": "jump_ball", "agents": "all"}, "claim_within": "2m"});
    let made = world.post(list, &keys.admin).body(route.clone()).send().await.expect(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let one = format!("{list}/{id}");
    assert_eq!(made.header("location"), one);
    assert_eq!(format!("\"{}\"", made.json()["version"]), made.header("etag"));

    let listed = world.get(list, &keys.admin).send().await.expect(200);
    let titles = |shown: &Value| {
        shown["routes"].as_array().unwrap().iter().map(|r| r["title"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&listed.json()), ["All", "Condos"]);
    let order = json!({"order": [id, keys.route]});
    let ordered = world.put(&format!("{list}/order"), &keys.admin, order.clone());
    ordered.header("if-match", listed.header("etag")).send().await.expect(200);
    let stale = world
        .put(&format!("{list}/order"), &keys.admin, order)
        .header("if-match", listed.header("etag"));
    assert_eq!(stale.send().await.problem(), (412, "version_mismatch".to_owned()));
    assert_eq!(titles(&world.get(list, &keys.admin).send().await.json()), ["Condos", "All"]);
    let half =
        world.put(&format!("{list}/order"), &keys.admin, json!({"order": [id]})).send().await;
    assert_eq!(half.problem(), (422, "invalid".to_owned()));

    let paused = world.post(&format!("{one}/pause"), &keys.admin).send().await.expect(200);
    assert_eq!(paused.json()["active"], false);
    let again = world
        .post(&format!("{one}/resume"), &keys.admin)
        .header("if-match", made.header("etag"))
        .send()
        .await;
    assert_eq!(again.problem().0, 412);
    let resumed = world.post(&format!("{one}/resume"), &keys.admin).send().await.expect(200);
    assert_eq!(resumed.json()["active"], true);

    let mut changed = resumed.json();
    changed["title"] = json!("Lofts");
    let changed = world
        .put(&one, &keys.admin, changed)
        .header("if-match", resumed.header("etag"))
        .send()
        .await;
    assert_eq!(changed.expect(200).json()["title"], "Lofts");
    world.delete(&one, &keys.admin).send().await.expect(204);
    assert_eq!(world.get(&one, &keys.admin).send().await.problem().0, 404);
    assert_eq!(world.put(&one, &keys.admin, route).send().await.problem().0, 404);
}

#[tokio::test]
async fn what_cannot_be_accepted_is_named_by_field() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let refused = async |path: &str, body: Value| {
        let answer = world.put(path, &keys.admin, body).send().await;
        assert_eq!(answer.problem(), (422, "invalid".to_owned()), "{path}");
        answer.json()["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        refused("/v1/entities/acme/agents/ana", json!({"name": "Ana", "colour": 1})).await,
        "/colour"
    );
    assert_eq!(refused("/v1/entities/acme/agents/ana", json!({"name": ""})).await, "/name");
    assert_eq!(
        refused("/v1/entities/acme/sources/web", json!({"name": "W", "kind": "fax"})).await,
        "/kind"
    );
    assert_eq!(refused("/v1/entities/acme", json!({"name": "A", "kind": "team"})).await, "/zone");
    let route = format!("/v1/entities/acme/routes/{}", keys.route);
    let strategy = json!({"kind": "round_robin", "agents": ["ana", "zoe"]});
    assert_eq!(
        refused(&route, json!({"title": "T", "strategy": strategy})).await,
        "/strategy/agents/1"
    );
    let weights = json!({"kind": "weighted_random", "weights": {"ana": 50, "ben": 40}});
    assert_eq!(
        refused(&route, json!({"title": "T", "strategy": weights})).await,
        "/strategy/weights"
    );
    assert_eq!(
        refused("/v1/entities/acme/agents/ana", json!({"id": "ben", "name": "Ben"})).await,
        "/id"
    );
    let now = world.get("/v1/entities/acme/agents/ana", &keys.admin).send().await.json();
    assert_eq!(now["name"], "Ana Ruiz");
}

#[tokio::test]
async fn keys_are_made_for_what_exists_and_stop_working_when_revoked() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let wanted = async |key: &str, body: Value| world.post("/v1/keys", key).body(body).send().await;
    let field = |answer: &crate::world::Answer| {
        answer.json()["errors"][0]["field"].as_str().unwrap_or("").to_owned()
    };

    assert_eq!(field(&wanted(&keys.admin, json!({"role": "agent"})).await), "/agent");
    assert_eq!(
        field(&wanted(&keys.admin, json!({"role": "agent", "agent": "zoe"})).await),
        "/agent"
    );
    assert_eq!(
        field(&wanted(&keys.admin, json!({"role": "source", "source": "web"})).await),
        "/source"
    );
    assert_eq!(
        field(&wanted(&keys.admin, json!({"role": "admin", "agent": "ana"})).await),
        "/agent"
    );
    assert_eq!(field(&wanted(&keys.admin, json!({"role": "boss"})).await), "/role");
    assert_eq!(wanted(&keys.admin, json!({"role": "operator"})).await.problem().0, 403);
    assert_eq!(wanted(&keys.ana, json!({"role": "agent", "agent": "ana"})).await.problem().0, 403);

    let made =
        wanted(&keys.admin, json!({"role": "agent", "agent": "ben"})).await.expect(201).json();
    let (id, text) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    world.get("/v1/me/offers", text).send().await.expect(200);
    let listed = world.get("/v1/keys", &keys.admin).send().await.expect(200);
    assert!(listed.text.contains(id) && !listed.text.contains(text));
    world.delete(&format!("/v1/keys/{id}"), &keys.admin).send().await.expect(204);
    assert_eq!(
        world.get("/v1/me/offers", text).send().await.problem(),
        (401, "unauthorized".to_owned())
    );
    assert_eq!(world.delete("/v1/keys/nobody", &keys.admin).send().await.problem().0, 404);
}

#[tokio::test]
async fn agents_are_paused_listed_and_removed_with_their_keys() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let paused =
        world.post("/v1/entities/acme/agents/ben/pause", &keys.admin).send().await.expect(200);
    assert_eq!(paused.json()["paused"], true);
    assert_eq!(world.get("/v1/me", &keys.ben).send().await.json()["paused"], true);
    world.post("/v1/entities/acme/agents/ben/resume", &keys.admin).send().await.expect(200);
    let listed = world.get("/v1/entities/acme/agents", &keys.admin).send().await.expect(200).json();
    let names: Vec<_> =
        listed["agents"].as_array().unwrap().iter().map(|agent| agent["id"].clone()).collect();
    assert_eq!(names, ["ana", "ben"]);
    assert_eq!(
        world.post("/v1/entities/acme/agents/zoe/pause", &keys.admin).send().await.problem().0,
        404
    );

    let extra = json!({"name": "Chloe"});
    world.put("/v1/entities/acme/agents/chloe", &keys.admin, extra).send().await.expect(201);
    let body = json!({"role": "agent", "agent": "chloe"});
    let key = world.post("/v1/keys", &keys.admin).body(body).send().await.expect(201).json();
    world.delete("/v1/entities/acme/agents/chloe", &keys.admin).send().await.expect(204);
    world.get("/v1/me", key["key"].as_str().unwrap()).send().await.expect(401);
}

#[tokio::test]
async fn a_browser_subscribes_with_good_keys_only() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let push_key = world.call(Method::GET, "/v1/push-key").send().await.expect(200).json();
    let point = push_key["key"].as_str().unwrap();
    assert_eq!(point.len(), 87);
    let subscription = json!({"endpoint": "https://push.example.com/s/1", "expirationTime": null,
        "keys": {"p256dh": point, "auth": "AAAAAAAAAAAAAAAAAAAAAA"}});
    let path = "/v1/me/push-subscriptions";
    world.post(path, &keys.ana).body(subscription.clone()).send().await.expect(201);
    let ana = "ana".parse().unwrap();
    assert_eq!(world.roster.push_subscriptions(&keys.entity, &ana).len(), 1);
    let mut inside = subscription.clone();
    inside["endpoint"] = json!("http://127.0.0.1:6379/");
    assert_eq!(world.post(path, &keys.ana).body(inside).send().await.problem().0, 422);
    assert_eq!(
        world.post(path, &keys.admin).body(subscription).send().await.problem().1,
        "agent_key_needed"
    );
    let end = format!("{path}?endpoint=https%3A%2F%2Fpush.example.com%2Fs%2F1");
    world.delete(&end, &keys.ana).send().await.expect(204);
    assert!(world.roster.push_subscriptions(&keys.entity, &ana).is_empty());
}
