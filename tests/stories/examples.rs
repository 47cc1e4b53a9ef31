//! The worked examples 1 to 12 of the rules, as they are lived.

use serde_json::json;
use tipoff_domain::AgentId;
use tipoff_tests::{World, answer, claim_link, friday_at_ten, id, minutes, robin, seconds};
use tipoff_wire::{EventKind, Stream};

#[tokio::test]
async fn example_1_the_turn_moves_on_once_per_lead() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    world.route("Robin", robin(&["ana", "ben", "chloe"]), json!({"claim_within": "15m"})).await;
    let first = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&first, 1).await, ["ana"]);
    world.fast_forward(minutes(15)).await;
    assert_eq!(world.offered(&first, 2).await, ["ben"]);
    world.agent("ben").await.post(&format!("/v1/leads/{first}/pass"), &json!({})).await.expect(200);
    assert_eq!(world.offered(&first, 3).await, ["chloe"]);

    let second = world.lead_from_zillow("Eli").await;
    assert_eq!(world.offered(&second, 1).await, ["ben"], "roll-ons took nobody's turn");
    world
        .agent("ben")
        .await
        .post(&format!("/v1/leads/{second}/pass"), &json!({}))
        .await
        .expect(200);
    assert_eq!(world.offered(&second, 2).await, ["chloe"]);
    world
        .agent("chloe")
        .await
        .post(&format!("/v1/leads/{second}/pass"), &json!({}))
        .await
        .expect(200);
    assert_eq!(world.offered(&second, 3).await, ["ana"]);

    world.fast_forward(minutes(15)).await;
    world.first(&first, EventKind::Pooled).await;
    assert_eq!(
        world.history(&first).await,
        [
            "lead.received",
            "lead.offered",
            "lead.expired",
            "lead.offered",
            "lead.passed",
            "lead.offered",
            "lead.expired",
            "lead.pooled"
        ]
    );
}

#[tokio::test]
async fn example_2_a_paused_agent_keeps_the_place_but_not_the_turn() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    world.route("Robin", robin(&["ana", "ben", "chloe"]), json!({})).await;
    world.operator.post("/v1/entities/acme/agents/ana/pause", &json!({})).await.expect(200);
    let first = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&first, 1).await, ["ben"]);
    world.operator.post("/v1/entities/acme/agents/ana/resume", &json!({})).await.expect(200);
    let second = world.lead_from_zillow("Eli").await;
    assert_eq!(world.offered(&second, 1).await, ["chloe"]);
    let third = world.lead_from_zillow("Fay").await;
    assert_eq!(world.offered(&third, 1).await, ["ana"]);
}

#[tokio::test]
async fn example_3_two_agents_on_a_random_route_take_turns_and_one_gets_everything() {
    let world = World::with_team(&["ana", "ben"]).await;
    let route =
        world.route("Draw", json!({"kind": "random", "agents": ["ana", "ben"]}), json!({})).await;
    let mut firsts = Vec::new();
    for name in ["Dana", "Eli", "Fay", "Gus", "Hal"] {
        let lead = world.lead_from_zillow(name).await;
        firsts.extend(world.offered(&lead, 1).await);
    }
    assert!(firsts.windows(2).all(|pair| pair[0] != pair[1]), "{firsts:?}");

    let alone = json!({"title": "Draw", "strategy": {"kind": "random", "agents": ["ana"]}, "channels": ["email"]});
    world.operator.put(&format!("/v1/entities/acme/routes/{route}"), &alone).await.expect(200);
    for name in ["Ida", "Jon"] {
        let lead = world.lead_from_zillow(name).await;
        assert_eq!(world.offered(&lead, 1).await, ["ana"]);
    }
}

#[tokio::test]
async fn example_4_a_jump_ball_ends_when_the_last_one_passes() {
    let world = World::with_team(&["ana", "ben", "chloe"]).await;
    let strategy = json!({"kind": "jump_ball", "agents": "all"});
    world.route("Ball", strategy, json!({"claim_within": "60s"})).await;
    let lead = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&lead, 1).await, ["ana", "ben", "chloe"]);
    for (agent, after) in [("ana", 5), ("ben", 1), ("chloe", 1)] {
        world.fast_forward(seconds(after)).await;
        world
            .agent(agent)
            .await
            .post(&format!("/v1/leads/{lead}/pass"), &json!({}))
            .await
            .expect(200);
    }
    let pooled = world.first(&lead, EventKind::Pooled).await;
    assert_eq!(pooled.at, friday_at_ten() + seconds(7));
}

