//! Leads that do not go by the routes of themselves (D-26, D-27, D-28).

use serde_json::{Value, json};
use tipoff_domain::LeadId;
use tipoff_tests::{World, id, minutes, robin};
use tipoff_wire::EventKind;

async fn team() -> World {
    let world = World::with_team(&["ana", "ben"]).await;
    let zillow = json!({"criteria": {"sources": ["zillow"]}});
    world.route("Robin", robin(&["ana", "ben"]), zillow).await;
    world
}

fn address_only() -> Value {
    json!({"external_id": "web-42", "kind": "seller", "property": {"address": "15 Oak Ct"}})
}

async fn held(world: &World) -> Vec<(String, String)> {
    let held = world.operator.get("/v1/entities/acme/held").await.expect(200).json();
    let text = |lead: &Value, field: &str| lead[field].as_str().unwrap().to_owned();
    let leads = held["leads"].as_array().unwrap().iter();
    leads.map(|lead| (text(lead, "id"), text(lead, "why"))).collect()
}

async fn waits(world: &World, lead: &LeadId, why: &str) {
    world.first(lead, EventKind::Held).await;
    assert_eq!(held(world).await, [(lead.to_string(), why.to_owned())]);
    assert_eq!(world.history(lead).await, ["lead.received", "lead.held"]);
}

#[tokio::test]
async fn an_address_alone_waits_for_the_admin_and_is_routed_when_somebody_can_be_reached() {
    let world = team().await;
    let lead = world.sends("zillow", &address_only()).await;
    waits(&world, &lead, "incomplete").await;
    world.agent("ana").await.get(&format!("/v1/leads/{lead}")).await.expect(404);

    world.fast_forward(minutes(90)).await;
    let nothing = world.orders("contact", &lead, json!({})).await.expect(422).json();
    assert_eq!(nothing["errors"][0]["field"], "/emails");
    world.orders("contact", &lead, json!({"phones": ["(512) 555-0101"]})).await.expect(200);
    assert_eq!(world.offered(&lead, 1).await, ["ana"]);
    let shown = world.shown(&lead).await;
    assert_eq!(shown["t0"], "2040-06-01T15:30:00Z", "it is decided now, not when it came");
    assert_eq!(shown["received_at"], "2040-06-01T14:00:00Z");
    assert_eq!(shown["lead"]["phones"], json!(["+15125550101"]));
    assert_eq!(held(&world).await, []);
    let again = world.orders("contact", &lead, json!({"phones": ["512 555 0102"]})).await;
    assert_eq!(again.expect(409).field("code"), "already_routed");
}

#[tokio::test]
async fn the_source_itself_may_send_the_contact_details_later() {
    let world = team().await;
    let lead = world.sends("zillow", &address_only()).await;
    waits(&world, &lead, "incomplete").await;
    let mut complete = address_only();
    complete["emails"] = json!(["dana@example.com"]);
    assert_eq!(world.sends("zillow", &complete).await, lead, "by its own id it is the same lead");
    assert_eq!(world.offered(&lead, 1).await, ["ana"]);
    assert_eq!(world.shown(&lead).await["lead"]["emails"], json!(["dana@example.com"]));
}

#[tokio::test]
async fn a_lead_that_was_typed_in_is_kept_told_to_nobody_and_routed_when_sent_once() {
    let world = team().await;
    let lead = world.lead("Dana", json!({"origin": "manual"})).await;
    waits(&world, &lead, "not_automatic").await;
    let sent = world.orders("send-to-routing", &lead, json!({})).await.expect(200).json();
    assert_eq!(sent["outcome"], "released");
    assert_eq!(world.offered(&lead, 1).await, ["ana"], "by its source, like any other");
    world.mail("ana", &lead, 1).await;
    let again = world.orders("send-to-routing", &lead, json!({})).await.expect(409);
    assert_eq!(again.field("code"), "already_routed");
    let automatic = world.lead_from_zillow("Eli").await;
    world.offered(&automatic, 1).await;
    let existing = world.orders("send-to-routing", &automatic, json!({})).await.expect(409);
    assert_eq!(existing.field("code"), "already_routed");
    let agent = world.agent("ana").await;
    agent.post(&format!("/v1/leads/{lead}/send-to-routing"), &json!({})).await.expect(403);
}

#[tokio::test]
async fn a_lead_of_no_source_goes_by_routes_of_any_source_or_rests() {
    let world = team().await;
    world.route("Known", robin(&["ana"]), json!({"criteria": {"sources": "all"}})).await;
    let admin = world.intake.with_key(&world.caller("admin", None).await.key);
    let sends = async |lead: Value| -> LeadId {
        id(&admin.post("/v1/leads", &lead).await.expect(202).field("id"))
    };
    let lead = sends(json!({"emails": ["dana@example.com"]})).await;
    assert_eq!(world.pooled(&lead).await, "no_source", "all that are known is not any");
    assert_eq!(world.shown(&lead).await["source"], Value::Null);

    let typed = sends(json!({"emails": ["eli@example.com"], "origin": "manual"})).await;
    waits(&world, &typed, "not_automatic").await;
    let sent = world.orders("send-to-routing", &typed, json!({})).await.expect(422);
    assert_eq!(sent.field("code"), "no_source");

    world.route("Any", robin(&["ben"]), json!({})).await;
    let lead = sends(json!({"emails": ["fay@example.com"]})).await;
    assert_eq!(world.offered(&lead, 1).await, ["ben"]);
    let report = world.operator.get("/v1/entities/acme/report").await.expect(200).json();
    assert_eq!(report["totals"]["received"], 2, "what was typed in stands beside: {report}");
    assert!(report["identities"].as_array().unwrap().iter().all(|sum| sum["holds"] == true));
}

#[tokio::test]
async fn imported_leads_are_kept_and_told_to_nobody() {
    let world = team().await;
    let one = world.lead("Dana", json!({"origin": "import"})).await;
    waits(&world, &one, "not_automatic").await;
    world.assign(&one, "ben").await;
    assert_eq!(held(&world).await, [], "by hand is always possible");
}

#[tokio::test]
async fn a_lead_of_an_agents_own_site_is_theirs_without_any_route() {
    let world = team().await;
    let site = json!({"origin": "agent_site", "agent": "ben"});
    let lead = world.lead("Dana", site.clone()).await;
    assert_eq!(world.assigned(&lead, 1).await, ("ben".to_owned(), "agent_site".to_owned()));
    let mail = world.mail("ben", &lead, 1).await;
    assert!(mail.links.iter().all(|link| !link.contains("/c/")), "there is nothing to claim");
    let shown = world.shown(&lead).await;
    assert_eq!((&shown["agent"], &shown["owner"]), (&json!("ben"), &json!("ben")));
    assert_eq!(world.firsts(&["Eli"]).await, ["ana"], "it was nobody's turn");

    let stranger = world.lead("Fay", json!({"origin": "agent_site", "agent": "zoe"})).await;
    assert_eq!(world.offered(&stranger, 1).await, ["ben"], "who is gone owns nothing");
}
