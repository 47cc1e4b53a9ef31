use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;
use tipoff_domain::LeadId;
use tipoff_runtime::Clock;
use tipoff_wire::EventKind;
use tipoff_wire::link::{ClaimLink, read_secret};

use crate::world::{Answer, Keys, World};

fn token(world: &World, keys: &Keys, lead: &LeadId, agent: &str, round: u32) -> String {
    sealed(world, &link(keys, lead, agent, round), 0)
}

fn link(keys: &Keys, lead: &LeadId, agent: &str, round: u32) -> ClaimLink {
    let (entity, agent) = (keys.entity.clone(), agent.parse().unwrap());
    ClaimLink { entity, lead: lead.clone(), agent, round, until: Clock::system().now() }
}

fn sealed(world: &World, link: &ClaimLink, series: u32) -> String {
    link.seal(&read_secret(&world.roster.deployment().link_secret).unwrap(), series)
}

fn cookie(page: &Answer) -> String {
    page.header("set-cookie").split(';').next().unwrap().to_owned()
}

fn nonce(page: &Answer) -> String {
    page.text
        .split("name=\"nonce\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned()
}

async fn look(world: &World, path: &str) -> Answer {
    world.call(Method::GET, path).send().await
}

/// Sends a form as the browser does that was shown `page`.
async fn press(world: &World, path: &str, page: &Answer, action: &str) -> Answer {
    let body = format!("action={action}&nonce={}", nonce(page));
    world.call(Method::POST, path).header("cookie", &cookie(page)).form(&body).send().await
}

async fn events(world: &World, keys: &Keys, lead: &LeadId) -> usize {
    world.events(&keys.entity, lead).await.len()
}

/// D-33.
#[tokio::test]
async fn looking_changes_nothing_however_often_and_by_whatever_method() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let path = format!("/c/{}", token(&world, &keys, &lead, "ana", 1));
    let before = events(&world, &keys, &lead).await;
    for _ in 0..3 {
        let page = look(&world, &path).await.expect(200);
        assert!(page.text.contains("<html lang=\"es\">") && page.text.contains("Reclamar"));
        assert!(
            !page.text.contains("example.com")
                && !page.text.contains("0101")
                && !page.text.contains("Reyes")
        );
    }
    world.call(Method::HEAD, &path).send().await.expect(200);
    assert_eq!(events(&world, &keys, &lead).await, before);
    let english = look(&world, &format!("{path}?lang=en")).await.expect(200);
    assert!(english.text.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn a_page_is_kept_by_nobody_and_reaches_for_nothing() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let page = look(&world, &format!("/c/{}", token(&world, &keys, &lead, "ana", 1))).await;
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(page.header("x-robots-tag").contains("noindex"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    let script =
        policy.split("script-src 'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    assert!(page.text.contains(&format!("<script nonce=\"{script}\">")));
    let cookie = page.header("set-cookie");
    assert!(cookie.contains("SameSite=Strict") && cookie.contains("HttpOnly"), "{cookie}");
}

#[tokio::test]
async fn only_a_form_of_the_page_in_the_same_browser_claims() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let path = format!("/c/{}", token(&world, &keys, &lead, "ana", 1));
    let page = look(&world, &path).await;
    let before = events(&world, &keys, &lead).await;

    let body = format!("action=claim&nonce={}", nonce(&page));
    let no_cookie = world.call(Method::POST, &path).form(&body).send().await.expect(200);
    let no_nonce = world
        .call(Method::POST, &path)
        .header("cookie", &cookie(&page))
        .form("action=claim")
        .send()
        .await;
    let empty = world.call(Method::POST, &path).send().await.expect(200);
    let other = look(&world, &path).await;
    let mixed =
        world.call(Method::POST, &path).header("cookie", &cookie(&other)).form(&body).send().await;
    for page in [no_cookie, no_nonce, empty, mixed] {
        assert!(page.text.contains("role=\"alert\"") && page.text.contains("value=\"claim\""));
    }
    assert_eq!(events(&world, &keys, &lead).await, before);

    let won = press(&world, &path, &page, "claim").await.expect(200);
    for part in ["Es tuyo", "Dana Reyes", "tel:+15125550101", "mailto:dana@example.com"] {
        assert!(won.text.contains(part), "{part}");
    }
    let again = press(&world, &path, &page, "claim").await.expect(200);
    assert!(again.text.contains("Es tuyo"));
    let claims = world.events(&keys.entity, &lead).await;
    assert_eq!(claims.iter().filter(|event| event.kind == EventKind::Claimed).count(), 1);
    assert!(look(&world, &path).await.expect(200).text.contains("tel:+15125550101"));
}

