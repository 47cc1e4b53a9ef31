use serde_json::{Value, json};

use crate::world::World;

fn codes(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_lint_names_the_hours_that_nobody_covers() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let quiet = world.get("/v1/entities/acme/lint", &keys.admin).send().await.expect(200).json();
    assert_eq!(quiet, json!({"findings": []}));

    let at = format!("/v1/entities/acme/routes/{}", keys.route);
    let schedule = json!({"zone": "America/New_York", "hours": {"from": "09:00", "to": "17:00"}});
    let route = json!({"title": "All", "strategy": {"kind": "random", "agents": "all"}, "schedule": schedule});
    world.put(&at, &keys.admin, route).send().await.expect(200);
    let found = world.get("/v1/entities/acme/lint", &keys.admin).send().await.expect(200).json();
    assert_eq!(codes(&found["findings"]), ["uncovered_hours"]);
    assert_eq!(found["findings"][0]["sources"], json!(["zillow", null]));
    assert!(
        found["findings"][0]["message"]["es"].as_str().unwrap().contains("lun 17:00–mar 09:00")
    );
    world.get("/v1/entities/acme/lint", &keys.ana).send().await.expect(403);
}

#[tokio::test]
async fn a_draft_is_looked_at_and_not_saved() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let all = || json!({"title": "All", "strategy": {"kind": "random", "agents": "all"}});
    let draft = json!({"routes": [all(), {"title": "Ana", "strategy": {"kind": "random", "agents": ["ana"]}}]});
    let lint = |draft| world.post("/v1/entities/acme/lint", &keys.admin).body(draft);
    let found = lint(draft).send().await.expect(200).json();
    assert_eq!(codes(&found["findings"]), ["shadowed"]);
    assert_eq!(found["findings"][0]["route"], "draft_2");
    let routes = world.get("/v1/entities/acme/routes", &keys.admin).send().await.expect(200).json();
    assert_eq!(routes["routes"].as_array().unwrap().len(), 1);

    let wrong = lint(json!({"routes": [all(), {"title": "Eve", "strategy": {"kind": "random", "agents": ["eve"]}}]})).send().await;
    assert_eq!(wrong.problem(), (422, "invalid".to_owned()));
    assert_eq!(wrong.json()["errors"][0]["field"], "/routes/1/strategy/agents/0");
}

/// Example 7: 5 agents × 3 minutes do not fit into 10 (kvCORE: "5 × 3 = 15").
#[tokio::test]
async fn saving_a_route_warns_of_a_timeout_that_comes_too_early() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let route = |title: &str, after: &str| {
        json!({"title": title, "strategy": {"kind": "round_robin", "agents": ["ana", "ben"]},
            "claim_within": "3m", "timeout": {"after": after, "agent": "ana"}, "criteria": {"sources": ["zillow"]}})
    };
    let saved = world.post("/v1/entities/acme/routes", &keys.admin).body(route("Kv", "5m"));
    let saved = saved.send().await.expect(201).json();
    assert_eq!(codes(&saved["warnings"]), ["timeout_too_short", "shadowed"]);
    assert_eq!(saved["warnings"][0]["facts"]["needs"], "6m");
    assert!(saved["warnings"][0]["message"]["en"].as_str().unwrap().contains("needs 6 min"));

    // What was answered may be sent back; the warnings do not count.
    let mut again = saved.clone();
    again["timeout"]["after"] = json!("6m");
    let at = format!("/v1/entities/acme/routes/{}", saved["id"].as_str().unwrap());
    let saved = world.put(&at, &keys.admin, again).send().await.expect(200).json();
    assert_eq!(codes(&saved["warnings"]), ["shadowed"]);
}