#[tokio::test]
async fn example_5_assign_to_agent_wins_on_its_day_unless_its_agent_is_away() {
    let world = World::with_team(&["ana", "dana"]).await;
    let hours = json!({"schedule": {"zone": "America/New_York", "hours": {"from": "09:00", "to": "18:00"}},
        "criteria": {"sources": ["zillow"]}});
    world.route("Zillow", robin(&["ana"]), hours).await;
    let saturdays = json!({"schedule": {"zone": "America/New_York", "days": ["sat"]}});
    world
        .route("Everything to Dana", json!({"kind": "assign_to_agent", "agent": "dana"}), saturdays)
        .await;

    let friday = world.lead_from_zillow("Eli").await;
    assert_eq!(world.offered(&friday, 1).await, ["ana"]);
    world.fast_forward_to(friday_at_ten() + minutes(24 * 60)).await;
    let saturday = world.lead_from_zillow("Fay").await;
    assert_eq!(world.first(&saturday, EventKind::Assigned).await.agents, [id::<AgentId>("dana")]);
    world.mail("dana", &saturday, 1).await;
    world.operator.post("/v1/entities/acme/agents/dana/pause", &json!({})).await.expect(200);
    let without_dana = world.lead_from_zillow("Gus").await;
    assert_eq!(world.offered(&without_dana, 1).await, ["ana"]);
}

#[tokio::test]
async fn example_6_the_evening_route_takes_over_and_the_deadline_is_honoured_in_full() {
    let world = World::with_team(&["ana", "ben"]).await;
    let within = |from: &str, to: &str| {
        json!({"claim_within": "5m",
            "schedule": {"zone": "America/New_York", "hours": {"from": from, "to": to}}})
    };
    world.route("Day", robin(&["ana", "ben"]), within("09:00", "18:00")).await;
    let evening = world.route("Evening", robin(&["ana", "ben"]), within("18:00", "23:59")).await;
    // 17:58 in New York.
    world.fast_forward_to(id("2040-06-01T21:58:00Z")).await;
    let (kept, lost) = (world.lead_from_zillow("Dana").await, world.lead_from_zillow("Eli").await);
    assert_eq!(world.offered(&kept, 1).await, ["ana"]);
    assert_eq!(world.offered(&lost, 1).await, ["ben"]);

    world.fast_forward_to(id("2040-06-01T22:02:59.900Z")).await;
    world
        .agent("ana")
        .await
        .post(&format!("/v1/leads/{kept}/claim"), &json!({"round": 1}))
        .await
        .expect(200);
    world.fast_forward_to(id("2040-06-01T22:03:00Z")).await;
    assert_eq!(world.offered(&lost, 2).await, ["ana"], "ben was asked already");
    assert_eq!(world.nth(&lost, EventKind::Offered, 2).await.route, Some(id(&evening)));
    let late = world
        .agent("ben")
        .await
        .post(&format!("/v1/leads/{lost}/claim"), &json!({"round": 1}))
        .await;
    assert_eq!(late.expect(410).field("code"), "too_late");
}

#[tokio::test]
async fn example_7_five_times_three_minutes_do_not_fit_into_ten() {
    let list = ["ana", "ben", "chloe", "dana", "eve"];
    let world = World::with_team(&[&list[..], &["tom"]].concat()).await;
    let route = json!({"title": "Robin", "strategy": robin(&list), "channels": ["email"],
        "claim_within": "3m", "timeout": {"after": "10m", "agent": "tom"}});
    let saved = world.operator.post("/v1/entities/acme/routes", &route).await.expect(201).json();
    let warning = &saved["warnings"][0];
    assert_eq!(warning["code"], "timeout_too_short");
    assert!(warning["message"]["en"].as_str().unwrap().contains("needs 15 min"), "{warning}");

    let lead = world.lead_from_zillow("Fay").await;
    for (hop, agent) in list[..3].iter().enumerate() {
        assert_eq!(world.offered(&lead, hop + 1).await, [*agent]);
        world.fast_forward(minutes(3)).await;
    }
    let fourth = world.nth(&lead, EventKind::Offered, 4).await;
    assert_eq!(fourth.offers[0].until, friday_at_ten() + minutes(10), "one minute is left");
    world.fast_forward(minutes(1)).await;
    assert_eq!(world.assigned(&lead, 1).await, ("tom".to_owned(), "timeout_agent".to_owned()));
    let assigned = world.first(&lead, EventKind::Assigned).await;
    assert_eq!(assigned.at, friday_at_ten() + minutes(10));
}

