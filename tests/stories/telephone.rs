//! The telephone call of the kvCORE document, and answers by text message (D-34).

use std::time::Duration;

use async_nats::jetstream::consumer::pull::OrderedConfig;
use futures::StreamExt;
use serde_json::{Value, json};
use tipoff_board::FollowUp;
use tipoff_domain::{Channel, LeadId};
use tipoff_roster::Works;
use tipoff_testkit::sink::phone::{Call, RingState, TOKEN, sign};
use tipoff_tests::{World, id, jump_ball, robin, seconds};
use tipoff_wire::link::{About, CallLink, read_secret};
use tipoff_wire::{EventKind, Stream};

const PATIENCE: Duration = Duration::from_secs(20);
const ANA: &str = "+15125550111";
const BEN: &str = "+15125550112";
const DANA: &str = "+15125550101";

/// Ana and Ben, who are called; `more` changes the route.
async fn called(strategy: Value, more: Value) -> World {
    let world = World::with_team(&[]).await;
    for (name, phone, locale) in [("Ana Ruiz", ANA, "en"), ("Ben Ode", BEN, "en")] {
        agent(&world, name, phone, locale, &["voice"]).await;
    }
    let mut whole = json!({"channels": ["voice"]});
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.route("Calls", strategy, whole).await;
    world
}

async fn agent(world: &World, name: &str, phone: &str, locale: &str, channels: &[&str]) {
    let id = name.split(' ').next().unwrap().to_lowercase();
    let email = format!("{id}@acme.example.com");
    let body = json!({"name": name, "email": email, "phone": phone, "locale": locale, "channels": channels});
    world.operator.put(&format!("/v1/entities/acme/agents/{id}"), &body).await.expect(201);
}

async fn dana(world: &World) -> LeadId {
    let lead = json!({"external_id": "dana", "name": {"full": "Dana Reyes"}, "phones": [DANA]});
    let answer = world.source("zillow").await.post("/v1/leads", &lead).await.expect(202);
    id(&answer.field("id"))
}

async fn rings(world: &World, number: &str) -> Call {
    world.phone.rings(number, 1).await
}

async fn owner(world: &World, lead: &LeadId) -> Option<String> {
    let lead = world.board.lead(&id("acme"), lead).await.unwrap().unwrap();
    lead.now_is.agent.map(|agent| agent.to_string())
}

#[tokio::test]
async fn press_one_to_accept_and_one_again_to_be_connected() {
    let world = called(robin(&["ana", "ben"]), json!({})).await;
    let lead = dana(&world).await;
    let mut call = rings(&world, ANA).await;

    let offered = call.answer().await;
    assert!(
        offered.text().contains("press 1") && offered.text().contains("press 2"),
        "{offered:?}"
    );
    assert!(!offered.text().contains("Dana"), "nothing of the person before it is accepted");
    let accepted = call.press('1').await;
    assert!(accepted.text().starts_with("The lead is yours."), "{accepted:?}");
    assert_eq!(owner(&world, &lead).await.as_deref(), Some("ana"));

    let connecting = call.press('1').await;
    let dials = connecting.dials.expect("the lead is called");
    assert_eq!((dials.number.as_str(), dials.caller_id.as_deref()), (DANA, Some("+15125550100")));
    assert!(connecting.says[0].1.contains("Dana"), "Ana hears whom she is about to talk to");
    assert!(call.dialled("completed").await.hung_up);
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}

#[tokio::test]
async fn press_two_and_the_next_agent_is_called_at_once() {
    let world = called(robin(&["ana", "ben"]), json!({})).await;
    let lead = dana(&world).await;
    let mut call = rings(&world, ANA).await;
    call.answer().await;
    assert!(call.press('2').await.hung_up);
    world.first(&lead, EventKind::Passed).await;
    let mut next = rings(&world, BEN).await;
    next.answer().await;
    next.press('1').await;
    assert_eq!(owner(&world, &lead).await.as_deref(), Some("ben"));
}

#[tokio::test]
async fn two_press_one_at_once_and_one_is_told_that_it_is_taken() {
    let world = called(jump_ball(), json!({})).await;
    let lead = dana(&world).await;
    let (mut ana, mut ben) = (rings(&world, ANA).await, rings(&world, BEN).await);
    ana.answer().await;
    ben.answer().await;
    let (one, other) = tokio::join!(ana.press('1'), ben.press('1'));

    let texts = [one.text(), other.text()];
    assert_eq!(texts.iter().filter(|text| text.starts_with("The lead is yours.")).count(), 1);
    let taken = texts.iter().filter(|text| text.contains("somebody else has accepted"));
    assert_eq!(taken.count(), 1, "{texts:?}");
    assert!(one.hung_up != other.hung_up);
    assert_eq!(
        world.history(&lead).await.iter().filter(|kind| **kind == "lead.claimed").count(),
        1
    );
}

