//! The claim page and the page of a test message.

use serde_json::json;
use tipoff_testkit::sink::Caught;
use tipoff_tests::{World, claim_link, robin};
use tipoff_wire::EventKind;

use crate::driver::{Browser, ENTER, TAB};

#[tokio::test]
async fn an_agent_claims_on_the_page_that_counts_down() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Everybody", robin(&["ana", "ben"]), json!({"claim_within": "15m"})).await;
    let lead = world.lead_from_zillow("Dana").await;
    let link = claim_link(&world.mail("ana", &lead, 1).await);
    let browser = Browser::open().await;
    browser.goto(&link).await;
    assert_eq!(browser.text("h1").await, "New lead for you");
    browser.shoot("claim-open-en").await;
    let left = browser.text("#left").await;
    // A busy machine may take a while to show it.
    assert!(["15:", "14:", "13:", "12:"].iter().any(|minutes| left.starts_with(minutes)), "{left}");
    // The page's own script runs, and does nothing but count.
    let script = "const done = arguments[arguments.length - 1]; const left = document.getElementById('left'); \
        const before = left.textContent; new MutationObserver(() => { if (left.textContent !== before) done(left.textContent); }) \
        .observe(left, {childList: true, characterData: true, subtree: true});";
    let counted = browser.run(script, json!([])).await;
    assert_ne!(counted.as_str(), Some(left.as_str()));
    assert_eq!(
        world.history(&lead).await,
        ["lead.received", "lead.offered"],
        "looking claims nothing"
    );

    // By the keyboard alone: the language, then the two buttons.
    browser.type_keys(&format!("{TAB}{TAB}{ENTER}")).await;
    assert_eq!(browser.text("#contact").await, "Dana");
    browser.shoot("claim-yours-en").await;
    assert_eq!(world.first(&lead, EventKind::Claimed).await.agents[0].as_str(), "ana");
    browser.goto(&link).await;
    assert!(browser.text("h1").await.contains("yours"), "it stays theirs");
    browser.close().await;
}

#[tokio::test]
async fn an_agent_reads_the_page_in_another_language_and_passes() {
    let world = World::with_team(&["ana", "ben"]).await;
    world.route("Everybody", robin(&["ana", "ben"]), json!({})).await;
    let lead = world.lead_from_zillow("Dana").await;
    let browser = Browser::open().await;
    browser.goto(&claim_link(&world.mail("ana", &lead, 1).await)).await;
    browser.type_keys(&format!("{TAB}{ENTER}")).await;
    assert_eq!(browser.text("button[value=pass]").await, "Rechazar");
    browser.shoot("claim-open-es").await;
    browser.type_keys(&format!("{TAB}{TAB}{TAB}{ENTER}")).await;
    assert_eq!(world.offered(&lead, 2).await, ["ben"]);
    browser.find("[role=status]").await;
    browser.shoot("claim-passed-es").await;
    browser.close().await;
}

#[tokio::test]
async fn a_test_message_is_confirmed_by_pressing_its_button() {
    let world = World::with_team(&["ana"]).await;
    let ana = world.agent("ana").await;
    ana.post("/v1/me/channels/email/test", &json!({})).await.expect(202);
    let to_ana = |caught: &[Caught]| caught.first().cloned();
    let mail = world.mailbox.wait_for("a test", to_ana).await;
    let browser = Browser::open().await;
    browser.goto(&mail.links[0]).await;
    assert_eq!(browser.text("h1").await, "Did it reach you?");
    browser.shoot("confirm-open-en").await;
    browser.goto(&format!("{}?lang=es", mail.links[0])).await;
    browser.shoot("confirm-open-es").await;
    browser.goto(&mail.links[0]).await;
    browser.type_keys(&format!("{TAB}{TAB}{ENTER}")).await;
    assert_eq!(
        browser.text("[role=status]").await,
        "You hear of new leads of acme by e-mail from now on."
    );
    browser.shoot("confirm-done-en").await;
    let channels = ana.get("/v1/me/channels").await.expect(200).json();
    assert_eq!(channels["channels"][0]["works"], "confirmed");
    browser.close().await;
}