#[tokio::test]
async fn example_8_a_pending_offer_reserves_the_days_only_lead_and_a_pass_frees_it() {
    let world = World::with_team(&["ana", "ben"]).await;
    let ana = json!({"name": "Ana", "email": "ana@acme.example.com", "channels": ["email"],
        "limits": [{"count": 1, "period": "day"}]});
    world.operator.put("/v1/entities/acme/agents/ana", &ana).await.expect(200);
    world.route("Robin", robin(&["ana", "ben"]), json!({"claim_within": "1h"})).await;
    let first = world.lead_from_zillow("Dana").await;
    assert_eq!(world.offered(&first, 1).await, ["ana"]);
    let second = world.lead_from_zillow("Eli").await;
    assert_eq!(world.offered(&second, 1).await, ["ben"]);
    let third = world.lead_from_zillow("Fay").await;
    assert_eq!(
        world.offered(&third, 1).await,
        ["ben"],
        "it is ana's turn, but her day is reserved"
    );

    let ana = world.agent("ana").await;
    ana.post(&format!("/v1/leads/{first}/pass"), &json!({})).await.expect(200);
    world.offered(&first, 2).await;
    let fourth = world.lead_from_zillow("Gus").await;
    assert_eq!(world.offered(&fourth, 1).await, ["ana"]);
    ana.post(&format!("/v1/leads/{fourth}/claim"), &json!({})).await.expect(200);

    let fifth = world.lead_from_zillow("Hal").await;
    assert_eq!(world.offered(&fifth, 1).await, ["ben"]);
    let ben = world.agent("ben").await;
    for lead in [&first, &second, &third, &fifth] {
        ben.post(&format!("/v1/leads/{lead}/claim"), &json!({})).await.expect(200);
    }
    // The next day in New York.
    world.fast_forward(minutes(24 * 60)).await;
    let sixth = world.lead_from_zillow("Ida").await;
    assert_eq!(world.offered(&sixth, 1).await, ["ana"]);
}

#[tokio::test]
async fn a_jump_ball_reserves_nothing_and_is_counted_when_it_is_claimed() {
    let world = World::with_team(&["ana", "ben"]).await;
    let ana = json!({"name": "Ana", "email": "ana@acme.example.com", "channels": ["email"],
        "limits": [{"count": 1, "period": "open"}]});
    world.operator.put("/v1/entities/acme/agents/ana", &ana).await.expect(200);
    world.route("Ball", json!({"kind": "jump_ball", "agents": "all"}), json!({})).await;
    let (first, second) =
        (world.lead_from_zillow("Dana").await, world.lead_from_zillow("Eli").await);
    for lead in [&first, &second] {
        assert_eq!(world.offered(lead, 1).await, ["ana", "ben"]);
    }
    let ana = world.agent("ana").await;
    ana.post(&format!("/v1/leads/{first}/claim"), &json!({})).await.expect(200);
    let refused = ana.post(&format!("/v1/leads/{second}/claim"), &json!({})).await.expect(409);
    assert_eq!(refused.field("code"), "limit_reached");
    let round_the_back = format!("/v1/entities/acme/pool/{second}/claim");
    let refused = ana.post(&round_the_back, &json!({})).await.expect(409);
    assert_eq!(refused.field("code"), "limit_reached", "there is no other door");
    let third = world.lead_from_zillow("Fay").await;
    assert_eq!(world.offered(&third, 1).await, ["ben"]);
    ana.post(&format!("/v1/leads/{first}/return"), &json!({})).await.expect(200);
    ana.post(&format!("/v1/leads/{second}/claim"), &json!({})).await.expect(200);
}

