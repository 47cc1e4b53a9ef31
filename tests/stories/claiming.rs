use serde_json::json;
use tipoff_domain::LeadId;
use tipoff_tests::{Caller, World, answer, claim_link, id, minutes, robin};
use tipoff_wire::EventKind;

use crate::live::Live;

async fn claim(agent: &Caller, lead: &LeadId) -> (u16, String) {
    let answer = agent.post(&format!("/v1/leads/{lead}/claim"), &json!({})).await;
    let word =
        if answer.status.is_success() { answer.field("outcome") } else { answer.field("code") };
    (answer.status.as_u16(), word)
}

fn ball() -> serde_json::Value {
    json!({"kind": "jump_ball", "agents": "all"})
}

/// D-32.
#[tokio::test]
async fn every_answer_to_a_claim_is_the_one_the_design_promises() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    world
        .route(
            "Ball",
            json!({"kind": "jump_ball", "agents": ["ana", "ben"]}),
            json!({"claim_within": "15m"}),
        )
        .await;
    let (ana, ben, chloe) =
        (world.agent("ana").await, world.agent("ben").await, world.agent("chloe").await);
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;

    assert_eq!(claim(&chloe, &lead).await, (403, "not_offered".to_owned()));
    assert_eq!(claim(&ana, &lead).await, (200, "won".to_owned()));
    assert_eq!(claim(&ana, &lead).await, (200, "already_yours".to_owned()));
    assert_eq!(claim(&ben, &lead).await, (409, "taken".to_owned()));
    assert_eq!(claim(&ben, &id("lead_nowhere")).await.0, 404);

    let late = world.lead_from_zillow("Eli").await;
    world.offered(&late, 1).await;
    world.fast_forward(minutes(15)).await;
    assert_eq!(claim(&ana, &late).await.0, 410);
}

#[tokio::test]
async fn a_lead_given_away_by_hand_is_withdrawn_from_who_was_asked() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", json!({"kind": "round_robin", "agents": ["ana"]}), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    let link = claim_link(&world.mail("ana", &lead, 1).await);
    let admin = world.caller("admin", None).await;
    admin.post(&format!("/v1/leads/{lead}/assign"), &json!({"agent": "ben"})).await.expect(200);

    assert_eq!(claim(&world.agent("ana").await, &lead).await, (410, "withdrawn".to_owned()));
    let browser = world.operator.with_key("");
    browser.get(link.strip_prefix(&browser.base_url()).unwrap()).await.expect(410);
    let told = world.mail("ben", &lead, 1).await;
    assert!(told.links.iter().all(|link| !link.contains("/c/")), "there is nothing to claim");
}

#[tokio::test]
async fn the_link_passes_as_well_and_the_lead_moves_on_at_once() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", json!({"kind": "round_robin", "agents": ["ana", "ben"]}), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    let browser = world.operator.with_key("");
    let link = claim_link(&world.mail("ana", &lead, 1).await);
    let path = link.strip_prefix(&browser.base_url()).unwrap();
    let page = browser.open(path).await;
    assert!(!page.html.contains("dana@example.com"), "contact details are for who has the lead");
    page.press("pass").await.expect(200);
    assert_eq!(world.offered(&lead, 2).await, ["ben"]);

    let bens = claim_link(&world.mail("ben", &lead, 1).await);
    let page = browser.open(bens.strip_prefix(&browser.base_url()).unwrap()).await;
    page.press("claim").await.expect(200);
    browser.get(path).await.expect(200);
    assert_eq!(
        world.history(&lead).await,
        ["lead.received", "lead.offered", "lead.passed", "lead.offered", "lead.claimed"]
    );
}

