use axum::http::Method;
use serde_json::json;
use tipoff_wire::EventKind;

use crate::world::World;

#[tokio::test]
async fn the_first_claim_wins_and_everybody_else_is_told() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let at = format!("/v1/leads/{lead}");

    let offers = world.get("/v1/me/offers", &keys.ana).send().await.expect(200).json();
    let offer = &offers["leads"][0];
    assert_eq!(
        (&offer["id"], &offer["state"], &offer["round"]),
        (&json!(lead.as_str()), &json!("offered"), &json!(1))
    );
    assert_eq!(offer["offers"][0]["agent"], "ana");
    assert!((1..=900).contains(&offer["seconds_left"].as_i64().unwrap()));
    assert!(!offer.to_string().contains("example.com") && !offer.to_string().contains("0101"));

    let refused = world.post(&format!("{at}/claim"), &keys.ben).send().await;
    assert_eq!(refused.problem(), (403, "not_offered".to_owned()));
    let wrong_round =
        world.post(&format!("{at}/claim"), &keys.ana).body(json!({"round": 9})).send().await;
    assert!(matches!(wrong_round.problem().0, 403 | 410), "{}", wrong_round.text);
    let admin = world.post(&format!("{at}/claim"), &keys.admin).send().await;
    assert_eq!(admin.problem(), (403, "agent_key_needed".to_owned()));

    let claim = || world.post(&format!("{at}/claim"), &keys.ana).body(json!({"round": 1}));
    let won = claim().header("idempotency-key", "\"one\"").send().await.expect(200).json();
    assert_eq!((&won["outcome"], &won["lead"]["state"]), (&json!("won"), &json!("assigned")));
    assert_eq!(won["lead"]["lead"]["emails"], json!(["dana@example.com"]));
    let retried = claim().header("idempotency-key", "one").send().await.expect(200).json();
    assert_eq!(retried["outcome"], "won");
    let again = claim().send().await.expect(200).json();
    assert_eq!(again["outcome"], "already_yours");
    let pass = world.post(&format!("{at}/pass"), &keys.ana).send().await;
    assert_eq!(pass.problem(), (409, "already_yours".to_owned()));
    assert_eq!(world.post("/v1/leads/lead_0/claim", &keys.ana).send().await.problem().0, 404);

    let mine = world.get("/v1/me/leads", &keys.ana).send().await.expect(200).json();
    assert_eq!(mine["leads"][0]["lead"]["phones"], json!(["+15125550101"]));
    let events = world.events(&keys.entity, &lead).await;
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::Claimed).count(), 1);
}

#[tokio::test]
async fn a_lead_is_shown_to_those_whom_it_concerns() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let at = format!("/v1/leads/{lead}");
    let admin = world.get(&at, &keys.admin).send().await.expect(200).json();
    assert_eq!(admin["lead"]["emails"], json!(["dana@example.com"]));
    let offered = world.get(&at, &keys.ana).send().await.expect(200).json();
    assert_eq!(
        (offered["lead"].get("emails"), &offered["lead"]["name"]["full"]),
        (None, &json!("Dana Reyes"))
    );
    assert_eq!(world.get(&at, &keys.ben).send().await.problem().0, 404);
    assert_eq!(world.get(&at, &world.operator).send().await.problem().0, 400);
    world.get(&format!("{at}?entity=acme"), &world.operator).send().await.expect(200);

    let timeline = world.get(&format!("{at}/timeline"), &keys.ana).send().await.expect(200);
    assert_eq!(timeline.json()["events"][0]["lead"], lead.as_str());
    assert!(!timeline.text.contains("dana@example.com") && !timeline.text.contains("payload"));
    assert_eq!(world.get(&format!("{at}/timeline"), &keys.ben).send().await.problem().0, 404);
}

#[tokio::test]
async fn a_passed_lead_answers_passes_again_but_no_claim() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let at = format!("/v1/leads/{lead}");
    let pass = || {
        world
            .post(&format!("{at}/pass"), &keys.ana)
            .body(json!({"round": 1, "reason": "on holiday"}))
    };
    assert_eq!(pass().send().await.expect(200).json(), json!({"outcome": "passed"}));
    assert_eq!(pass().send().await.expect(200).json(), json!({"outcome": "passed"}));
    let claim = world.post(&format!("{at}/claim"), &keys.ana).send().await;
    assert_eq!(claim.problem(), (409, "passed".to_owned()));
    let long = world
        .post(&format!("{at}/pass"), &keys.ana)
        .body(json!({"reason": "x".repeat(501)}))
        .send()
        .await;
    assert_eq!(long.json()["errors"][0]["field"], "/reason");
}