#[tokio::test]
async fn who_presses_nothing_after_accepting_hears_what_to_say() {
    let world = called(robin(&["ana"]), json!({})).await;
    dana(&world).await;
    let mut call = rings(&world, ANA).await;
    call.answer().await;
    call.press('1').await;
    let hint = call.say_nothing().await;
    assert!(hint.text().contains("your name is Ana,"), "her first name alone: {}", hint.text());
    assert!(hint.asks.is_some(), "she may still press a key");
    assert!(call.say_nothing().await.hung_up);
}

#[tokio::test]
async fn press_two_after_accepting_and_a_follow_up_is_due_later_today() {
    let world = called(robin(&["ana"]), json!({})).await;
    let lead = dana(&world).await;
    let mut call = rings(&world, ANA).await;
    call.answer().await;
    call.press('1').await;
    let set = call.press('2').await;
    assert!(set.text().contains("12:00 PM today") && set.hung_up, "{}", set.text());
    let noted = world.first(&lead, EventKind::FollowUp).await;
    assert_eq!(noted.due, Some(id("2040-06-01T16:00:00Z")), "ten o'clock and two hours");
    assert_eq!(noted.by.as_deref(), Some("ana"));
}

#[tokio::test]
async fn hanging_up_is_no_answer_and_silence_is_none_either() {
    let world = called(robin(&["ana", "ben"]), json!({"claim_within": "15m"})).await;
    let lead = dana(&world).await;
    let mut call = rings(&world, ANA).await;
    call.answer().await;
    assert!(call.say_nothing().await.asks.is_some(), "it is asked once more");
    assert!(call.say_nothing().await.hung_up);
    call.hang_up().await;
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered"]);

    // The offer is hers until its deadline, and by other ways, too.
    world.agent("ana").await.post(&format!("/v1/leads/{lead}/claim"), &json!({})).await.expect(200);
}

#[tokio::test]
async fn an_answering_machine_cannot_accept() {
    let world = called(robin(&["ana"]), json!({})).await;
    let lead = dana(&world).await;
    let mut call = rings(&world, ANA).await;
    let heard = call.machine_answers().await;
    assert!(heard.hung_up && heard.says.is_empty() && heard.asks.is_none(), "{heard:?}");
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered"]);
}

#[tokio::test]
async fn without_acceptance_the_call_goes_straight_to_the_connection() {
    let world = called(robin(&["ana"]), json!({"acceptance": false})).await;
    dana(&world).await;
    let mut call = rings(&world, ANA).await;
    let told = call.answer().await;
    assert!(told.text().contains("To be connected to this lead, press 1"), "{}", told.text());
    assert!(!told.text().contains("accept"), "{}", told.text());
    assert_eq!(call.press('1').await.dials.expect("the lead is called").number, DANA);
    let again = call.dialled("no-answer").await;
    assert!(again.text().contains("could not be reached") && again.asks.is_some());
    assert!(call.press('2').await.hung_up);
}

#[tokio::test]
async fn without_acceptance_too_who_presses_nothing_hears_what_to_say() {
    let world = called(robin(&["ana"]), json!({"acceptance": false})).await;
    dana(&world).await;
    let mut call = rings(&world, ANA).await;
    call.answer().await;
    let hint = call.say_nothing().await;
    assert!(hint.text().contains("your name is Ana,") && hint.asks.is_some(), "{}", hint.text());
}

#[tokio::test]
async fn after_the_deadline_the_keys_do_nothing() {
    let world = called(robin(&["ana", "ben"]), json!({"claim_within": "60s"})).await;
    let lead = dana(&world).await;
    let mut call = rings(&world, ANA).await;
    call.answer().await;
    world.fast_forward(seconds(60)).await;
    let late = call.press('1').await;
    assert!(late.text().contains("the time to accept this lead is over") && late.hung_up);
    assert_ne!(owner(&world, &lead).await.as_deref(), Some("ana"));
}

