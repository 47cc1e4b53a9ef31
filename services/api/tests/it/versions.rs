//! "Every edit is a version": who changed what, and back to what it was.

use serde_json::{Value, json};

use crate::world::World;

fn fields(change: &Value) -> Vec<&str> {
    change["fields"].as_array().unwrap().iter().map(|it| it["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_versions_of_a_route_say_who_changed_what_and_can_be_brought_back() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let route = format!("/v1/entities/acme/routes/{}", keys.route);
    let first = world.get(&route, &keys.admin).send().await.expect(200);
    let mut changed = first.json();
    changed["title"] = json!("Weekdays");
    changed["claim_within"] = json!("5m");
    world.put(&route, &keys.admin, changed).send().await.expect(200);

    let versions = format!("{route}/versions");
    let listed = world.get(&versions, &keys.admin).send().await.expect(200).json();
    let (new, old) = (&listed["versions"][0], &listed["versions"][1]);
    assert_eq!((&new["done"], &old["done"]), (&json!("changed"), &json!("created")));
    assert_eq!((&new["by"]["role"], &old["by"]["name"]), (&json!("admin"), &json!("operator")));
    assert!(keys.admin.contains(new["by"]["key"].as_str().unwrap()));
    assert_eq!(fields(new), ["/claim_within", "/title"]);
    assert_eq!(new["fields"][1]["before"], "All");

    let at = format!("{versions}/{}", old["version"]);
    let was = world.get(&at, &keys.admin).send().await.expect(200);
    assert_eq!((was.json(), was.header("etag")), (first.json(), first.header("etag")));
    let back = world.post(&format!("{at}/restore"), &keys.admin).send().await.expect(200).json();
    assert_eq!((&back["title"], &back["claim_within"]), (&json!("All"), &json!("15m")));
    assert!(back["version"].as_u64() > new["version"].as_u64());
    let missing = world.get(&format!("{versions}/1"), &keys.admin).send().await;
    assert_eq!(missing.problem().0, 404);
}

#[tokio::test]
async fn a_route_that_was_removed_keeps_its_history_and_comes_back() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let route = format!("/v1/entities/acme/routes/{}", keys.route);
    world.delete(&route, &keys.admin).send().await.expect(204);
    let listed =
        world.get(&format!("{route}/versions"), &keys.admin).send().await.expect(200).json();
    assert_eq!(listed["versions"][0]["done"], "deleted");
    let of = |place: usize| format!("{route}/versions/{}", listed["versions"][place]["version"]);
    assert_eq!(world.get(&of(0), &keys.admin).send().await.problem().0, 404);
    world.post(&format!("{}/restore", of(1)), &keys.admin).send().await.expect(200);
    assert_eq!(world.get(&route, &keys.admin).send().await.expect(200).json()["title"], "All");
}

#[tokio::test]
async fn what_does_not_fit_any_more_is_not_brought_back() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let route = format!("/v1/entities/acme/routes/{}", keys.route);
    let first = world.get(&route, &keys.admin).send().await.expect(200).json();
    let all = json!({"title": "All", "strategy": {"kind": "random", "agents": "all"}});
    world.put(&route, &keys.admin, all).send().await.expect(200);
    world.delete("/v1/entities/acme/agents/ben", &keys.admin).send().await.expect(204);
    let restore = format!("{route}/versions/{}/restore", first["version"]);
    let refused = world.post(&restore, &keys.admin).send().await;
    assert_eq!(refused.json()["errors"][0]["field"], "/strategy/agents/1");
}

/// Texts, a room, and a webhook that is changed, gets another secret and goes;
/// and all that nobody may read there.
async fn edit_notices(world: &World, admin: &str) -> Vec<String> {
    let mut secrets = Vec::new();
    for number in ["one", "two"] {
        let template = json!({"template": format!("{number} {{{{ url }}}}")});
        let path = "/v1/entities/acme/templates/offer.sms/en";
        world.put(path, admin, template).send().await;
        let url = format!("https://hooks.slack.example.com/{number}");
        let room = json!({"url": url});
        world.put("/v1/entities/acme/rooms/slack", admin, room).send().await;
        secrets.push(url);
    }
    let hook = json!({"url": "https://hooks.example.com/x"});
    let made = world.post("/v1/webhooks", admin).body(hook).send().await.expect(201).json();
    let at = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    let more = json!({"url": "https://hooks.example.com/x", "contact": true});
    world.put(&at, admin, more).send().await.expect(200);
    let rotated = world.post(&format!("{at}/rotate"), admin).send().await.expect(200).json();
    world.delete(&at, admin).send().await.expect(204);
    secrets.extend([made, rotated].map(|hook| hook["secret"].as_str().unwrap().to_owned()));
    secrets
}

#[tokio::test]
async fn edits_of_texts_rooms_and_webhooks_say_who_made_them_and_no_secret() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let secrets = edit_notices(&world, &keys.admin).await;
    let path = "/v1/entities/acme/changes?limit=8";
    let page = world.get(path, &keys.admin).send().await.expect(200);
    let changes = page.json()["changes"].as_array().unwrap().clone();
    let words = |change: &Value, field: &str| change[field].as_str().unwrap().to_owned();
    let told: Vec<_> = changes
        .iter()
        .map(|it| format!("{} {} {:?}", words(it, "thing"), words(it, "done"), fields(it)))
        .collect();
    let wanted = [
        "webhook deleted []",
        r#"webhook changed ["/secrets"]"#,
        r#"webhook changed ["/contact"]"#,
        "webhook created []",
        r#"room changed ["/url"]"#,
        r#"template changed ["/template"]"#,
        "room created []",
        "template created []",
    ];
    assert_eq!(told, wanted);
    assert_eq!((&changes[4]["id"], &changes[5]["id"]), (&json!("slack"), &json!("offer.sms/en")));
    assert_eq!(changes[5]["fields"][0]["before"], "one {{ url }}");
    for change in &changes {
        assert_eq!(change["by"]["role"], "admin");
        assert!(keys.admin.contains(change["by"]["key"].as_str().unwrap()));
    }
    for secret in secrets {
        assert!(!page.text.contains(&secret), "{secret} is in\n{}", page.text);
    }
}

#[tokio::test]
async fn the_changes_of_an_entity_name_agents_and_admins() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    world.post("/v1/me/pause", &keys.ana).send().await.expect(200);
    let path = "/v1/entities/acme/changes";
    let page = world.get(&format!("{path}?limit=2"), &keys.admin).send().await.expect(200).json();
    let newest = &page["changes"][0];
    assert_eq!((&newest["thing"], &newest["id"]), (&json!("agent"), &json!("ana")));
    assert_eq!(
        (&newest["by"]["name"], &newest["by"]["role"]),
        (&json!("Ana Ruiz"), &json!("agent"))
    );
    assert_eq!(fields(newest), ["/away"]);
    assert_eq!(page["changes"][1]["thing"], "route");

    let mut things = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{path}?limit=2&cursor={cursor}");
        let page = world.get(&path, &keys.admin).send().await.expect(200).json();
        let changes = page["changes"].as_array().unwrap();
        things.extend(changes.iter().map(|it| it["thing"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(things, ["agent", "route", "source", "agent", "agent", "entity"]);
    let bad = world.get(&format!("{path}?cursor=x.y"), &keys.admin).send().await;
    assert_eq!(bad.problem(), (400, "bad_request".to_owned()));
    let other = world.team("other").await;
    assert_eq!(world.get(path, &other.admin).send().await.problem().0, 404);
}