#[tokio::test]
async fn the_first_page_shown_still_counts_after_pressing_twice() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let path = format!("/c/{}", token(&world, &keys, &lead, "ana", 1));
    let page = look(&world, &path).await;
    let wrong = world
        .call(Method::POST, &path)
        .header("cookie", &cookie(&page))
        .form("action=claim&nonce=x")
        .send()
        .await;
    assert_eq!(cookie(&wrong), cookie(&page));
    press(&world, &path, &wrong, "pass").await.expect(200);
    let claim = press(&world, &path, &page, "claim").await;
    assert!(claim.expect(200).text.contains("Lo rechazaste"));
}

#[tokio::test]
async fn every_ending_has_its_page() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let path = format!("/c/{}", token(&world, &keys, &lead, "ana", 1));
    let page = look(&world, &path).await;
    let body = json!({"agent": "ben"});
    world
        .post(&format!("/v1/leads/{lead}/assign"), &keys.admin)
        .body(body)
        .send()
        .await
        .expect(200);
    let withdrawn = press(&world, &path, &page, "claim").await.expect(410);
    assert!(withdrawn.text.contains("Ya no está disponible") && !withdrawn.text.contains("<form"));
    look(&world, &path).await.expect(410);

    world.post(&format!("/v1/leads/{lead}/return"), &keys.ben).send().await.expect(200);
    let pooled = look(&world, &path).await.expect(410);
    assert!(pooled.text.contains("value=\"pool\""));
    let won = press(&world, &path, &pooled, "pool").await.expect(200);
    assert!(won.text.contains("tel:+15125550101"));

    let next = world.place(&keys, 2).await;
    let of_ben = format!("/c/{}", token(&world, &keys, &next, "ben", 1));
    let passed = press(&world, &of_ben, &look(&world, &of_ben).await, "pass").await.expect(200);
    assert!(passed.text.contains("You passed"));

    look(&world, "/c/nonsense").await.expect(404);
    let gone = format!("/c/{}", token(&world, &keys, &"lead_0".parse().unwrap(), "ana", 1));
    look(&world, &gone).await.expect(404);
    let stranger =
        look(&world, &format!("/c/{}", token(&world, &keys, &lead, "zoe", 1))).await.expect(404);
    assert!(!stranger.text.contains("Acme"));
    let spanish =
        world.call(Method::GET, "/c/x").header("accept-language", "es-MX,es;q=0.9").send().await;
    assert!(spanish.text.contains("Este enlace no funciona"));
}

#[tokio::test]
async fn a_pass_can_be_taken_back_on_the_page_and_then_the_offer_stands_as_before() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let entity = json!({"name": "Acme Realty", "kind": "team", "zone": "America/New_York",
        "undo_pass": "60s"});
    world.put("/v1/entities/acme", &world.operator, entity).send().await.expect(200);
    let lead = world.place(&keys, 1).await;
    let path = format!("/c/{}", token(&world, &keys, &lead, "ben", 1));
    let of_ana = format!("/c/{}", token(&world, &keys, &lead, "ana", 1));
    let passed = press(&world, &of_ana, &look(&world, &of_ana).await, "pass").await.expect(200);
    assert!(passed.text.contains("Deshacer") && passed.text.contains("value=\"undo\""));
    let open = press(&world, &of_ana, &passed, "undo").await.expect(200);
    assert!(open.text.contains("value=\"claim\""));
    look(&world, &path).await.expect(410);
    let kinds: Vec<_> =
        world.events(&keys.entity, &lead).await.iter().map(|event| event.kind).collect();
    assert_eq!(kinds[2..], [EventKind::Passed, EventKind::Restored]);
}

#[tokio::test]
async fn who_let_a_lead_go_may_ask_for_another_chance() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let path = format!("/c/{}?lang=en", token(&world, &keys, &lead, "ana", 1));
    let passed = press(&world, &path, &look(&world, &path).await, "pass").await.expect(200);
    assert!(passed.text.contains("Give me another chance"));
    let asked = press(&world, &path, &passed, "again").await.expect(200);
    assert!(asked.text.contains("You asked for another chance") && !asked.text.contains("<form"));
    press(&world, &path, &passed, "again").await.expect(200);
    let events = world.events(&keys.entity, &lead).await;
    let asked = events.iter().filter(|event| event.kind == EventKind::ChanceAsked).count();
    assert_eq!(asked, 1);
    let shown = world.get(&format!("/v1/leads/{lead}"), &keys.admin).send().await.expect(200);
    assert_eq!(shown.json()["again"], json!(["ana"]));
}