#[tokio::test]
async fn the_telephone_stops_ringing_and_the_question_ends_before_the_deadline() {
    let world = called(robin(&["ana"]), json!({"claim_within": "30s"})).await;
    dana(&world).await;
    let mut call = rings(&world, ANA).await;
    assert!(call.ring.timeout.as_secs() <= 18, "{:?}", call.ring.timeout);
    world.fast_forward(seconds(20)).await;
    let asked = call.answer().await.asks.expect("ten seconds are enough to ask");
    assert!(asked.timeout <= 4, "{asked:?}");
    world.fast_forward(seconds(5)).await;
    let mut late = rings(&world, ANA).await;
    assert!(late.answer().await.hung_up, "five seconds are not");
}

#[tokio::test]
async fn a_call_is_in_the_agents_language() {
    let world = World::with_team(&[]).await;
    agent(&world, "Ana Ruiz", ANA, "es", &["voice"]).await;
    world.route("Calls", robin(&["ana"]), json!({"channels": ["voice"]})).await;
    dana(&world).await;
    let mut call = rings(&world, ANA).await;
    let heard = call.answer().await;
    assert!(heard.text().contains("Para aceptarlo, pulsa 1."), "{}", heard.text());
    assert!(heard.says.iter().all(|(language, _)| language == "es-MX"));
}

#[tokio::test]
async fn what_the_provider_did_not_sign_does_nothing_and_a_repetition_does_nothing_twice() {
    let world = called(robin(&["ana", "ben"]), json!({})).await;
    let lead = dana(&world).await;
    let mut call = rings(&world, ANA).await;
    let asked = call.answer().await.asks.unwrap();
    let stranger = world.operator.with_key("");
    let path = asked.action.strip_prefix(&stranger.base_url()).unwrap();
    let forged = stranger.request(reqwest::Method::POST, path);
    let forged = forged.header("X-Twilio-Signature", "AAAA").form(&[("Digits", "1")]);
    tipoff_tests::answer(forged).await.expect(403);
    assert_eq!(owner(&world, &lead).await, None);

    let (first, one) = call.send(&asked.action, &[("Digits", "1")]).await;
    let (second, other) = call.send(&asked.action, &[("Digits", "1")]).await;
    assert_eq!((first, second, &one), (200, 200, &other));
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered", "lead.claimed"]);
}

#[tokio::test]
async fn a_number_that_nobody_has_is_not_called_again() {
    let world = called(robin(&["ana"]), json!({})).await;
    dana(&world).await;
    let call = rings(&world, ANA).await;
    let back = format!("{}/status", call.ring.url);
    let ended = [("CallStatus", "failed"), ("SipResponseCode", "404")];
    assert_eq!(call.send(&back, &ended).await.0, 204);
    let reach = world.roster.reach(&id("acme"), &id("ana"), Channel::Voice).unwrap();
    assert_eq!(reach.works, Works::Failed);
}

#[tokio::test]
async fn a_telephone_stops_ringing_when_somebody_else_was_faster() {
    let world = called(jump_ball(), json!({})).await;
    let lead = dana(&world).await;
    let (at_ana, mut at_ben) = (rings(&world, ANA).await, rings(&world, BEN).await);
    at_ben.answer().await;
    at_ben.press('1').await;
    assert_eq!(owner(&world, &lead).await.as_deref(), Some("ben"));
    at_ana.stops().await;
    assert_eq!(at_ben.state(), RingState::Answered, "nobody hangs up on the winner");
}

#[tokio::test]
async fn a_telephone_stops_ringing_when_its_owner_claims_by_mail() {
    let world = called(robin(&["ana", "ben"]), json!({})).await;
    let lead = dana(&world).await;
    let call = rings(&world, ANA).await;
    world.does("ana", "claim", &lead).await.expect(200);
    call.stops().await;
}

#[tokio::test]
async fn a_call_that_never_came_about_moves_the_lead_on_if_nothing_else_tells_the_agent() {
    let world = called(robin(&["ana", "ben"]), json!({"channels": ["voice", "email"]})).await;
    let lead = dana(&world).await;
    let call = rings(&world, ANA).await;
    let back = format!("{}/status", call.ring.url);
    for again in 0..2 {
        let status = call.send(&back, &[("CallStatus", "failed")]).await.0;
        assert_eq!(status, 204, "said for the {again} time");
    }
    assert_eq!(world.offered(&lead, 2).await, ["ben"], "Ana wants to be called and nothing else");
    let withdrawn = world.first(&lead, EventKind::Withdrawn).await;
    assert_eq!(withdrawn.reason.as_deref(), Some("undeliverable"));
    let reach = world.roster.reach(&id("acme"), &id("ana"), Channel::Voice);
    assert_eq!(reach, None, "the number itself may be good");
}