#[tokio::test]
async fn a_post_without_the_pages_own_secret_does_nothing() {
    let world = World::with_team(&["ana"]).await;
    world.route("Robin", json!({"kind": "round_robin", "agents": ["ana"]}), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    let browser = world.operator.with_key("");
    let link = claim_link(&world.mail("ana", &lead, 1).await);
    let path = link.strip_prefix(&browser.base_url()).unwrap();
    let bare = browser.request(reqwest::Method::POST, path).form(&[("action", "claim")]);
    answer(bare).await;
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered"]);
}

#[tokio::test]
async fn the_pool_is_listed_claimed_from_returned_to_and_assigned_from() {
    let world = World::with_team(&["ana", "ben"]).await;
    let lead = world.lead_from_zillow("Dana").await;
    let pooled = world.first(&lead, EventKind::Pooled).await;
    assert_eq!(serde_json::to_value(pooled.after.why).unwrap(), "no_route");
    let (ana, admin) = (world.agent("ana").await, world.caller("admin", None).await);
    let in_pool =
        |answer: tipoff_tests::Answer| answer.expect(200).json()["leads"].as_array().unwrap().len();

    assert_eq!(in_pool(ana.get("/v1/entities/acme/pool").await), 1);
    ana.post(&format!("/v1/entities/acme/pool/{lead}/claim"), &json!({})).await.expect(200);
    assert_eq!(in_pool(ana.get("/v1/entities/acme/pool").await), 0);
    let (ben, note) = (world.agent("ben").await, "Dana Reyes, call 512-555-0101");
    let mut live = Live::open(&ben).await;
    ana.post(&format!("/v1/leads/{lead}/follow-up"), &json!({"note": note})).await.expect(200);
    ana.post(&format!("/v1/leads/{lead}/return"), &json!({"reason": "not my town"}))
        .await
        .expect(200);
    assert_eq!(in_pool(ana.get("/v1/entities/acme/pool").await), 1);
    let heard = json!(live.until("lead.returned").await).to_string();
    let told = ben.get(&format!("/v1/leads/{lead}/timeline")).await.expect(200).text;
    for text in [&heard, &told] {
        for hidden in ["Dana", "512-555-0101", "my town", "memory", "requests"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    admin
        .post(&format!("/v1/entities/acme/pool/{lead}/assign"), &json!({"agent": "ben"}))
        .await
        .expect(200);

    let timeline = admin.get(&format!("/v1/leads/{lead}/timeline")).await.expect(200).json();
    let kinds: Vec<_> =
        timeline["events"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(
        kinds,
        [
            "lead.received",
            "lead.pooled",
            "lead.claimed",
            "lead.follow_up",
            "lead.returned",
            "lead.assigned"
        ]
    );
    assert_eq!(timeline["events"][3]["reason"], note);
    assert_eq!(timeline["events"][4]["reason"], "not my town");
    for hidden in ["dana@example.com", "requests"] {
        assert!(!timeline.to_string().contains(hidden), "{hidden} in {timeline}");
    }
}

#[tokio::test]
async fn two_hundred_agents_jump_and_one_has_the_lead() {
    let names: Vec<String> = (0..200).map(|number| format!("agent{number}")).collect();
    let world = World::with_team(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.route("Ball", ball(), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    let agents = futures::future::join_all(names.iter().map(|name| world.agent(name))).await;
    let answers = futures::future::join_all(agents.iter().map(|agent| claim(agent, &lead))).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|(_, word)| word == "taken").count(), 199);
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}

#[tokio::test]
async fn what_a_route_hides_is_seen_by_whoever_has_the_lead_and_by_nobody_before() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({"preview": ["kind", "price"]})).await;
    let property = json!({"address": "15 Oak Ct", "price": 450_000});
    let lead =
        world.lead("Dana", json!({"message": "About the villa", "property": property})).await;
    world.offered(&lead, 1).await;
    let (ana, browser) = (world.agent("ana").await, world.operator.with_key(""));
    let mail = world.mail("ana", &lead, 1).await;
    let link = claim_link(&mail);
    let page = browser.open(link.strip_prefix(&browser.base_url()).unwrap()).await;
    let (at, timeline) = (format!("/v1/leads/{lead}"), format!("/v1/leads/{lead}/timeline"));
    let seen = [
        ana.get(&at).await.expect(200).text,
        ana.get(&timeline).await.expect(200).text,
        ana.get("/v1/me/offers").await.expect(200).text,
        format!("{}{}{}", mail.subject, mail.text, mail.html.unwrap()),
        page.html,
    ];
    for text in &seen {
        for hidden in ["Dana", "villa", "Oak", "zillow", "Zillow"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    assert!(seen[3].contains("$450,000") && seen[4].contains("$450,000"));
    assert_eq!(ana.get(&at).await.json()["lead"]["property"], json!({"price": 450_000.0}));

    world.does("ana", "claim", &lead).await.expect(200);
    let whole = ana.get(&at).await.expect(200).json();
    assert_eq!(
        (&whole["source"], &whole["lead"]["name"]["full"]),
        (&json!("zillow"), &json!("Dana"))
    );
    assert!(ana.get(&timeline).await.expect(200).text.contains("zillow"));

    let ben = world.agent("ben").await;
    let mut live = Live::open(&ben).await;
    let note = json!({"note": "Dana Reyes, call 512-555-0101"});
    ana.post(&format!("{at}/follow-up"), &note).await.expect(200);
    let because = json!({"reason": "Dana moved, 512-555-0101 is her sister"});
    ana.post(&format!("{at}/return"), &because).await.expect(200);
    let heard = json!(live.until("lead.returned").await).to_string();
    let told = ben.get(&timeline).await.expect(200);
    for text in [&heard, &told.text] {
        for hidden in ["Dana", "512-555-0101", "sister", "zillow", "memory", "requests"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    let own = json!([{"agent": "ben", "verdict": "eligible"}]);
    assert_eq!(told.json()["events"][1]["decision"]["candidates"], own, "and nobody else by name");
    let all = world.operator.get(&format!("{timeline}?entity=acme")).await.expect(200).text;
    assert!(all.contains("memory") && all.contains("sister") && !all.contains("requests"), "{all}");
    let hers = ana.get(&timeline).await.expect(200).text;
    assert!(hers.contains("sister") && !hers.contains("zillow"), "her own words: {hers}");
}
