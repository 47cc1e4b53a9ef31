use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_lead_is_tried_without_changing_anything() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    world.place(&keys, 1).await;
    let lead = json!({"source": "zillow", "emails": ["dana@example.com"]});
    let attempt = || world.post("/v1/entities/acme/try", &keys.admin).body(json!({"lead": lead}));
    // Ana had the first, so it is Ben's turn; and still is after trying.
    for _ in 0..2 {
        let tried = attempt().send().await.expect(200).json();
        let outcome = &tried["outcome"];
        assert_eq!(
            (&outcome["then"], &outcome["agents"][0]["agent"]),
            (&json!("offered"), &json!("ben"))
        );
        assert_eq!((&outcome["title"], &outcome["seconds"]), (&json!("All"), &json!(900)));
        assert_eq!(outcome["agents"][0]["channels"], json!(["email", "push", "in_app"]));
        assert_eq!(tried["routes"][0]["message"]["en"], "“All” matches and takes the lead");
        assert_eq!(tried["candidates"][1]["message"]["es"], "Ben Ode resulta elegido: es su turno");
    }
    let leads = world.get("/v1/entities/acme/leads", &keys.admin).send().await.expect(200).json();
    assert_eq!(leads["leads"].as_array().unwrap().len(), 1);
    world
        .post("/v1/entities/acme/try", &keys.ana)
        .body(json!({"lead": {}}))
        .send()
        .await
        .expect(403);
}

#[tokio::test]
async fn a_draft_and_any_instant_can_be_tried() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let draft = json!([{"title": "Days", "strategy": {"kind": "assign_to_agent", "agent": "ana"},
        "schedule": {"zone": "America/New_York", "hours": {"from": "09:00", "to": "17:00"}}}]);
    let attempt = async |at: &str| {
        let body = json!({"lead": {"phones": ["+15125550101"]}, "at": at, "routes": draft});
        world.post("/v1/entities/acme/try", &keys.admin).body(body).send().await.expect(200).json()
    };
    let day = attempt("2026-11-20T20:00:00Z").await;
    assert_eq!(
        (&day["outcome"]["then"], &day["outcome"]["route"]),
        (&json!("assigned"), &json!("draft_1"))
    );
    let night = attempt("2026-11-21T02:00:00Z").await;
    assert_eq!(
        (&night["outcome"]["then"], &night["outcome"]["why"]),
        (&json!("pooled"), &json!("no_source"))
    );
    assert_eq!(night["routes"][0]["verdict"], "schedule");
    let address_only = json!({"lead": {"property": {"address": "15 Oak Ct"}}});
    let held = world.post("/v1/entities/acme/try", &keys.admin).body(address_only).send().await;
    assert_eq!(held.expect(200).json()["outcome"]["why"], "incomplete");
}

/// What agents have had up to now counts, and offers that are out hold their places (D-20, D-22).
#[tokio::test]
async fn whoever_is_at_a_limit_would_not_get_it() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let tried = async || {
        let person = json!({"source": "zillow", "emails": ["dana@example.com"]});
        let wanted = json!({ "lead": person });
        let tried = world.post("/v1/entities/acme/try", &keys.admin).body(wanted).send().await;
        tried.expect(200).json()
    };
    let limits = async |agent: &str, count: u32| {
        let limits = json!({"limits": [{"count": count, "period": "day"}]});
        let at = format!("/v1/entities/acme/agents/{agent}/limits");
        world.put(&at, &keys.admin, limits).send().await.expect(200);
    };
    limits("ana", 1).await;
    world.place(&keys, 1).await;
    assert_eq!(tried().await["outcome"]["agents"][0]["agent"], "ben", "it is his turn");
    world.place(&keys, 2).await;
    let full = tried().await;
    assert_eq!(full["outcome"]["agents"][0]["agent"], "ben", "hers, but her place is taken");
    assert_eq!(full["candidates"][0]["verdict"], "at_limit");
    limits("ben", 0).await;
    let nobody = tried().await;
    assert_eq!(nobody["outcome"]["why"], "nobody_eligible");
}