#[tokio::test]
async fn a_text_that_was_not_delivered_moves_the_lead_on_unless_a_mail_tells_the_agent() {
    for (channels, moves_on) in [(json!(["sms"]), true), (json!(["sms", "email"]), false)] {
        let world = World::with_team(&["ben"]).await;
        agent(&world, "Ana Ruiz", ANA, "en", &["email"]).await;
        world.change_agent("ana", json!({"channels": channels})).await;
        world.route("Texts", robin(&["ana", "ben"]), json!({"channels": ["sms", "email"]})).await;
        let lead = dana(&world).await;
        world.offered(&lead, 1).await;
        let offer = world.board.lead(&id("acme"), &lead).await.unwrap().unwrap();
        let link = CallLink {
            entity: id("acme"),
            lead: lead.clone(),
            agent: id("ana"),
            about: About::Offer { round: offer.now_is.round, until: offer.now_is.until.unwrap() },
        };
        let secret = read_secret(&world.roster.deployment().link_secret).unwrap();
        let path = format!("/telephony/sms/{}/status", link.seal(&secret));
        let url = format!("{}{path}", world.operator.base_url());
        let fields = [("ErrorCode", "30003"), ("MessageStatus", "undelivered"), ("To", ANA)];
        let signature = sign(TOKEN, &url, &fields);
        let request = world.operator.with_key("").request(reqwest::Method::POST, &path);
        let request = request.header("X-Twilio-Signature", signature).form(&fields);
        tipoff_tests::answer(request).await.expect(204);
        if moves_on {
            assert_eq!(world.offered(&lead, 2).await, ["ben"]);
        } else {
            noted_failure(&world).await;
            assert_eq!(world.history(&lead).await, ["lead.received", "lead.offered"]);
        }
    }
}

/// Waits until it was noted that a channel failed, while another may still tell.
async fn noted_failure(world: &World) {
    let stream = world.nats.jetstream.get_stream(Stream::Undelivered.name()).await.unwrap();
    let all = stream.create_consumer(OrderedConfig::default()).await.unwrap();
    let mut noted = all.messages().await.unwrap();
    tokio::time::timeout(PATIENCE, noted.next()).await.unwrap().unwrap().unwrap();
}

/// Ana texts; she is asked about so many leads.
async fn texting(leads: &[&str]) -> (World, Vec<LeadId>) {
    let world = World::with_team(&[]).await;
    agent(&world, "Ana Ruiz", "(512) 555-0111", "en", &["email"]).await;
    world.route("Texts", robin(&["ana"]), json!({"claim_within": "15m"})).await;
    let mut made = Vec::new();
    for name in leads {
        let lead = world.lead_from_zillow(name).await;
        world.offered(&lead, 1).await;
        made.push(lead);
    }
    (world, made)
}

async fn text(world: &World, from: &str, body: &str) -> Vec<String> {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let url = format!("{}/telephony/sms", world.operator.base_url());
    world.phone.text(&url, from, body, &format!("SM{number}")).await
}

#[tokio::test]
async fn one_claims_the_only_open_offer_and_tells_how_to_reach_the_person() {
    let (world, leads) = texting(&["Dana"]).await;
    let said = text(&world, ANA, " 1 ").await;
    assert_eq!(said, ["It is yours: Dana, dana@example.com"]);
    assert_eq!(owner(&world, &leads[0]).await.as_deref(), Some("ana"));
    assert_eq!(text(&world, ANA, "1").await, ["No lead is waiting for your answer."]);
}

#[tokio::test]
async fn two_passes_and_the_lead_moves_on() {
    let (world, leads) = texting(&["Dana"]).await;
    assert_eq!(text(&world, ANA, "2").await, ["You passed on Dana."]);
    world.first(&leads[0], EventKind::Passed).await;
}

#[tokio::test]
async fn of_several_the_code_says_which() {
    let (world, leads) = texting(&["Dana", "Eli"]).await;
    let which = text(&world, ANA, "1").await.remove(0);
    assert!(which.starts_with("Which one?"), "{which}");
    let line =
        which.lines().find(|line| line.ends_with("Eli")).unwrap_or_else(|| panic!("{which}"));
    let code = line.split(' ').next().unwrap().to_lowercase();
    assert_eq!(text(&world, ANA, "1 Z9").await, ["No lead has the code Z9."]);
    assert!(text(&world, ANA, &format!("1 {code}")).await[0].starts_with("It is yours: Eli"));
    assert_eq!(owner(&world, &leads[1]).await.as_deref(), Some("ana"));
    assert_eq!(owner(&world, &leads[0]).await, None);
    assert!(text(&world, ANA, "LIST").await[0].contains("Dana"));
}

