//! Agents who take no leads for a while: by themselves, by an admin, on one route.

use serde_json::json;
use tipoff_tests::{World, friday_at_ten, id, minutes, robin};
use tipoff_wire::EventKind;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

async fn why(world: &World, name: &str) -> (String, String) {
    let lead = world.lead_from_zillow(name).await;
    let offered = world.first(&lead, EventKind::Offered).await;
    let decision = offered.decision.unwrap();
    let ana = decision.candidates.iter().find(|one| one.agent.as_str() == "ana").unwrap();
    let verdict = serde_json::to_value(ana.verdict).unwrap();
    (offered.offers[0].agent.to_string(), verdict.as_str().unwrap().to_owned())
}

fn skipped(verdict: &str) -> (String, String) {
    ("ben".to_owned(), verdict.to_owned())
}

#[tokio::test]
async fn a_holiday_begins_and_ends_by_itself() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let (from, until) = (friday_at_ten() + minutes(10), friday_at_ten() + minutes(20));
    world.change_agent("ana", json!({"away": {"from": from, "until": until}})).await;
    assert_eq!(world.firsts(&["Dana", "Eli"]).await, ["ana", "ben"]);
    world.fast_forward(minutes(10)).await;
    assert_eq!(why(&world, "Fay").await, skipped("away"));
    world.fast_forward(minutes(10)).await;
    assert_eq!(world.firsts(&["Gus"]).await, ["ana"]);
}

#[tokio::test]
async fn a_pause_on_one_route_leaves_the_others_alone() {
    let world = World::with_team(&["ana", "ben"]).await;
    let buyers = json!({"criteria": {"kinds": ["buyer"]}});
    let buyers = world.route("Buyers", robin(&["ana", "ben"]), buyers).await;
    world.route("Sellers", robin(&["ana", "ben"]), json!({})).await;
    world.change_agent("ana", json!({"paused_on": [buyers]})).await;
    assert_eq!(why(&world, "Dana").await, skipped("paused_on_route"));
    let seller = world.lead("Eli", json!({"kind": "seller"})).await;
    assert_eq!(world.offered(&seller, 1).await, ["ana"]);
}

#[tokio::test]
async fn an_admins_pause_counts_everywhere() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    world.operator.post("/v1/entities/acme/agents/ana/pause", &json!({})).await.expect(200);
    assert_eq!(why(&world, "Dana").await, skipped("paused"));
}

#[tokio::test]
async fn who_lets_one_offer_after_the_other_run_out_is_paused_where_the_team_wants_that() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.settle(json!({"missed_offers": {"pause_at": 2}})).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({"claim_within": "5m"})).await;
    let in_a_row = async |agent: &str| {
        let report = world.operator.get("/v1/entities/acme/report").await.expect(200).json();
        let rows = report["agents"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["agent"] == agent).unwrap()["missed_in_a_row"].clone()
    };
    let misses = async |person: &str| {
        let lead = world.lead_from_zillow(person).await;
        world.offered(&lead, 1).await;
        world.fast_forward(minutes(5)).await;
        world.offered(&lead, 2).await;
        lead
    };
    let first = misses("Dana").await;
    let expired = world.first(&first, EventKind::Expired).await;
    assert_eq!(serde_json::to_value(&expired.misses).unwrap(), json!({"ana": 1}));
    assert_eq!(in_a_row("ana").await, 1);
    world.does("ben", "pass", &first).await.expect(200);

    // An answer begins the row anew: it is Ben's turn, and then hers.
    let second = misses("Eli").await;
    world.does("ana", "claim", &second).await.expect(200);
    assert_eq!((in_a_row("ana").await, in_a_row("ben").await), (json!(0), json!(1)));

    misses("Fay").await;
    let last = world.lead_from_zillow("Gus").await;
    assert_eq!(world.offered(&last, 1).await, ["ben"]);
    let at = "/v1/entities/acme/agents/ben";
    let paused = async || world.operator.get(at).await.expect(200).json()["paused"].clone();
    world.fast_forward(minutes(5)).await;
    world.first(&last, EventKind::Expired).await;
    while paused().await != json!(true) {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.firsts(&["Hal", "Ivy"]).await, ["ana", "ana"]);
    let changes = world.operator.get("/v1/entities/acme/changes").await.expect(200).json();
    let change = &changes["changes"][0];
    assert_eq!((&change["id"], &change["by"]["name"]), (&json!("ben"), &json!("tipoff")));
}

