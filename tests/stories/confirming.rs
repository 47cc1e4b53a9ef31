//! A person confirms a channel with a test message before it counts as working.

use serde_json::{Value, json};
use tipoff_domain::LeadId;
use tipoff_testkit::sink::Caught;
use tipoff_tests::{Caller, World, minutes, robin};

const ANA: &str = "+15125550111";

/// Ana, with every address that there is, and Ben, who has his mail.
async fn team() -> (World, Caller) {
    let world = World::with_team(&["ana", "ben"]).await;
    let channels = json!(["email", "push", "sms", "voice", "in_app"]);
    world.change_agent("ana", json!({"phone": ANA, "channels": channels})).await;
    world.route("Everybody", robin(&["ana", "ben"]), json!({})).await;
    let ana = world.agent("ana").await;
    (world, ana)
}

/// The test message over that channel.
async fn tested(world: &World, ana: &Caller, channel: &str) -> Caught {
    ana.post(&format!("/v1/me/channels/{channel}/test"), &json!({})).await.expect(202);
    let is_test = |one: &&Caught| one.channel == channel && one.lead.is_none();
    let of = |caught: &[Caught]| caught.iter().find(is_test).cloned();
    world.mailbox.wait_for(&format!("a test over {channel}"), of).await
}

async fn state(ana: &Caller, channel: &str) -> Value {
    let all = ana.get("/v1/me/channels").await.expect(200).json();
    let channels = all["channels"].as_array().unwrap();
    channels.iter().find(|one| one["channel"] == channel).unwrap().clone()
}

fn path(link: &str) -> &str {
    link.find("/confirm/").map(|at| &link[at..]).unwrap()
}

fn code(text: &str) -> String {
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    text.split(|c: char| !c.is_alphanumeric()).find(digits).unwrap().to_owned()
}

async fn first_asked(world: &World, name: &str) -> String {
    let lead: LeadId = world.lead_from_zillow(name).await;
    world.offered(&lead, 1).await.remove(0)
}

#[tokio::test]
async fn a_link_is_confirmed_by_its_button_and_by_nothing_else() {
    let (world, ana) = team().await;
    assert_eq!(state(&ana, "email").await["works"], Value::Null);
    let mail = tested(&world, &ana, "email").await;
    assert_eq!((mail.to.as_str(), mail.lead.as_deref()), ("ana@acme.example.com", None));
    assert!(mail.html.as_deref().is_some_and(|html| html.contains("Yes, it reached me")));

    let page = world.operator.with_key("").open(path(&mail.links[0])).await;
    assert!(page.html.contains("Did it reach you?"), "{}", page.html);
    assert_eq!(state(&ana, "email").await["works"], Value::Null, "looking confirms nothing");
    let pressed = page.press("confirm").await.expect(200);
    assert!(pressed.text.contains("Thank you"), "{}", pressed.text);
    let known = state(&ana, "email").await;
    assert_eq!((&known["works"], &known["counts"]), (&json!("confirmed"), &json!(true)));

    // A form that no page of ours sent.
    world.change_agent("ana", json!({"email": "ana@new.example.com"})).await;
    assert_eq!(state(&ana, "email").await["works"], Value::Null, "another address, another story");
    assert_eq!(page.press("confirm").await.status, 410, "its link is of the old address");
}

#[tokio::test]
async fn a_code_confirms_for_whoever_has_read_it() {
    let (world, ana) = team().await;
    let mail = tested(&world, &ana, "email").await;
    let confirm = "/v1/me/channels/email/confirm";
    let wrong = if code(&mail.text) == "000000" { "000001" } else { "000000" };
    ana.post(confirm, &json!({"code": wrong})).await.expect(422);
    let other = "/v1/me/channels/sms/confirm";
    ana.post(other, &json!({"code": code(&mail.text)})).await.expect(422);
    let known = ana.post(confirm, &json!({"code": code(&mail.text)})).await.expect(200).json();
    assert_eq!(known["works"], "confirmed");
    ana.post("/v1/me/channels/email/test", &json!({})).await.expect(429);
    ana.post("/v1/me/channels/in_app/test", &json!({})).await.expect(404);
    ana.post("/v1/me/channels/push/test", &json!({})).await.expect(409);

    let admin = world.caller("admin", None).await;
    let ben = "/v1/entities/acme/agents/ben/channels/email";
    admin.post(&format!("{ben}/test"), &json!({})).await.expect(202);
    let to_ben = |caught: &[Caught]| caught.iter().find(|one| one.to.starts_with("ben@")).cloned();
    let mail = world.mailbox.wait_for("a test to Ben", to_ben).await;
    let told = json!({"code": code(&mail.text)});
    ana.post("/v1/me/channels/email/confirm", &told).await.expect(422);
    admin.post(&format!("{ben}/confirm"), &told).await.expect(200);
}

