//! The same person again (D-30).

use serde_json::{Value, json};
use tipoff_domain::LeadId;
use tipoff_tests::{World, minutes, robin};
use tipoff_wire::EventKind;

async fn team(rule: Value) -> World {
    let world = World::empty().await;
    world.add_team("acme", json!({"same_person": rule}), &["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({"claim_within": "15m"})).await;
    world
}

/// Dana once more, under another key.
async fn dana(world: &World, key: &str) -> LeadId {
    world.sends("zillow", &json!({"external_id": key, "emails": ["dana@example.com"]})).await
}

#[tokio::test]
async fn an_open_lead_takes_the_inquiry_in_and_its_deadline_stays() {
    let world = team(json!({"attach": true})).await;
    let lead = dana(&world, "one").await;
    world.offered(&lead, 1).await;
    world.fast_forward(minutes(10)).await;
    dana(&world, "two").await;
    world.first(&lead, EventKind::Duplicate).await;
    let shown = world.shown(&lead).await;
    assert_eq!((&shown["inquiries"], &shown["seconds_left"]), (&json!(2), &json!(5 * 60)));
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered", "lead.duplicate"]);
}

#[tokio::test]
async fn whoever_has_the_person_keeps_them_without_turn_or_limit() {
    let world = team(json!({"attach": true, "sticky": "90d"})).await;
    let first = dana(&world, "one").await;
    world.offered(&first, 1).await;
    world.does("ana", "claim", &first).await.expect(200);
    world.change_agent("ana", json!({"limits": [{"count": 1, "period": "month"}]})).await;
    world.fast_forward(minutes(60 * 24 * 20)).await;
    let again = dana(&world, "two").await;
    assert_eq!(world.assigned(&again, 1).await, ("ana".to_owned(), "returning".to_owned()));
    world.mail("ana", &again, 1).await;
    let other = world.lead_from_zillow("Eli").await;
    assert_eq!(world.offered(&other, 1).await, ["ben"], "it was nobody's turn");
    world.does("ben", "claim", &other).await.expect(200);
    world.fast_forward(minutes(60 * 24 * 90)).await;
    let stranger = dana(&world, "three").await;
    assert_eq!(world.offered(&stranger, 1).await, ["ana"], "after ninety days it is a new lead");
}

#[tokio::test]
async fn who_is_away_does_not_keep_anybody() {
    let world = team(json!({"attach": true, "sticky": "90d"})).await;
    let first = dana(&world, "one").await;
    world.offered(&first, 1).await;
    world.does("ana", "claim", &first).await.expect(200);
    world.change_agent("ana", json!({"away": {"until": "2040-06-02T00:00:00Z"}})).await;
    let again = dana(&world, "two").await;
    assert_eq!(world.offered(&again, 1).await, ["ben"]);
}

#[tokio::test]
async fn without_the_rule_every_inquiry_stands_for_itself() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let (one, two) = (dana(&world, "one").await, dana(&world, "two").await);
    let mut firsts = [world.offered(&one, 1).await, world.offered(&two, 1).await].concat();
    firsts.sort();
    assert_eq!(firsts, ["ana", "ben"]);
}

/// D-30: a source may have a rule of its own.
#[tokio::test]
async fn a_source_may_know_people_otherwise_than_the_team() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let zillow = json!({"name": "Zillow", "same_person": {"attach": true}});
    world.operator.put("/v1/entities/acme/sources/zillow", &zillow).await.expect(200);
    let shown = world.operator.get("/v1/entities/acme/sources/zillow").await.expect(200).json();
    assert_eq!(shown["same_person"]["attach"], true);
    world.operator.put("/v1/entities/acme/sources/web", &json!({"name": "Web"})).await.expect(201);
    let first = dana(&world, "one").await;
    world.offered(&first, 1).await;
    dana(&world, "two").await;
    world.first(&first, EventKind::Duplicate).await;
    let other = json!({"external_id": "three", "emails": ["dana@example.com"]});
    let other = world.sends("web", &other).await;
    assert_eq!(world.offered(&other, 1).await, ["ben"], "the team knows nobody again");
}

