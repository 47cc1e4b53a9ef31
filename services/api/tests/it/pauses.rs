//! Pauses and limits: by themselves, by an admin on all routes or on one (D-20, D-23).

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn agents_pause_themselves_for_a_time_and_come_back() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let holiday = json!({"from": "2027-12-24T00:00:00Z", "until": "2028-01-02T00:00:00Z"});
    let later =
        world.post("/v1/me/pause", &keys.ana).body(holiday.clone()).send().await.expect(200).json();
    // It has not begun yet.
    assert_eq!((&later["paused"], &later["away"]), (&json!(false), &holiday));
    let now = world.post("/v1/me/pause", &keys.ana).send().await.expect(200).json();
    assert_eq!((&now["paused"], &now["away"]["until"]), (&json!(true), &json!(null)));
    let me = world.get("/v1/me", &keys.ana).send().await.expect(200).json();
    assert_eq!(me["paused"], true);
    let back = world.post("/v1/me/resume", &keys.ana).send().await.expect(200).json();
    assert_eq!(
        (&back["paused"], &back["away"], &back["detail"]),
        (&json!(false), &json!(null), &json!(null))
    );
}

#[tokio::test]
async fn a_pause_that_is_over_before_it_begins_is_refused() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    for body in [
        json!({"until": "2020-01-01T00:00:00Z"}),
        json!({"from": "2028-01-02T00:00:00Z", "until": "2028-01-02T00:00:00Z"}),
    ] {
        let refused = world.post("/v1/me/pause", &keys.ana).body(body).send().await;
        assert_eq!(refused.json()["errors"][0]["field"], "/until", "{}", refused.text);
    }
    let admin = world.post("/v1/me/pause", &keys.admin).send().await;
    assert_eq!(admin.problem(), (403, "agent_key_needed".to_owned()));
}

#[tokio::test]
async fn an_agents_own_resume_does_not_lift_the_admins_pause_and_says_so() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let agent = "/v1/entities/acme/agents/ana";
    world.post(&format!("{agent}/pause"), &keys.admin).send().await.expect(200);
    let still = world.post("/v1/me/resume", &keys.ana).send().await.expect(200).json();
    assert_eq!((&still["paused"], &still["paused_by_admin"]), (&json!(true), &json!(true)));
    assert!(still["detail"].as_str().unwrap().contains("an admin has paused you"));
    // Nor does the admin's resume lift the agent's own.
    world.post("/v1/me/pause", &keys.ana).send().await.expect(200);
    let resumed =
        world.post(&format!("{agent}/resume"), &keys.admin).send().await.expect(200).json();
    assert_eq!(resumed["paused"], false);
    assert!(resumed["away"]["from"].is_string());
}

#[tokio::test]
async fn an_admin_pauses_an_agent_on_one_route_alone() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let agent = "/v1/entities/acme/agents/ana";
    let on_route = || json!({"route": keys.route});
    for _ in 0..2 {
        let paused =
            world.post(&format!("{agent}/pause"), &keys.admin).body(on_route()).send().await;
        let paused = paused.expect(200).json();
        assert_eq!(
            (&paused["paused"], &paused["paused_on"]),
            (&json!(false), &json!([keys.route]))
        );
    }
    let told = world.post("/v1/me/resume", &keys.ana).send().await.expect(200).json();
    assert_eq!((&told["paused"], &told["paused_on"]), (&json!(false), &json!([keys.route])));
    assert!(told["detail"].is_string());
    // Resuming everywhere is another pause's end.
    let all = world.post(&format!("{agent}/resume"), &keys.admin).send().await.expect(200).json();
    assert_eq!(all["paused_on"], json!([keys.route]));
    let one = world.post(&format!("{agent}/resume"), &keys.admin).body(on_route()).send().await;
    assert_eq!(one.expect(200).json()["paused_on"], json!([]));
    let nowhere = json!({"route": "route_0"});
    let refused = world.post(&format!("{agent}/pause"), &keys.admin).body(nowhere).send().await;
    assert_eq!(refused.json()["errors"][0]["field"], "/route");
}

#[tokio::test]
async fn limits_are_set_by_themselves() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let path = "/v1/entities/acme/agents/ana/limits";
    let limits =
        json!({"limits": [{"count": 5, "period": "day"}, {"count": 20, "period": "open"}]});
    let set = world.put(path, &keys.admin, limits.clone()).send().await.expect(200);
    assert_eq!(
        (&set.json()["limits"], &set.json()["email"]),
        (&limits["limits"], &json!("ana@example.com"))
    );
    let stale = world.put(path, &keys.admin, limits).header("if-match", "\"1\"").send().await;
    assert_eq!(stale.problem().0, 412);
    let bad = world.put(path, &keys.admin, json!({"limits": [[5, "day"]]})).send().await;
    assert_eq!(bad.problem().0, 422);
}
