//! What a team sees every day, from the first lead on.

use serde_json::{Value, json};
use tipoff_tests::{World, assign_to, id, robin};

/// The ids that a list holds.
async fn listed(caller: &tipoff_tests::Caller, path: &str) -> Vec<String> {
    let list: Value = caller.get(path).await.expect(200).json();
    let held = ["leads", "offers"].iter().find_map(|name| list[name].as_array());
    let all = held.unwrap_or_else(|| panic!("{list}"));
    all.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn without_any_route_leads_go_to_the_pool_where_everybody_sees_them() {
    let world = World::with_team(&["ana", "ben"]).await;
    let lead = world.lead_from_zillow("Dana").await;
    assert_eq!(world.pooled(&lead).await, "no_route");
    let pool = "/v1/entities/acme/pool";
    assert_eq!(listed(&world.operator, pool).await, [lead.as_str()]);
    assert_eq!(listed(&world.agent("ana").await, pool).await, [lead.as_str()]);
    world.does("ben", "claim", &lead).await.expect(200);
    assert_eq!(listed(&world.agent("ana").await, pool).await, [""; 0]);
}

#[tokio::test]
async fn a_claimed_lead_leaves_the_list_of_new_leads_and_is_among_the_agents_own() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    let ana = world.agent("ana").await;
    assert_eq!(listed(&ana, "/v1/me/offers").await, [lead.as_str()]);
    assert_eq!(listed(&ana, "/v1/me/leads").await, [""; 0]);
    world.does("ana", "claim", &lead).await.expect(200);
    assert_eq!(listed(&ana, "/v1/me/offers").await, [""; 0]);
    assert_eq!(listed(&ana, "/v1/me/leads").await, [lead.as_str()]);
    assert_eq!(world.shown(&lead).await["agent"], "ana");
}

#[tokio::test]
async fn assign_to_agent_gives_every_lead_to_one_agent_who_claims_nothing() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("To Ana", assign_to("ana"), json!({})).await;
    for name in ["Dana", "Eli"] {
        let lead = world.lead_from_zillow(name).await;
        let (agent, how) = world.assigned(&lead, 1).await;
        assert_eq!((agent.as_str(), how.as_str()), ("ana", "assign_to_agent"));
        assert_eq!(world.history(&lead).await, ["lead.received", "lead.assigned"]);
    }
}

/// Both the office and the team below it have a source called `zillow`: whose
/// key sent the lead decides whose routes see it, and nobody else's do.
#[tokio::test]
async fn a_lead_belongs_to_the_entity_that_its_source_is_connected_to() {
    let world = World::empty().await;
    world.add_team("hill", json!({"kind": "office"}), &["olga"]).await;
    world.add_team("acme", json!({"parent": "hill"}), &["ana"]).await;
    let office = json!({"title": "Office", "strategy": assign_to("olga")});
    world.operator.post("/v1/entities/hill/routes", &office).await.expect(201);
    world.route("Team", assign_to("ana"), json!({})).await;

    let key = json!({"entity": "hill", "role": "source", "source": "zillow"});
    let key = world.operator.post("/v1/keys", &key).await.expect(201).field("key");
    let person = json!({"external_id": "Dana", "emails": ["dana@example.com"]});
    let sent = world.intake.with_key(&key).post("/v1/leads", &person).await.expect(202);
    let theirs: tipoff_domain::LeadId = id(&sent.field("id"));
    let ours = world.lead_from_zillow("Eli").await;
    assert_eq!(world.assigned(&ours, 1).await.0, "ana");

    let olga = json!({"entity": "hill", "role": "agent", "agent": "olga"});
    let olga = world.operator.post("/v1/keys", &olga).await.expect(201).field("key");
    let olga = world.operator.with_key(&olga);
    world
        .mailbox
        .wait_for("Olga's mail", |caught| {
            caught.iter().find(|mail| mail.lead.as_deref() == Some(theirs.as_str())).cloned()
        })
        .await;
    assert_eq!(listed(&olga, "/v1/me/leads").await, [theirs.as_str()]);
    assert_eq!(listed(&world.operator, "/v1/entities/acme/leads").await, [ours.as_str()]);
}
