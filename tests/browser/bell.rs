//! The page of the bell: offers as they come and go, and notifications in this browser.
//!
//! The push service that a Chromium is built with is out on the internet. Where it cannot
//! be reached, the page says so, and what the browser would be pushed is handed to the
//! page's worker by the browser's own tools; that what the notifier sends can be read by a
//! browser alone, the receiver of the testkit proves in all other tests.

use serde_json::{Value, json};
use tipoff_domain::LeadId;
use tipoff_testkit::sink::Caught;
use tipoff_tests::{World, jump_ball};

use crate::driver::{Browser, ENTER, TAB};

const OVER: &str = "#earlier li.over";

/// Ana and Ben, who are told at the bell, and Ana's key.
async fn team() -> (World, String) {
    let world = World::with_team(&["ana", "ben"]).await;
    for agent in ["ana", "ben"] {
        world.change_agent(agent, json!({"channels": ["email", "in_app", "push"]})).await;
    }
    let channels = json!({"channels": ["email", "in_app", "push"], "claim_within": "15m"});
    world.route("Open house", jump_ball(), channels).await;
    let key = world.agent("ana").await.key;
    (world, key)
}

/// Opens the page, which asks for a key.
async fn opened(world: &World, language: &str) -> Browser {
    let browser = Browser::open().await;
    browser.allow_notifications(&site(world)).await;
    browser.goto(&format!("{}/bell?lang={language}", site(world))).await;
    browser.find("#sign-in:not([hidden])").await;
    browser
}

/// Opens the page and signs in, by the keyboard alone.
async fn signed_in(world: &World, key: &str, language: &str) -> Browser {
    let browser = opened(world, language).await;
    browser.shoot(&format!("bell-sign-in-{language}")).await;
    browser.type_keys(&format!("{key}{ENTER}")).await;
    browser.find("#inside:not([hidden])").await;
    browser
}

/// Browsers let only secure sites and this machine by its name have workers.
fn site(world: &World) -> String {
    world.operator.base_url().replace("127.0.0.1", "localhost")
}

async fn claims(world: &World, agent: &str, lead: &LeadId) {
    world.does(agent, "claim", lead).await.expect(200);
}

#[tokio::test]
async fn offers_come_and_go_at_the_bell_with_the_time_that_is_left() {
    let (world, key) = team().await;
    let first = world.lead_from_zillow("Dana").await;
    world.mail("ana", &first, 1).await;
    let browser = signed_in(&world, &key, "en").await;
    assert!(browser.text("#open h3").await.contains("Dana"));
    let left = browser.text("#open .left").await;
    // A busy machine may take a while to show it.
    assert!(["15:", "14:", "13:", "12:"].iter().any(|minutes| left.starts_with(minutes)), "{left}");
    assert_eq!(browser.text("#state").await, "To claim now: 1");

    // It follows by itself: another one comes, and somebody else is faster.
    let second = world.lead_from_zillow("Eli").await;
    browser.find("#open li:nth-child(2)").await;
    assert!(browser.text("#open li:nth-child(2) h3").await.contains("Eli"));
    browser.shoot("bell-open-en").await;
    claims(&world, "ben", &first).await;
    assert!(browser.text(OVER).await.contains("Taken by another agent"));
    assert!(browser.text("#open h3").await.contains("Eli"), "one is left");

    // The link is reached by the keyboard, and leads to where it is claimed.
    browser.type_keys(&format!("{TAB}{ENTER}")).await;
    assert_eq!(browser.text("h1").await, "New lead for you");
    browser.type_keys(&format!("{TAB}{TAB}{ENTER}")).await;
    assert_eq!(browser.text("#contact").await, "Eli");
    assert_eq!(world.shown(&second).await["agent"], "ana");
    browser.goto(&format!("{}/bell", site(&world))).await;
    browser.find("#earlier li:nth-child(2)").await;
    assert_eq!(
        browser.text("#state").await,
        "Nothing to claim right now. New leads appear here by themselves."
    );
    browser.shoot("bell-earlier-en").await;
    browser.close().await;
}