#[tokio::test]
async fn a_lead_goes_from_hand_to_hand_through_the_pool() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let at = format!("/v1/leads/{lead}");
    let assign = |agent: &str| {
        world.post(&format!("{at}/assign"), &keys.admin).body(json!({"agent": agent}))
    };
    assert_eq!(assign("zoe").send().await.json()["errors"][0]["field"], "/agent");
    let assigned = assign("ben").send().await.expect(200).json();
    assert_eq!(
        (&assigned["lead"]["agent"], &assigned["lead"]["how"]),
        (&json!("ben"), &json!("manual"))
    );
    let late = world.post(&format!("{at}/claim"), &keys.ana).body(json!({"round": 1})).send().await;
    assert_eq!(late.problem(), (410, "withdrawn".to_owned()));

    let not_hers = world.post(&format!("{at}/return"), &keys.ana).send().await;
    assert_eq!(not_hers.problem(), (409, "not_yours".to_owned()));
    let returned = world
        .post(&format!("{at}/return"), &keys.ben)
        .body(json!({"reason": "moved"}))
        .send()
        .await;
    assert_eq!(returned.expect(200).json()["outcome"], "returned");
    let pool = world.get("/v1/entities/acme/pool", &keys.ana).send().await.expect(200).json();
    assert_eq!(
        (&pool["leads"][0]["state"], &pool["next_cursor"]),
        (&json!("pooled"), &json!(null))
    );
    assert_eq!(pool["leads"][0]["lead"].get("emails"), None);

    let claimed = world
        .post(&format!("/v1/entities/acme/pool/{lead}/claim"), &keys.ana)
        .send()
        .await
        .expect(200);
    assert_eq!(claimed.json()["lead"]["how"], "pool_claimed");
    let taken = world.post(&format!("/v1/entities/acme/pool/{lead}/claim"), &keys.ben).send().await;
    assert_eq!(taken.problem(), (409, "taken".to_owned()));
    let back = format!("/v1/entities/acme/pool/{lead}/assign");
    let back =
        world.post(&back, &keys.admin).body(json!({"agent": "ben"})).send().await.expect(200);
    assert_eq!(back.json()["lead"]["agent"], "ben");
}

/// The ids on each page of a list, two leads a page.
async fn two_by_two(world: &World, list: &str, key: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{list}?limit=2&cursor={cursor}");
        let page = world.get(&path, key).send().await.expect(200).json();
        let leads = page["leads"].as_array().unwrap().iter();
        pages.push(leads.map(|lead| lead["id"].as_str().unwrap().to_owned()).collect());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn lists_go_on_where_the_page_before_ended() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    for number in 1..=5 {
        world.place(&keys, number).await;
    }
    let pages = two_by_two(&world, "/v1/entities/acme/leads", &keys.admin).await;
    assert!(pages.iter().all(|page| page.len() <= 2));
    let mut seen = pages.concat();
    seen.sort();
    let wanted: Vec<_> = (1..=5).map(|number| format!("lead_{number:032x}")).collect();
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn what_an_agent_has_comes_in_pages_like_every_list() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    for number in 1..=5 {
        let lead = world.place(&keys, number).await;
        let assign = world.post(&format!("/v1/leads/{lead}/assign"), &keys.admin);
        assign.body(json!({"agent": "ana"})).send().await.expect(200);
    }
    let pages = two_by_two(&world, "/v1/me/leads", &keys.ana).await;
    let id = |number: u128| format!("lead_{number:032x}");
    assert_eq!(pages, [vec![id(1), id(2)], vec![id(3), id(4)], vec![id(5)]]);
    let refusals = [("limit=201", 422), ("cursor=acme", 400), ("cursor=other.lead_1", 400)];
    for (query, status) in refusals {
        let refused = world.get(&format!("/v1/me/leads?{query}"), &keys.ana).send().await;
        assert_eq!(refused.problem().0, status, "{query}");
    }
}

#[tokio::test]
async fn while_the_board_is_away_nothing_is_claimed_and_the_caller_is_told_to_come_back() {
    let mut world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let at = format!("/v1/leads/{lead}/claim");
    world.redis.kill().await;
    let away = world.post(&at, &keys.ana).header("idempotency-key", "k").send().await;
    assert_eq!(
        (away.problem(), away.header("retry-after")),
        ((503, "board_unavailable".to_owned()), "1")
    );
    assert!(!away.text.contains("127.0.0.1"));
    world.call(Method::GET, "/livez").send().await.expect(200);
}
