//! A browser that subscribes to Web Push, if the push service that it was built with
//! can be reached from here. Where it cannot, the receiver of the testkit stands in
//! for it in all other tests: it decrypts with a subscription's keys as a browser does.

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use serde_json::{Value, json};
use tipoff_tests::{World, robin};
use tokio::net::TcpListener;

use crate::driver::Browser;

/// Shows what it is pushed, and tells the page.
const WORKER: &str = "self.addEventListener('install', () => self.skipWaiting()); \
    self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim())); \
    self.addEventListener('push', (event) => event.waitUntil(self.clients.matchAll({includeUncontrolled: true}) \
    .then((all) => all.forEach((one) => one.postMessage(event.data.json())))));";
const SUBSCRIBE: &str = "const [key, done] = arguments; (async () => { \
    await Notification.requestPermission(); \
    await navigator.serviceWorker.register('/worker.js'); \
    const worker = await navigator.serviceWorker.ready; \
    window.pushed = new Promise((tell) => navigator.serviceWorker.addEventListener('message', (event) => tell(event.data))); \
    const made = await worker.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: key}); \
    return {made: made.toJSON()}; })().then(done, (error) => done({why: String(error)}));";
const PUSHED: &str = "const done = arguments[arguments.length - 1]; window.pushed.then(done);";

#[tokio::test]
async fn a_browser_is_told_by_web_push_if_its_push_service_can_be_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    let script = || async { ([(header::CONTENT_TYPE, "text/javascript")], WORKER) };
    let app = Router::new()
        .route("/", get(|| async { Html("<!doctype html><title>Push</title><h1>Push</h1>") }))
        .route("/worker.js", get(script));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let world = World::with_team(&[]).await;
    let ana = json!({"name": "Ana", "email": null, "channels": ["push"]});
    world.operator.put("/v1/entities/acme/agents/ana", &ana).await.expect(201);
    world.route("Everybody", robin(&["ana"]), json!({"channels": ["push"]})).await;
    let key = world.operator.get("/v1/push-key").await.expect(200).field("key");

    let browser = Browser::open().await;
    browser.allow_notifications(&site).await;
    browser.goto(&site).await;
    let asked = browser.run(SUBSCRIBE, json!([key])).await;
    let Some(made) = asked.get("made") else {
        let why = asked["why"].as_str().unwrap_or_default();
        assert!(why.contains("push service"), "the key or the page was refused: {why}");
        eprintln!("the browser's push service cannot be reached from here: {why}");
        return browser.close().await;
    };
    let wanted: &Value = made;
    world.agent("ana").await.post("/v1/me/push-subscriptions", wanted).await.expect(201);
    let lead = world.lead_from_zillow("Dana").await;
    let pushed = browser.run(PUSHED, json!([])).await;
    assert_eq!(pushed["lead"], lead.as_str());
    browser.close().await;
}