#[tokio::test]
async fn the_limit_is_said_before_anybody_presses() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let jump_ball = json!({"title": "All", "strategy": {"kind": "jump_ball", "agents": "all"}});
    let route = format!("/v1/entities/acme/routes/{}", keys.route);
    world.put(&route, &keys.admin, jump_ball).send().await.expect(200);
    let (first, second) = (world.place(&keys, 1).await, world.place(&keys, 2).await);
    let ben = json!({"name": "Ben Ode", "email": "ben@example.com", "locale": "en",
        "limits": [{"count": 1, "period": "open"}]});
    world.put("/v1/entities/acme/agents/ben", &keys.admin, ben).send().await.expect(200);
    let path = format!("/c/{}", token(&world, &keys, &second, "ben", 1));
    assert!(look(&world, &path).await.expect(200).text.contains("value=\"claim\""));
    let claim = format!("/v1/leads/{first}/claim");
    world.post(&claim, &keys.ben).send().await.expect(200);
    let full = look(&world, &path).await.expect(409);
    assert!(full.text.contains("at your limit") && !full.text.contains("<form"));
    world.post(&format!("/v1/leads/{first}/return"), &keys.ben).send().await.expect(200);
    assert!(look(&world, &path).await.expect(200).text.contains("value=\"claim\""));
}

#[tokio::test]
async fn another_agents_claim_shows_as_taken() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let route = format!("/v1/entities/acme/routes/{}", keys.route);
    let jump_ball = json!({"title": "All", "strategy": {"kind": "jump_ball", "agents": "all"}});
    world.put(&route, &keys.admin, jump_ball).send().await.expect(200);
    let lead = world.place(&keys, 1).await;
    let (ana, ben) = (token(&world, &keys, &lead, "ana", 1), token(&world, &keys, &lead, "ben", 1));
    let (ana, ben) = (format!("/c/{ana}"), format!("/c/{ben}"));
    let (page_of_ana, page_of_ben) = (look(&world, &ana).await, look(&world, &ben).await);
    press(&world, &ben, &page_of_ben, "claim").await.expect(200);
    let lost = press(&world, &ana, &page_of_ana, "claim").await.expect(409);
    assert!(lost.text.contains("Ya fue reclamado") && !lost.text.contains("tel:"));
    look(&world, &ana).await.expect(409);
}

#[tokio::test]
async fn while_the_board_is_away_the_page_says_so() {
    let mut world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let path = format!("/c/{}", token(&world, &keys, &lead, "ana", 1));
    world.redis.kill().await;
    let away = look(&world, &path).await.expect(503);
    assert_eq!(away.header("retry-after"), "1");
    assert!(away.text.contains("Intentar de nuevo"));
}

#[tokio::test]
async fn links_that_were_ended_open_no_more_and_those_of_later_messages_do() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let path = |agent: &str, series| {
        format!("/c/{}", sealed(&world, &link(&keys, &lead, agent, 1), series))
    };
    let shown = look(&world, &path("ana", 0)).await.expect(200);
    look(&world, &path("ana", 1)).await.expect(404);
    let of_ana = "/v1/entities/acme/agents/ana";

    world.post("/v1/me/end-links", &keys.ana).send().await.expect(204);
    look(&world, &path("ana", 0)).await.expect(404);
    press(&world, &path("ana", 0), &shown, "claim").await.expect(404);
    look(&world, &path("ana", 1)).await.expect(200);
    world.post(&format!("{of_ana}/end-links"), &keys.admin).send().await.expect(204);
    look(&world, &path("ana", 1)).await.expect(404);

    // Whoever writes her anew, and knows nothing of links, does not bring them back.
    let body = json!({"name": "Ana Ruiz", "email": "ana@example.com"});
    let written = world.put(of_ana, &keys.admin, body).send().await.expect(200).json();
    assert_eq!(written["link_series"], 2);
    look(&world, &path("ana", 0)).await.expect(404);
    look(&world, &path("ana", 2)).await.expect(200);
    look(&world, &path("ben", 0)).await;
    assert_eq!(world.events(&keys.entity, &lead).await.len(), 2, "nothing was claimed");

    world.post(&format!("{of_ana}/end-links"), &keys.ben).send().await.expect(403);
    world.post("/v1/me/end-links", &keys.admin).send().await.expect(403);
}

#[tokio::test]
async fn whoever_opens_the_bare_address_comes_to_the_bell() {
    let world = World::start().await;
    let bare = look(&world, "/").await.expect(307);
    // Below whatever path a proxy serves it.
    assert_eq!(bare.header("location"), "bell");
}

#[tokio::test]
async fn a_link_opens_for_ninety_days_after_its_deadline() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let lead = world.place(&keys, 1).await;
    let ended =
        |ago| ClaimLink { until: Clock::system().now() - ago, ..link(&keys, &lead, "ana", 1) };
    let minute = TimeDelta::minutes(1);
    for (ago, status) in [(TimeDelta::days(90) - minute, 200), (TimeDelta::days(90) + minute, 404)]
    {
        let path = format!("/c/{}", sealed(&world, &ended(ago), 0));
        look(&world, &path).await.expect(status);
    }
}
