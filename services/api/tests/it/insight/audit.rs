use serde_json::json;

use crate::world::World;

/// D-37: what a bug or a lost write would leave behind is found.
#[tokio::test]
async fn the_audit_finds_leads_that_nothing_would_move_on() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let [out, taken, pooled] =
        [world.place(&keys, 1).await, world.place(&keys, 2).await, world.place(&keys, 3).await];
    world.post(&format!("/v1/leads/{taken}/claim"), &keys.ben).send().await.expect(200);
    world.post(&format!("/v1/leads/{pooled}/return"), &keys.admin).send().await.expect(200);
    let audit = async || world.get("/v1/audit", &world.operator).send().await.expect(200).json();
    assert_eq!(audit().await, json!({"examined": 3, "in_order": true, "faults": [], "next": null}));

    let mut redis = redis::Client::open(world.redis.url())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let partition = world.roster.partition(&keys.entity);
    let removed: u32 = redis::cmd("ZREM")
        .arg(format!("{{p{partition}}}:deadlines"))
        .arg(out.as_str())
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!(removed, 1);
    let member = format!("acme|ben|{out}");
    let _: u32 = redis::cmd("ZADD")
        .arg(format!("{{p{partition}}}:reserved"))
        .arg(0)
        .arg(&member)
        .query_async(&mut redis)
        .await
        .unwrap();
    let found = audit().await;
    assert_eq!(found["in_order"], false);
    assert_eq!(
        found["faults"],
        json!([
            {"entity": "acme", "lead": out.as_str(), "fault": "stuck"},
            {"entity": "acme", "lead": out.as_str(), "fault": "idle_reservation"},
        ])
    );
    world.get("/v1/audit", &keys.admin).send().await.expect(403);
}