#[tokio::test]
async fn example_9_an_hour_that_the_clocks_skip_is_never_active_and_the_lint_says_so() {
    let world = World::with_team(&["ana"]).await;
    let window = json!({"schedule": {"zone": "America/New_York", "days": ["sun"],
        "hours": {"from": "02:00", "to": "03:00"}}});
    world.route("Night", robin(&["ana"]), window).await;
    let lint = world.operator.get("/v1/entities/acme/lint").await.expect(200).json();
    let mut findings = lint["findings"].as_array().unwrap().iter();
    let skipped = findings.find(|finding| finding["code"] == "window_skipped").unwrap();
    assert!(skipped["message"]["en"].as_str().unwrap().contains("2041-03-10"), "{skipped}");

    // The second before two, and then it is three in the morning.
    for (instant, name) in [("2041-03-10T06:59:59Z", "Dana"), ("2041-03-10T07:00:00Z", "Eli")] {
        world.fast_forward_to(id(instant)).await;
        let lead = world.lead_from_zillow(name).await;
        assert_eq!(world.pooled(&lead).await, "no_route");
    }
    world.fast_forward_to(id("2041-03-17T06:00:00Z")).await;
    assert_eq!(world.firsts(&["Fay"]).await, ["ana"], "a week later it is there again");
}

#[tokio::test]
async fn example_10_a_scanner_opens_the_link_three_times_and_claims_nothing() {
    let world = World::with_team(&["ana"]).await;
    world.route("Robin", robin(&["ana"]), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    let link = claim_link(&world.mail("ana", &lead, 1).await);
    let browser = world.operator.with_key("");
    let path = link.strip_prefix(&browser.base_url()).unwrap();
    for _ in 0..3 {
        browser.get(path).await.expect(200);
        answer(browser.request(reqwest::Method::HEAD, path)).await.expect(200);
    }
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered"]);

    let page = browser.open(path).await;
    let claimed = page.press("claim").await.expect(200);
    assert!(claimed.text.contains("dana@example.com"), "the winner sees how to reach the person");
    page.press("claim").await.expect(200);
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}

#[tokio::test]
async fn example_11_the_same_person_from_two_portals_is_one_lead_and_one_offer() {
    let world = World::empty().await;
    let rule = json!({"same_person": {"attach": true, "sticky": "90d"}});
    world.add_team("acme", rule, &["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let portal = json!({"name": "Portal", "kind": "generic"});
    world.operator.put("/v1/entities/acme/sources/portal", &portal).await.expect(201);
    let person = json!({"name": {"full": "Dana Reyes"}, "emails": ["dana@example.com"]});
    let (zillow, portal) = (world.source("zillow").await, world.source("portal").await);
    let (one, two) =
        futures::join!(zillow.post("/v1/leads", &person), portal.post("/v1/leads", &person));
    let (one, two) = (id(&one.expect(202).field("id")), id(&two.expect(202).field("id")));

    let first = world.first_of(&[&one, &two], EventKind::Duplicate).await;
    let other = if first.lead == one { &two } else { &one };
    assert_eq!((first.after.inquiries, first.inquiry), (2, Some(other.clone())));
    assert_eq!(
        world.history(&first.lead).await,
        ["lead.received", "lead.offered", "lead.duplicate"]
    );
    let admin = world.caller("admin", None).await;
    let shown = admin.get(&format!("/v1/leads/{other}")).await.expect(200);
    assert_eq!(shown.field("duplicate_of"), first.lead.to_string());
}

/// The router commits the offer and dies before anybody hears of it; the notice
/// goes out all the same, once, with the deadline as it was.
#[tokio::test]
async fn example_12_an_offer_whose_router_died_is_still_told() {
    let mut world = World::with_team(&["ana"]).await;
    world.route("Robin", robin(&["ana"]), json!({"claim_within": "15m"})).await;
    world.stop_notifiers().await;
    let lead = world.lead_from_zillow("Dana").await;
    let offered = world.first(&lead, EventKind::Offered).await;
    world.stop_routers().await;
    world.fast_forward(minutes(3)).await;
    world.start_notifier();
    let mail = world.mail("ana", &lead, 1).await;
    assert!(
        mail.text.contains("12 minutes"),
        "the time left is counted from the offer: {}",
        mail.text
    );
    assert_eq!(offered.offers[0].until, friday_at_ten() + minutes(15));
    assert_eq!(world.count(Stream::Dead).await, 0);
}