/// D-30 b: what nobody took for a day is offered again when the person still
/// waits. The day ends when they ask, not when a router gets round to it.
#[tokio::test]
async fn who_asks_again_while_their_lead_rests_for_long_is_offered_anew() {
    let mut world = team(json!({"attach": true, "offer_again_after": "24h"})).await;
    for agent in ["ana", "ben"] {
        world
            .operator
            .post(&format!("/v1/entities/acme/agents/{agent}/pause"), &json!({}))
            .await
            .expect(200);
    }
    let lead = dana(&world, "one").await;
    assert_eq!(world.pooled(&lead).await, "nobody_eligible");
    world.operator.post("/v1/entities/acme/agents/ben/resume", &json!({})).await.expect(200);
    world.fast_forward(minutes(24 * 60 - 1)).await;
    world.stop_routers().await;
    dana(&world, "two").await;
    world.fast_forward(minutes(2)).await;
    world.start_router();
    world.first(&lead, EventKind::Duplicate).await;
    world.stop_routers().await;
    let rests = ["lead.received", "lead.pooled", "lead.duplicate"];
    assert_eq!(world.history(&lead).await, rests, "not before a day was over");
    world.start_router();
    dana(&world, "three").await;
    assert_eq!(world.offered(&lead, 1).await, ["ben"]);
}

/// Ana has Dana.
async fn ana_has_dana() -> World {
    let world = team(json!({"attach": true, "sticky": "90d"})).await;
    let first = dana(&world, "one").await;
    world.offered(&first, 1).await;
    world.does("ana", "claim", &first).await.expect(200);
    world
}

/// D-27, whoever has the person.
#[tokio::test]
async fn what_is_imported_about_a_person_whom_somebody_has_is_kept_and_told_to_nobody() {
    let world = ana_has_dana().await;
    let row = json!({"external_id": "two", "origin": "import"});
    let imported = world.lead("Dana", row).await;
    world.first(&imported, EventKind::Held).await;
    assert_eq!(world.history(&imported).await, ["lead.received", "lead.held"]);

    let again = dana(&world, "three").await;
    let hers = ("ana".to_owned(), "returning".to_owned());
    assert_eq!(world.assigned(&again, 1).await, hers, "she is known by the lead that Ana has");
    world.mail("ana", &again, 1).await;
    let told = world.mailbox.caught();
    assert!(told.iter().all(|mail| mail.lead.as_deref() != Some(imported.as_str())), "{told:?}");
}

/// D-27: it asks for nothing, however long the person's lead has rested (D-30 b).
#[tokio::test]
async fn what_is_imported_has_no_lead_offered_anew_that_rests() {
    let mut world = team(json!({"attach": true, "offer_again_after": "24h"})).await;
    for agent in ["ana", "ben"] {
        world.change_agent(agent, json!({"paused": true})).await;
    }
    let lead = dana(&world, "one").await;
    assert_eq!(world.pooled(&lead).await, "nobody_eligible");
    world.change_agent("ben", json!({"paused": false})).await;
    world.fast_forward(minutes(25 * 60)).await;
    world.lead("Dana", json!({"external_id": "two", "origin": "import"})).await;
    world.first(&lead, EventKind::Duplicate).await;
    world.stop_routers().await;
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.pooled", "lead.duplicate"]);
}

/// After an import of all old contacts their next inquiries would go nowhere (D-27 before D-30 b).
#[tokio::test]
async fn who_is_only_stored_and_asks_for_themselves_is_offered() {
    let world = team(json!({"attach": true, "sticky": "90d"})).await;
    let row = json!({"external_id": "one", "origin": "import"});
    let imported = world.lead("Dana", row).await;
    world.first(&imported, EventKind::Held).await;
    let asked = dana(&world, "two").await;
    assert_eq!(world.offered(&asked, 1).await, ["ana"]);
    assert_eq!(world.history(&imported).await, ["lead.received", "lead.held"]);
}

/// D-30 c: what is sent to routing later is routed as if it had just come in (D-27).
#[tokio::test]
async fn what_was_stored_and_is_sent_to_routing_goes_to_whoever_has_the_person_by_then() {
    let world = team(json!({"attach": true, "sticky": "90d"})).await;
    let row = json!({"external_id": "one", "origin": "import"});
    let imported = world.lead("Dana", row).await;
    world.first(&imported, EventKind::Held).await;
    let asked = dana(&world, "two").await;
    world.offered(&asked, 1).await;
    world.does("ana", "claim", &asked).await.expect(200);

    world.fast_forward(minutes(60)).await;
    world.orders("send-to-routing", &imported, json!({})).await.expect(200);
    let hers = ("ana".to_owned(), "returning".to_owned());
    assert_eq!(world.assigned(&imported, 1).await, hers);
    world.mail("ana", &imported, 1).await;
    let other = world.lead_from_zillow("Eli").await;
    assert_eq!(world.offered(&other, 1).await, ["ben"], "it was nobody's turn");
}