#[tokio::test]
async fn the_bell_speaks_spanish_and_a_wrong_key_opens_nothing() {
    let (world, key) = team().await;
    let lead = world.lead_from_zillow("Dana").await;
    world.mail("ana", &lead, 1).await;
    let browser = signed_in(&world, &key, "es").await;
    assert_eq!(browser.text("#open a").await, "Reclamar o rechazar");
    browser.shoot("bell-open-es").await;
    browser.press("#sign-out").await;
    assert_eq!(browser.text("#state").await, "Has salido.");
    browser.type_keys(&format!("tpf_wrong{ENTER}")).await;
    let refused = "document.getElementById('state').textContent.startsWith('Esa clave no vale')";
    browser.until(refused).await;
    browser.close().await;
}

#[tokio::test]
async fn a_key_that_is_no_agents_is_refused_and_the_form_is_back() {
    let (world, key) = team().await;
    let admin = world.caller("admin", None).await.key;
    let browser = opened(&world, "en").await;
    browser.type_keys(&format!("{admin}{ENTER}")).await;
    let refused = "document.getElementById('state').textContent.startsWith('That is not an agent')";
    browser.until(refused).await;
    browser.find("#inside[hidden]").await;
    browser.find("#sign-in:not([hidden])").await;
    browser.shoot("bell-not-agent-en").await;
    browser.type_keys(&format!("{key}{ENTER}")).await;
    browser.find("#inside:not([hidden])").await;
    browser.until("document.getElementById('state').textContent.startsWith('Nothing')").await;
    browser.close().await;
}

/// As while Redis is away. Whatever the page waits for then is noted in `waits`, and over at once.
const BELL_AWAY: &str = "const done = arguments[arguments.length - 1]; \
    const { fetch, setTimeout } = window; let refused = false; window.waits = []; \
    window.fetch = async (path, options) => { \
        if (path !== '/v1/me/bell') return fetch(path, options); \
        refused = true; \
        return new Response('{}', {status: 503, headers: {'retry-after': '3'}}); }; \
    window.setTimeout = (what, ms) => { \
        if (!refused || ms < 1000) return setTimeout(what, ms); \
        refused = false; window.waits.push(ms); \
        return setTimeout(what, 0); }; done(true);";

#[tokio::test]
async fn a_bell_that_is_away_is_asked_less_and_less_often_and_no_sooner_than_it_says() {
    let (world, key) = team().await;
    let browser = opened(&world, "en").await;
    browser.run(BELL_AWAY, json!([])).await;
    browser.type_keys(&format!("{key}{ENTER}")).await;
    browser.until("window.waits.length >= 6").await;
    let script = "arguments[0](window.waits.slice(0, 6));";
    let waits = browser.run(script, json!([])).await;
    assert_eq!(waits, json!([3_000, 3_000, 4_000, 8_000, 16_000, 30_000]));
    browser.close().await;
}

#[tokio::test]
async fn a_browser_subscribes_or_the_page_says_why_it_cannot() {
    let (world, key) = team().await;
    let browser = signed_in(&world, &key, "en").await;
    let lead_in = browser.text("#device").await;
    browser.press("#subscribe").await;
    let said = "['A test', 'You are notified', 'This device cannot', 'Notifications are not'].some((one) => \
        document.getElementById('device').textContent.startsWith(one))";
    browser.until(said).await;
    let said = browser.text("#device").await;
    assert_ne!(said, lead_in);
    eprintln!("subscribing to Web Push in this browser: {said}");
    browser.shoot("bell-subscribed-en").await;
    if said.starts_with("This device cannot be notified") {
        assert!(
            said.contains("push service"),
            "the key, the worker or the page was refused: {said}"
        );
        let channels =
            world.operator.get("/v1/entities/acme/agents/ana/channels").await.expect(200);
        assert_eq!(channels.json()["channels"][1]["has_address"], false, "nothing was noted");
    } else {
        assert!(said.starts_with("A test notification"), "{said}");
        let lead = world.lead_from_zillow("Dana").await;
        let shown = shown(&browser, 2).await;
        assert!(shown.to_string().contains("Dana"), "{lead}: {shown}");
    }
    browser.close().await;
}

