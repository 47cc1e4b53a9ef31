use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn real_leads_are_played_through_a_draft() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    for number in 1..=4 {
        let lead = world.place(&keys, number).await;
        let key = if number % 2 == 1 { &keys.ana } else { &keys.ben };
        world.post(&format!("/v1/leads/{lead}/claim"), key).send().await.expect(200);
    }
    let play = async |body| {
        world
            .post("/v1/entities/acme/simulate", &keys.admin)
            .body(body)
            .send()
            .await
            .expect(200)
            .json()
    };
    // As it is: everybody gets what they got.
    let same = play(json!({"last_days": 1, "runs": 3})).await;
    assert_eq!(
        (&same["outcome"]["leads"], &same["outcome"]["changed_hands"]),
        (&json!(4), &json!(0.0))
    );
    // A play that begins after the first lead goes on with the second turn.
    let first = world.get("/v1/entities/acme/leads", &keys.admin).send().await.expect(200).json();
    let from = &first["leads"][2]["received_at"];
    let later = play(json!({"from": from, "runs": 1})).await;
    assert_eq!(
        (&later["outcome"]["leads"], &later["outcome"]["changed_hands"]),
        (&json!(3), &json!(0.0)),
        "{later}"
    );
    let slow = play(json!({"last_days": 1, "runs": 1, "answers": {"after": "2d"}})).await;
    assert_eq!(slow["outcome"]["exhausted"], 4.0, "nobody is in time");
    // With a draft, all is Ben's.
    let draft = json!([{"title": "Ben", "strategy": {"kind": "random", "agents": ["ben"]}, "criteria": {"sources": ["zillow"]}}]);
    let ben = play(json!({"last_days": 1, "runs": 3, "routes": draft})).await;
    let share = &ben["outcome"]["agents"][1];
    assert_eq!(
        (&share["agent"], &share["leads"], &share["difference"]),
        (&json!("ben"), &json!(4.0), &json!(2.0))
    );
    assert_eq!(ben["uncovered"][0]["sources"], json!([null]));
    // Whom nobody answers, the pool has.
    let silent = play(json!({"last_days": 1, "runs": 1, "answers": {"others": 0.0}})).await;
    assert_eq!(silent["outcome"]["exhausted"], 4.0);
    let nothing = play(json!({"from": "2020-01-01T00:00:00Z", "to": "2020-02-01T00:00:00Z"})).await;
    assert_eq!(nothing["outcome"]["leads"], 0);

    let refused = async |body| {
        world.post("/v1/entities/acme/simulate", &keys.admin).body(body).send().await.problem().0
    };
    assert_eq!(refused(json!({"runs": 0})).await, 422);
    assert_eq!(refused(json!({"answers": {"others": 2.0}})).await, 422);
    assert_eq!(refused(json!({"from": "2026-01-01T00:00:00Z", "last_days": 3})).await, 422);
    assert_eq!(
        refused(
            json!({"routes": [{"title": "", "strategy": {"kind": "random", "agents": "all"}}]})
        )
        .await,
        422
    );
}