/// An address, which is held until somebody can be reached (D-26).
async fn address(world: &World, key: &str) -> LeadId {
    let sent = json!({"external_id": key, "property": {"address": "15 Oak Ct"}});
    let lead = world.sends("zillow", &sent).await;
    world.first(&lead, EventKind::Held).await;
    lead
}

/// D-30 c, whoever completes it: an admin, or the source.
#[tokio::test]
async fn an_address_that_is_completed_goes_to_whoever_has_the_person() {
    let world = ana_has_dana().await;
    let (one, two) = (address(&world, "two").await, address(&world, "three").await);
    world.orders("contact", &one, json!({"emails": ["dana@example.com"]})).await.expect(200);
    let hers = ("ana".to_owned(), "returning".to_owned());
    assert_eq!(world.assigned(&one, 1).await, hers);
    let complete = json!({"external_id": "three", "emails": ["dana@example.com"],
        "property": {"address": "15 Oak Ct"}});
    assert_eq!(world.sends("zillow", &complete).await, two, "by its own id it is the same lead");
    assert_eq!(world.assigned(&two, 1).await, hers);
}

/// D-30 b: its offer stands, and nobody is asked about the same person twice.
#[tokio::test]
async fn an_address_that_is_completed_while_the_persons_lead_is_open_is_an_inquiry_on_it() {
    let world = team(json!({"attach": true, "sticky": "90d"})).await;
    let held = address(&world, "one").await;
    let lead = dana(&world, "two").await;
    world.offered(&lead, 1).await;
    world.orders("contact", &held, json!({"emails": ["dana@example.com"]})).await.expect(200);
    world.first(&held, EventKind::Closed).await;
    let story = ["lead.received", "lead.held", "lead.released", "lead.closed"];
    assert_eq!(world.history(&held).await, story);
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered", "lead.duplicate"]);
    assert_eq!(world.shown(&held).await["duplicate_of"], lead.as_str());
    assert_eq!(world.shown(&lead).await["inquiries"], 2);
    let report = world.operator.get("/v1/entities/acme/report").await.expect(200).json();
    let totals = &report["totals"];
    assert_eq!((&totals["received"], &totals["inquiries"]), (&json!(1), &json!(1)), "{report}");
}

/// D-30 b: somebody asks for them by that.
#[tokio::test]
async fn what_was_stored_and_is_sent_to_routing_has_the_persons_lead_offered_anew_that_rests() {
    let world = team(json!({"attach": true, "offer_again_after": "24h"})).await;
    let imported = world.lead("Dana", json!({"external_id": "one", "origin": "import"})).await;
    world.first(&imported, EventKind::Held).await;
    for agent in ["ana", "ben"] {
        world.change_agent(agent, json!({"paused": true})).await;
    }
    let lead = dana(&world, "two").await;
    assert_eq!(world.pooled(&lead).await, "nobody_eligible");
    world.change_agent("ben", json!({"paused": false})).await;
    world.fast_forward(minutes(25 * 60)).await;
    world.orders("send-to-routing", &imported, json!({})).await.expect(200);
    assert_eq!(world.offered(&lead, 1).await, ["ben"]);
    world.first(&lead, EventKind::Duplicate).await;
}

/// Sent by an agent's own site.
fn site(key: &str, agent: &str) -> Value {
    json!({"external_id": key, "origin": "agent_site", "agent": agent})
}

/// D-28: neither whoever has the person nor their open lead comes before it.
#[tokio::test]
async fn what_comes_from_an_agents_own_site_is_theirs_whoever_has_the_person() {
    let world = ana_has_dana().await;
    let lead = world.lead("Dana", site("two", "ben")).await;
    assert_eq!(world.assigned(&lead, 1).await, ("ben".to_owned(), "agent_site".to_owned()));
    world.mail("ben", &lead, 1).await;
    let stranger = world.lead("Dana", site("three", "zoe")).await;
    let his = ("ben".to_owned(), "returning".to_owned());
    assert_eq!(world.assigned(&stranger, 1).await, his, "who is gone owns nothing");

    let open = world.lead_from_zillow("Eli").await;
    world.offered(&open, 1).await;
    let more = world.lead("Eli", site("four", "ana")).await;
    assert_eq!(world.assigned(&more, 1).await, ("ana".to_owned(), "agent_site".to_owned()));
    assert_eq!(world.history(&open).await, ["lead.received", "lead.offered"]);
}