/// Of five minutes Ben gets one, as then the route's timeout is over.
#[tokio::test]
async fn who_gets_only_what_is_left_of_a_routes_time_is_not_paused_for_it() {
    let world = World::with_team(&["ana", "ben", "tom"]).await;
    world.settle(json!({"missed_offers": {"pause_at": 1}})).await;
    let timed = json!({"claim_within": "5m", "timeout": {"after": "6m", "agent": "tom"}});
    world.route("Robin", robin(&["ana", "ben"]), timed).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.offered(&lead, 1).await;
    world.fast_forward(minutes(5)).await;
    assert_eq!(world.offered(&lead, 2).await, ["ben"]);
    world.fast_forward(minutes(1)).await;
    assert_eq!(world.assigned(&lead, 1).await, ("tom".to_owned(), "timeout_agent".to_owned()));
    let whole = world.nth(&lead, EventKind::Expired, 1).await;
    assert_eq!(serde_json::to_value(&whole.misses).unwrap(), json!({"ana": 1}));
    let rest = world.nth(&lead, EventKind::Expired, 2).await;
    assert_eq!((rest.agents, rest.misses.len()), (vec![id("ben")], 0));
}

#[tokio::test]
async fn who_looks_after_the_team_is_told_of_agents_who_let_offers_run_out() {
    let world = World::with_team(&["ana", "zoe"]).await;
    world.change_agent("zoe", json!({"channels": ["email", "in_app"], "locale": "es"})).await;
    world.settle(json!({"admins": ["zoe"], "missed_offers": {"tell_at": 2, "pause_at": 3}})).await;
    world.route("Robin", robin(&["ana"]), json!({"claim_within": "5m"})).await;
    let mut missed = Vec::new();
    for name in ["Dana", "Eli", "Fay"] {
        let lead = world.lead_from_zillow(name).await;
        world.offered(&lead, 1).await;
        world.fast_forward(minutes(5)).await;
        world.pooled(&lead).await;
        missed.push(lead);
    }
    let told = world.mail("zoe", &missed[1], 1).await;
    assert_eq!(told.subject, "ana: ofertas sin respuesta");
    assert!(told.text.contains("ana dejó pasar 2 ofertas sin responder."), "{}", told.text);
    assert!(!told.text.contains("Eli") && !told.text.contains("eli@"), "it is about Ana");
    let paused = world.mail("zoe", &missed[2], 1).await;
    assert!(paused.text.contains("3 ofertas sin responder y está en pausa"), "{}", paused.text);

    let zoe = world.agent("zoe").await;
    let at_the_bell = async {
        loop {
            let bell = zoe.get("/v1/me/bell").await.expect(200).json();
            if bell["items"].as_array().unwrap().len() == 2 {
                return bell["items"][0].clone();
            }
        }
    };
    let latest = tokio::time::timeout(PATIENCE, at_the_bell).await.unwrap();
    assert_eq!((&latest["stands"], &latest["misses"]), (&json!("missed"), &json!({"ana": 3})));
    let first =
        world.mailbox.caught().into_iter().filter(|mail| mail.to.starts_with("zoe")).count();
    assert_eq!(first, 2, "one offer that ran out is nothing to speak of");
    // An admin of a team is not just anybody, and cannot be taken away unnoticed.
    let gone = world.operator.request(reqwest::Method::DELETE, "/v1/entities/acme/agents/zoe");
    let refused = tipoff_tests::answer(gone).await.expect(422);
    assert!(refused.text.contains("admins"), "{}", refused.text);
    let nobody = json!({"admins": ["yan"]});
    let mut acme = world.operator.get("/v1/entities/acme").await.expect(200).json();
    acme.as_object_mut().unwrap().extend(nobody.as_object().unwrap().clone());
    let refused = world.operator.put("/v1/entities/acme", &acme).await.expect(422);
    assert!(refused.text.contains("/admins/0"), "{}", refused.text);
}
