//! What a telephone provider says of text messages after it took them.

use std::time::Duration;

use async_nats::jetstream::consumer::pull::OrderedConfig;
use axum::http::Method;
use futures::StreamExt;
use serde_json::json;
use tipoff_api::TelephonyOptions;
use tipoff_domain::Channel;
use tipoff_roster::Works;
use tipoff_testkit::sink::phone::{TOKEN, sign};
use tipoff_wire::link::{About, CallLink, read_secret};
use tipoff_wire::{Setback, Stream, subject};
use tokio::time::timeout;

use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(20);
const PUBLIC_URL: &str = "https://tipoff.example.com";

/// A team with Eva, who is texted.
async fn world() -> World {
    let (public_url, phone_token) = (PUBLIC_URL.to_owned(), Some(TOKEN.into()));
    let telephony = TelephonyOptions { public_url, phone_token };
    let world = World::with(|options| options.telephony = telephony).await;
    world.team("acme").await;
    let eva = json!({"name": "Eva Lund", "email": "eva@example.com", "phone": "(512) 555-0113"});
    world.put("/v1/entities/acme/agents/eva", &world.operator, eva).send().await.expect(201);
    world
}

/// The provider says that the text by which Eva was asked in that round did not arrive.
async fn not_delivered(world: &World, round: u32, error: &str) {
    let link = CallLink {
        entity: "acme".parse().unwrap(),
        lead: format!("lead_{:032x}", 7).parse().unwrap(),
        agent: "eva".parse().unwrap(),
        about: About::Offer { round, until: "2026-11-22T09:30:00Z".parse().unwrap() },
    };
    let secret = read_secret(&world.roster.deployment().link_secret).unwrap();
    let path = format!("/telephony/sms/{}/status", link.seal(&secret));
    let fields = [("ErrorCode", error), ("MessageStatus", "undelivered"), ("To", "+15125550113")];
    let signature = sign(TOKEN, &format!("{PUBLIC_URL}{path}"), &fields);
    let form = format!("ErrorCode={error}&MessageStatus=undelivered&To=%2B15125550113");
    let call = world.call(Method::POST, &path).header("x-twilio-signature", &signature);
    call.form(&form).send().await.expect(204);
}

/// The rounds of the first three setbacks that the notifier finds.
async fn set_back(world: &World) -> [u32; 3] {
    let stream = world.nats.jetstream.get_stream(Stream::Notify.name()).await.unwrap();
    let of_setbacks =
        OrderedConfig { filter_subject: subject::SETBACKS.to_owned(), ..Default::default() };
    let reader = stream.create_consumer(of_setbacks).await.unwrap();
    let mut messages = reader.messages().await.unwrap();
    let mut rounds = [0; 3];
    for round in &mut rounds {
        let message = timeout(PATIENCE, messages.next()).await.unwrap().unwrap().unwrap();
        let setback: Setback = serde_json::from_slice(&message.payload).unwrap();
        *round = setback.round;
    }
    rounds
}

#[tokio::test]
async fn a_telephone_that_is_off_sets_its_offer_back_and_is_no_dead_number() {
    let world = world().await;
    let (acme, eva) = ("acme".parse().unwrap(), "eva".parse().unwrap());
    // Switched off; nothing goes there from our number; a line that takes no texts.
    for (round, error, dead) in [(1, "30003", false), (2, "21612", false), (3, "30006", true)] {
        not_delivered(&world, round, error).await;
        let known = world.roster.reach(&acme, &eva, Channel::Sms).map(|reach| reach.works);
        assert_eq!(known, dead.then_some(Works::Failed), "after {error}");
    }
    assert_eq!(set_back(&world).await, [1, 2, 3]);
}