/// The notifications that the browser shows, once there are so many.
async fn shown(browser: &Browser, count: usize) -> Value {
    let script = "const [count, done] = arguments; const look = async () => { \
        const worker = await navigator.serviceWorker.getRegistration('/bell'); \
        const all = await worker.getNotifications(); \
        if (all.length < count) return setTimeout(look, 50); \
        done(all.map((one) => ({title: one.title, body: one.body, tag: one.tag, url: one.data.url, \
            silent: one.silent, actions: one.actions.map((action) => action.title)}))); }; look();";
    browser.run(script, json!([count])).await
}

/// What a browser was pushed, as it was decrypted.
fn payload(pushed: &Caught, over: bool) -> Value {
    let tag = &pushed.headers["notification-tag"];
    let until = (!over).then_some("2040-06-01T14:15:00Z");
    json!({"title": pushed.subject, "body": pushed.text, "url": pushed.links[0], "lead": pushed.lead,
        "tag": tag, "until": until, "over": over})
}

#[tokio::test]
async fn what_the_notifier_pushes_is_shown_with_its_buttons_and_replaced_when_it_is_over() {
    let (world, key) = team().await;
    let made = world.push.subscription("acme", "ana");
    let keys = json!({"p256dh": made.p256dh, "auth": made.auth});
    let subscription = json!({"endpoint": made.endpoint, "keys": keys});
    world.agent("ana").await.post("/v1/me/push-subscriptions", &subscription).await.expect(201);
    let lead = world.lead_from_zillow("Dana").await;
    let nth = |place: usize| {
        move |caught: &[Caught]| {
            caught.iter().filter(|one| one.channel == "push").nth(place).cloned()
        }
    };
    let offer = payload(&world.mailbox.wait_for("a push", nth(0)).await, false);

    let browser = signed_in(&world, &key, "en").await;
    let register = "const done = arguments[arguments.length - 1]; \
        navigator.serviceWorker.register('/bell/worker.js?lang=en', {scope: '/bell'}) \
        .then(() => navigator.serviceWorker.ready).then(() => done(true));";
    browser.run(register, json!([])).await;
    browser.command("ServiceWorker.enable", json!({})).await;
    let deliver = async |said: &Value| {
        let push = json!({"origin": site(&world), "registrationId": "0", "data": said.to_string()});
        browser.command("ServiceWorker.deliverPushMessage", push).await;
    };
    deliver(&offer).await;
    let all = shown(&browser, 1).await;
    assert!(all[0]["title"].as_str().unwrap().contains("Dana"), "{all}");
    assert_eq!((&all[0]["url"], &all[0]["silent"]), (&offer["url"], &json!(false)));
    assert_eq!(all[0]["actions"], json!(["Claim", "Pass"]));

    claims(&world, "ben", &lead).await;
    let over = world.mailbox.wait_for("that it is over", nth(1)).await;
    deliver(&payload(&over, true)).await;
    let script = "const [title, done] = arguments; const look = async () => { \
        const worker = await navigator.serviceWorker.getRegistration('/bell'); \
        const all = await worker.getNotifications(); \
        if (all.length !== 1 || all[0].title === title) return setTimeout(look, 50); \
        done({silent: all[0].silent, actions: all[0].actions.length}); }; look();";
    let replaced = browser.run(script, json!([all[0]["title"]])).await;
    assert_eq!(
        replaced,
        json!({"silent": true, "actions": 0}),
        "one notification, and it is quiet"
    );
    browser.close().await;
}