#[tokio::test]
async fn what_a_route_hides_no_text_message_tells_before_the_claim() {
    let world = World::with_team(&[]).await;
    agent(&world, "Ana Ruiz", ANA, "en", &["sms"]).await;
    let hiding = json!({"claim_within": "15m", "channels": ["sms"], "preview": ["kind"]});
    world.route("Texts", robin(&["ana"]), hiding).await;
    let property = json!({"property": {"address": "15 Oak Ct"}, "message": "About the villa"});
    for name in ["Dana", "Eli"] {
        let lead = world.lead(name, property.clone()).await;
        world.offered(&lead, 1).await;
    }
    let texts = world.mailbox.wait_for("both offers by text", |caught| {
        let texts: Vec<_> = caught.iter().filter(|one| one.channel == "sms").collect();
        (texts.len() == 2).then(|| texts.iter().map(|one| one.text.clone()).collect::<Vec<_>>())
    });
    let mut said = texts.await;
    let which = text(&world, ANA, "1").await.remove(0);
    let code = which.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    said.extend([which, text(&world, ANA, &format!("2 {code}")).await.remove(0)]);
    for text in &said {
        for hidden in ["Dana", "Eli", "Oak", "villa", "illow"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    let won = text(&world, ANA, "1").await.remove(0);
    assert!(won.contains("@example.com"), "{won}");
}

#[tokio::test]
async fn a_message_that_comes_twice_counts_once() {
    let (world, leads) = texting(&["Dana"]).await;
    let url = format!("{}/telephony/sms", world.operator.base_url());
    assert_eq!(world.phone.text(&url, ANA, "1", "SMsame").await.len(), 1);
    let other = world.lead_from_zillow("Eli").await;
    world.offered(&other, 1).await;
    assert!(world.phone.text(&url, ANA, "1", "SMsame").await.is_empty());
    assert_eq!(owner(&world, &leads[0]).await.as_deref(), Some("ana"));
    assert_eq!(owner(&world, &other).await, None, "the repetition claims nothing else");
}

#[tokio::test]
async fn stop_is_stop_until_start() {
    let (world, _) = texting(&[]).await;
    let works = || world.roster.reach(&id("acme"), &id("ana"), Channel::Sms).map(|one| one.works);
    assert!(text(&world, ANA, "STOP").await[0].starts_with("You will get no more"));
    assert_eq!(works(), Some(Works::Stopped));
    assert!(text(&world, ANA, "hello?").await.is_empty(), "not another word");
    assert!(text(&world, ANA, "HELP").await[0].contains("STOP"));
    assert!(text(&world, ANA, "START").await[0].contains("again"));
    assert_eq!(works(), Some(Works::Confirmed));
}

#[tokio::test]
async fn a_stranger_hears_nothing() {
    let (world, leads) = texting(&["Dana"]).await;
    for body in ["1", "HELP", "STOP", "LIST"] {
        assert!(text(&world, "+15125550199", body).await.is_empty(), "{body}");
    }
    assert_eq!(owner(&world, &leads[0]).await, None);
}

#[tokio::test]
async fn a_follow_up_is_for_whoever_has_the_lead() {
    let (world, leads) = texting(&["Dana"]).await;
    let ana = world.agent("ana").await;
    let path = format!("/v1/leads/{}/follow-up", leads[0]);
    ana.post(&path, &json!({})).await.expect(409);
    ana.post(&format!("/v1/leads/{}/claim", leads[0]), &json!({})).await.expect(200);
    let noted = ana.post(&path, &json!({"note": "the garden"})).await.expect(200);
    assert_eq!(noted.field("due"), "2040-06-01T16:00:00Z");
    ana.post(&path, &json!({"at": "2040-06-01T13:00:00Z"})).await.expect(422);
    let event = world.first(&leads[0], EventKind::FollowUp).await;
    assert_eq!(event.reason.as_deref(), Some("the garden"));

    // The same request again is the same follow-up.
    let (acme, due) = (id("acme"), id("2040-06-01T17:00:00Z"));
    for _ in 0..2 {
        let noted = world.board.follow_up(&acme, &leads[0], None, due, None, "same").await.unwrap();
        assert_eq!(noted, FollowUp::Noted);
    }
    let kinds = world.history(&leads[0]).await;
    assert_eq!(kinds.iter().filter(|kind| **kind == "lead.follow_up").count(), 2);
}
