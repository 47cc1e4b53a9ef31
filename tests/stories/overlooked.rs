//! Consumers that go wrong while all looks well, and a board that is lost.

use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::pull;
use chrono::Utc;
use futures::StreamExt;
use serde_json::json;
use tipoff_tests::{World, id, robin};
use tipoff_wire::{EventKind, Partition};

async fn leads(world: &World) -> async_nats::jetstream::stream::Stream {
    world.nats.jetstream.get_stream("LEADS").await.unwrap()
}

/// Nobody tells the routers, and nothing looks wrong.
#[tokio::test]
async fn leads_that_a_starved_consumer_leaves_behind_are_found_and_placed() {
    let world = World::with_team(&["ana", "ben"]).await;
    let robin = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    world.route("Robin", robin, json!({})).await;
    let brought = world.lead_from_zillow("Kim").await;
    world.first(&brought, EventKind::Offered).await;

    let later = "2040-01-01T00:00:00Z".parse::<chrono::DateTime<Utc>>().unwrap();
    leads(&world).await.pause_consumer("router", later).await.unwrap();
    let mut starved = Vec::new();
    for number in 0..5 {
        starved.push(world.lead_from_zillow(&format!("person{number}")).await);
    }
    for lead in &starved {
        world.first(lead, EventKind::Offered).await;
    }
    leads(&world).await.resume_consumer("router").await.unwrap();
}

/// As after a bug of the server: whatever comes now is behind it.
#[tokio::test]
async fn a_consumer_that_stands_ahead_of_all_leads_is_made_anew() {
    let world = World::with_team(&["ana", "ben"]).await;
    let robin = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    world.route("Robin", robin, json!({})).await;
    let brought = world.lead_from_zillow("Kim").await;
    world.first(&brought, EventKind::Offered).await;

    let reset =
        world.nats.client.request("$JS.API.CONSUMER.RESET.LEADS.router", r#"{"seq":1000}"#.into());
    let said = reset.await.unwrap();
    assert!(!String::from_utf8_lossy(&said.payload).contains("\"error\""), "{said:?}");
    let behind = world.lead_from_zillow("Sam").await;
    world.first(&behind, EventKind::Offered).await;
    let leads = leads(&world).await;
    let fed = async || {
        leads.get_consumer::<pull::Config>("router").await.is_ok_and(|consumer| {
            let info = consumer.cached_info();
            info.delivered.stream_sequence < 1_000 && info.num_pending == 0
        })
    };
    while !fed().await {
        tokio::task::yield_now().await;
    }
    let later = world.lead_from_zillow("Pat").await;
    world.first(&later, EventKind::Offered).await;
    assert_eq!(world.history(&behind).await, ["lead.received", "lead.offered"], "once");
}

/// Somebody reads and acknowledges in the routers' name: they never hear of it.
#[tokio::test]
async fn leads_that_others_acknowledge_are_found_and_placed() {
    let mut world = World::with_team(&["ana"]).await;
    world.route("All", json!({"kind": "random", "agents": "all"}), json!({})).await;
    let brought = world.lead_from_zillow("Kim").await;
    world.first(&brought, EventKind::Offered).await;
    world.stop_routers().await;
    let stolen = world.lead_from_zillow("Sam").await;
    let consumer = leads(&world).await.get_consumer::<pull::Config>("router").await.unwrap();
    let mut messages = consumer.fetch().max_messages(1).messages().await.unwrap();
    messages.next().await.unwrap().unwrap().double_ack().await.unwrap();

    world.start_router();
    world.first(&stolen, EventKind::Offered).await;
    assert_eq!(world.history(&stolen).await, ["lead.received", "lead.offered"], "once");
}

/// Whoever placed it died before they could say so, and Redis lost it.
#[tokio::test]
async fn a_lead_that_is_delivered_again_and_that_only_the_log_has_costs_nobody_a_turn() {
    let mut world = World::with_team(&["ana", "ben"]).await;
    world.route("Robin", robin(&["ana", "ben"]), json!({})).await;
    let kim = world.lead_from_zillow("Kim").await;
    assert_eq!(world.offered(&kim, 1).await, ["ana"]);
    world.stop_routers().await;
    let partition = Partition::of(&id("acme"), 4);
    let key = format!("{{p{partition}}}:lead:{kim}");
    let () = redis::cmd("DEL").arg(key).query_async(&mut world.redis.clone()).await.unwrap();

    let leads = leads(&world).await;
    let subject = format!("leads.new.{partition}.acme");
    let sent = leads.get_last_raw_message_by_subject(&subject).await.unwrap();
    world.nats.jetstream.publish(subject, sent.payload).await.unwrap().await.unwrap();
    let consumer = leads.get_consumer::<pull::Config>("router").await.unwrap();
    let mut messages = consumer.fetch().max_messages(1).messages().await.unwrap();
    messages.next().await.unwrap().unwrap().ack_with(AckKind::Nak(None)).await.unwrap();

    world.start_router();
    while world.board.lead(&id("acme"), &kim).await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    let sam = world.lead_from_zillow("Sam").await;
    assert_eq!(world.offered(&sam, 1).await, ["ben"], "it is still his turn");
    assert_eq!(world.history(&kim).await, ["lead.received", "lead.offered"]);
}

/// Everything is lost while the whole system runs.
#[tokio::test]
async fn a_system_whose_redis_is_emptied_goes_on_by_itself() {
    let world = World::with_team(&["ana", "ben"]).await;
    let robin = json!({"kind": "round_robin", "agents": ["ana", "ben"]});
    world.route("Robin", robin, json!({})).await;
    let first = world.lead_from_zillow("Kim").await;
    assert_eq!(world.offered(&first, 1).await, ["ana"]);
    let () = redis::cmd("FLUSHALL").query_async(&mut world.redis.clone()).await.unwrap();

    let second = world.lead_from_zillow("Sam").await;
    assert_eq!(world.offered(&second, 1).await, ["ben"], "the turn is known");
    let kim = world.board.lead(&"acme".parse().unwrap(), &first).await.unwrap().unwrap();
    let pending: Vec<_> = kim.now_is.pending.iter().map(ToString::to_string).collect();
    assert_eq!(pending, ["ana"]);
    let (_, differences) = world.board.verify(false, &mut |_| {}).await.unwrap();
    assert_eq!(differences, []);
}
