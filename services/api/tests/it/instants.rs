//! Instants that no calendar reaches are refused by name, wherever one may be given.

use serde_json::{Value, json};

use crate::world::World;

const BEGINNING: &str = "-262143-01-01T00:00:00Z";
const END: &str = "+262142-12-31T23:59:59Z";

#[tokio::test]
async fn instants_beyond_all_calendars_are_refused_and_break_nothing() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let hook = json!({"url": "https://example.com/hook", "events": ["lead.offered"]});
    let hook = world.post("/v1/webhooks", &keys.admin).body(hook).send().await.expect(201).json();
    let replay = format!("/v1/webhooks/{}/replay", hook["id"].as_str().unwrap());
    let follow_up = format!("/v1/leads/{lead}/follow-up");
    let asked: Vec<(&str, Value)> = [BEGINNING, END]
        .into_iter()
        .flat_map(|at| {
            [
                (
                    "/v1/entities/acme/try",
                    json!({"lead": {"emails": ["dana@example.com"]}, "at": at}),
                ),
                ("/v1/entities/acme/simulate", json!({"to": at})),
                ("/v1/entities/acme/simulate", json!({"from": at})),
                (follow_up.as_str(), json!({"at": at})),
                ("/v1/me/pause", json!({"from": at})),
                ("/v1/me/pause", json!({"until": at})),
            ]
        })
        .chain([
            ("/v1/entities/acme/simulate", json!({"last_days": u32::MAX})),
            (replay.as_str(), json!({"from": BEGINNING, "until": END})),
            (replay.as_str(), json!({"event": "1-8210266876799999-0"})),
        ])
        .collect();
    for (path, body) in asked {
        let key = if path == "/v1/me/pause" { &keys.ana } else { &keys.admin };
        let said = world.post(path, key).body(body.clone()).send().await.problem();
        assert_eq!(said.0, 422, "{path} {body}");
    }
    for path in [
        format!("/v1/audit?entity=acme&from={}", END.replace('+', "%2B")),
        format!("/v1/audit?entity=acme&from={BEGINNING}"),
    ] {
        assert_eq!(world.get(&path, &world.operator).send().await.problem().0, 400, "{path}");
    }
    for day in ["-262143-01-01", "%2B262142-12-31"] {
        for end in ["from", "to"] {
            let path = format!("/v1/entities/acme/report?{end}={day}");
            let status = world.get(&path, &keys.admin).send().await.status;
            assert!(!status.is_server_error(), "{status} {path}");
        }
    }
}