#[tokio::test]
async fn a_text_is_confirmed_by_answering_with_its_code() {
    let (world, ana) = team().await;
    let sms = tested(&world, &ana, "sms").await;
    assert_eq!((sms.to.as_str(), sms.lead.as_deref()), (ANA, None));
    let url = format!("{}/telephony/sms", world.operator.base_url());
    let stranger = world.phone.text(&url, "+15125550112", &code(&sms.text), "SM0").await;
    assert!(stranger.is_empty() && state(&ana, "sms").await["works"].is_null());
    let answer = world.phone.text(&url, ANA, &code(&sms.text), "SM1").await;
    assert!(answer[0].starts_with("Thank you."), "{answer:?}");
    assert_eq!(state(&ana, "sms").await["works"], "confirmed");
    assert_eq!(state(&ana, "voice").await["works"], Value::Null, "a call is another channel");
}

#[tokio::test]
async fn a_call_is_confirmed_by_pressing_one() {
    let (world, ana) = team().await;
    ana.post("/v1/me/channels/voice/test", &json!({})).await.expect(202);
    let mut call = world.phone.rings(ANA, 1).await;
    let asked = call.answer().await;
    assert!(asked.text().contains("This is a test by acme"), "{asked:?}");
    let not = call.press('2').await;
    assert!(not.hung_up && state(&ana, "voice").await["works"].is_null(), "{not:?}");
    call.answer().await;
    assert!(call.press('1').await.text().starts_with("Thank you"));
    assert_eq!(state(&ana, "voice").await["works"], "confirmed");
}

#[tokio::test]
async fn unconfirmed_channels_count_unless_the_team_wants_confirmed_ones_only() {
    let (world, ana) = team().await;
    assert_eq!(first_asked(&world, "Dana").await, "ana");
    world.settle(json!({"confirmed_channels_only": true})).await;
    let lead = world.lead_from_zillow("Eli").await;
    assert_eq!(world.pooled(&lead).await, "nobody_eligible", "nobody can be told");

    let mail = tested(&world, &ana, "email").await;
    let told = json!({"code": code(&mail.text)});
    ana.post("/v1/me/channels/email/confirm", &told).await.expect(200);
    for name in ["Finn", "Gil"] {
        let lead = world.lead_from_zillow(name).await;
        assert_eq!(world.offered(&lead, 1).await, ["ana"], "Ben is not asked");
        world.mail("ana", &lead, 1).await;
    }
    let lint = world.operator.get("/v1/entities/acme/lint").await.expect(200).text;
    assert!(lint.contains("channels_not_confirmed") && lint.contains("ben"), "{lint}");
}

#[tokio::test]
async fn whoever_tries_many_codes_may_try_no_more_for_a_while() {
    let (world, ana) = team().await;
    let mail = tested(&world, &ana, "email").await;
    let confirm = "/v1/me/channels/email/confirm";
    let right = code(&mail.text);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let guess = async |_| ana.post(confirm, &json!({"code": wrong})).await.status.as_u16();
    let answers = futures::future::join_all((0..20).map(guess));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|status| **status == 422).count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 15, "{answers:?}");
    ana.post(confirm, &json!({"code": right})).await.expect(429);
    assert_eq!(state(&ana, "email").await["works"], Value::Null);
    let text = tested(&world, &ana, "sms").await;
    let told = json!({"code": code(&text.text)});
    ana.post("/v1/me/channels/sms/confirm", &told).await.expect(200);

    // The link is no guess, and later there is another code.
    world.fast_forward(minutes(30)).await;
    ana.post(confirm, &json!({"code": right})).await.expect(200);
}
