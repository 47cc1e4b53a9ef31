//! Agents who manage a route: they change it and pause others on it, and nothing else.

use serde_json::{Value, json};

use crate::world::{Keys, World};

/// A team whose route `keys.route` is managed by Ana, and another that is not.
async fn managed(world: &World) -> (Keys, String, String) {
    let keys = world.team("acme").await;
    let theirs = format!("/v1/entities/acme/routes/{}", keys.route);
    let mut route = world.get(&theirs, &keys.admin).send().await.expect(200).json();
    route["managers"] = json!(["ana"]);
    world.put(&theirs, &keys.admin, route).send().await.expect(200);
    let strategy = json!({"kind": "random", "agents": "all"});
    let other = json!({"title": "Not hers", "strategy": strategy});
    let other = world.post("/v1/entities/acme/routes", &keys.admin).body(other).send().await;
    let other = other.expect(201).header("location").to_owned();
    (keys, theirs, other)
}

#[tokio::test]
async fn a_manager_changes_their_route_and_no_other() {
    let world = World::start().await;
    let (keys, theirs, other) = managed(&world).await;
    let seen = world.get("/v1/entities/acme/routes", &keys.ana).send().await.expect(200).json();
    let ids: Vec<&Value> =
        seen["routes"].as_array().unwrap().iter().map(|route| &route["id"]).collect();
    assert_eq!(ids, [keys.route.as_str()]);

    let mut route = world.get(&theirs, &keys.ana).send().await.expect(200).json();
    route["claim_within"] = json!("5m");
    world.put(&theirs, &keys.ana, route.clone()).send().await.expect(200);
    for verb in ["pause", "resume"] {
        world.post(&format!("{theirs}/{verb}"), &keys.ana).send().await.expect(200);
    }
    let versions =
        world.get(&format!("{theirs}/versions"), &keys.ana).send().await.expect(200).json();
    assert_eq!(versions["versions"][0]["by"]["agent"], "ana", "it is known who changed it");
    let first = versions["versions"].as_array().unwrap().len() - 1;
    let before = format!("{theirs}/versions/{}", versions["versions"][first]["version"]);
    world.get(&before, &keys.ana).send().await.expect(200);

    let forbidden = (403, "forbidden".to_owned());
    for path in [&other, &format!("{other}/versions")] {
        assert_eq!(world.get(path, &keys.ana).send().await.problem(), forbidden, "{path}");
    }
    for path in [format!("{other}/pause"), "/v1/entities/acme/routes".to_owned()] {
        let body = json!({"title": "Hers", "strategy": {"kind": "random", "agents": "all"}});
        let refused = world.post(&path, &keys.ana).body(body).send().await;
        assert_eq!(refused.problem(), forbidden, "{path}");
    }
    assert_eq!(world.put(&other, &keys.ana, route).send().await.problem(), forbidden);
    assert_eq!(world.delete(&theirs, &keys.ana).send().await.problem(), forbidden);
}

#[tokio::test]
async fn only_an_admin_says_who_manages_a_route() {
    let world = World::start().await;
    let (keys, theirs, _) = managed(&world).await;
    let mut route = world.get(&theirs, &keys.ana).send().await.expect(200).json();
    route["managers"] = json!(["ana", "ben"]);
    let refused = world.put(&theirs, &keys.ana, route.clone()).send().await;
    assert_eq!(refused.problem(), (403, "forbidden".to_owned()));
    assert!(refused.text.contains("managers"), "{}", refused.text);
    // Nor by way of a version of before she was one.
    let versions =
        world.get(&format!("{theirs}/versions"), &keys.ana).send().await.expect(200).json();
    let first = versions["versions"].as_array().unwrap().len() - 1;
    let restore = format!("{theirs}/versions/{}/restore", versions["versions"][first]["version"]);
    assert_eq!(world.post(&restore, &keys.ana).send().await.problem().0, 403);

    route["managers"] = json!(["zoe", "ana", "ana"]);
    let refused = world.put(&theirs, &keys.admin, route).send().await.json();
    assert_eq!(refused["errors"][0]["field"], "/managers/0");
    assert_eq!(refused["errors"][1]["field"], "/managers/2");
    let left = world.delete("/v1/entities/acme/agents/ana", &keys.admin).send().await;
    assert_eq!(left.problem().0, 422, "a route names her");
}

#[tokio::test]
async fn a_manager_pauses_others_on_their_route_alone() {
    let world = World::start().await;
    let (keys, _, other) = managed(&world).await;
    let ben = "/v1/entities/acme/agents/ben";
    let on = |route: &str| json!({ "route": route });
    for verb in ["pause", "resume"] {
        let path = format!("{ben}/{verb}");
        let here = on(&keys.route);
        let changed = world.post(&path, &keys.ana).body(here).send().await.expect(200).json();
        let paused_on = changed["paused_on"].as_array().map_or(0, Vec::len);
        assert_eq!(paused_on, usize::from(verb == "pause"), "{changed}");
        let elsewhere = on(other.rsplit('/').next().unwrap());
        for body in [elsewhere, json!({})] {
            let refused = world.post(&path, &keys.ana).body(body).send().await;
            assert_eq!(refused.problem(), (403, "forbidden".to_owned()));
        }
    }
    let limits = json!({"limits": []});
    let refused = world.put(&format!("{ben}/limits"), &keys.ana, limits).send().await;
    assert_eq!(refused.problem().0, 403);
}
