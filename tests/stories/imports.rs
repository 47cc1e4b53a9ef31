//! Thousands of leads for one team at once, and what everybody else notices.

use async_nats::jetstream::consumer::pull;
use reqwest::Method;
use serde_json::json;
use tipoff_domain::LeadId;
use tipoff_runtime::past;
use tipoff_tests::{World, answer, id, robin};
use tipoff_wire::{EventKind, Stream, subject};

/// Leads of one team that wait with everybody's; what comes at once beyond them does not.
const PROMPT: usize = 600;

/// Whose leads were offered, in that order.
async fn offered(world: &World) -> Vec<String> {
    let mut whose = Vec::new();
    let reading = past::visit(&world.nats, Stream::Events.name(), "events.>", |stored| {
        let event: tipoff_wire::Event = serde_json::from_slice(&stored.body).unwrap();
        if event.kind == EventKind::Offered {
            whose.push(subject::entity_of(&stored.subject).unwrap().to_string());
        }
    });
    reading.await.unwrap();
    whose
}

/// Answers them in the order in which they were sent.
async fn import(world: &World, entity: &str, leads: usize) -> Vec<LeadId> {
    let key = json!({"entity": entity, "role": "source", "source": "zillow"});
    let key = world.operator.post("/v1/keys", &key).await.expect(201).field("key");
    let line = |n: usize| {
        format!(
            "{}\n",
            json!({"external_id": n.to_string(), "emails": [format!("person{n}@example.com")]})
        )
    };
    let body: String = (0..leads).map(line).collect();
    let request = world.intake.with_key(&key).request(Method::POST, "/v1/leads/batch");
    let request = request.header("content-type", "application/x-ndjson").body(body);
    let report = answer(request).await.expect(200).json();
    assert_eq!(report["accepted"], leads);
    let results = report["results"].as_array().unwrap().iter();
    results.map(|result| id(result["id"].as_str().unwrap())).collect()
}

async fn until_nothing_waits(world: &World, consumer: &str) {
    let leads = world.nats.jetstream.get_stream(Stream::Leads.name()).await.unwrap();
    let is_idle = async || {
        leads.get_consumer::<pull::Config>(consumer).await.is_ok_and(|there| {
            let info = there.cached_info();
            info.num_pending == 0 && info.num_ack_pending == 0
        })
    };
    while !is_idle().await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_lead_does_not_wait_behind_what_another_team_imports() {
    let mut world = World::with_team(&["ana"]).await;
    world.route("Robin", robin(&["ana"]), json!({})).await;
    world.add_team("other", json!({}), &["eve"]).await;
    let all = json!({"title": "All", "strategy": robin(&["eve"]), "channels": ["email"]});
    world.operator.post("/v1/entities/other/routes", &all).await.expect(201);
    world.stop_notifiers().await;
    world.stop_routers().await;
    let imported = import(&world, "other", PROMPT + 1_900).await.len();
    let lead = world.lead_from_zillow("Kim").await;

    world.start_router();
    world.first(&lead, EventKind::Offered).await;
    until_nothing_waits(&world, "router").await;
    until_nothing_waits(&world, "router-bulk").await;
    let offered = offered(&world).await;
    assert_eq!(offered.len(), imported + 1, "each once");
    let after = offered.iter().rev().position(|whose| whose == "acme").unwrap();
    assert!(after > 500, "{after} of {imported} came after it");
}

#[tokio::test]
async fn a_starved_line_of_imported_leads_is_found_as_well() {
    let mut world = World::with_team(&["ana"]).await;
    world.route("Robin", robin(&["ana"]), json!({})).await;
    world.stop_notifiers().await;
    until_nothing_waits(&world, "router-bulk").await;
    let later = "2040-01-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let leads = world.nats.jetstream.get_stream(Stream::Leads.name()).await.unwrap();
    leads.pause_consumer("router-bulk", later).await.unwrap();
    let imported = import(&world, "acme", PROMPT + 20).await;
    for lead in &imported[PROMPT..] {
        world.first(lead, EventKind::Offered).await;
    }
    assert_eq!(offered(&world).await.len(), imported.len(), "each once");
    leads.resume_consumer("router-bulk").await.unwrap();
}
