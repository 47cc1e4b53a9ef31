use std::sync::Arc;

use chrono::TimeDelta;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::{Value, json};
use tipoff_ingest::Options;
use tipoff_roster::Role;

use crate::nats::publish;
use crate::world::{World, answer, dana, source};

/// One lead per second and source, so 60 at once.
fn slow_sources() -> Options {
    Options { ingest_source_rate: 1, ..Options::default() }
}

fn lines(leads: usize) -> String {
    let lines = (0..leads).map(|n| format!("{{\"email\":\"person{n}@example.com\"}}\n"));
    lines.collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn who_sends_too_fast_hears_when_to_come_again_and_is_taken_in_then() {
    let world = World::with(slow_sources()).await;
    for _ in 0..60 {
        assert_eq!(world.send(&dana()).await.0, 202);
    }
    let refused = world.post("/v1/leads").json(&dana()).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert!(refused.headers()["ratelimit"].to_str().unwrap().starts_with("\"source\";r=0;t=60"));
    let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(problem["code"], "too_fast");

    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(world.send(&dana()).await.0, 202);
    assert_eq!(world.send(&dana()).await.0, 429);
    world.finish().await;
}

#[tokio::test]
async fn a_source_that_sends_a_hundred_times_its_rate_hurts_no_other() {
    let options = Options { ingest_source_rate: 1, ingest_requests: 16, ..Options::default() };
    let world = Arc::new(World::with(options).await);
    let quiet = world.another_source("website", None).await;
    let flood = tokio::spawn({
        let world = world.clone();
        async move {
            let send = |n: usize| {
                let lead = json!({"external_id": n.to_string(), "email": "dana@example.com"});
                let request = world.post("/v1/leads").json(&lead);
                async move { request.send().await.unwrap().status().as_u16() }
            };
            let statuses = futures::stream::iter((0..6_000).map(send)).buffer_unordered(64);
            statuses.filter(|status| std::future::ready(*status == 202)).count().await
        }
    });
    for n in 0..50 {
        let lead = json!({"external_id": n.to_string(), "email": "eve@example.com"});
        assert_eq!(answer(world.post_as(&quiet, "/v1/leads").json(&lead)).await.0, 202, "{n}");
    }
    assert_eq!(flood.await.unwrap(), 60, "what fits into its bucket, and no more");
    assert_eq!(world.count("LEADS").await, 110);
}

#[tokio::test]
async fn a_batch_beyond_the_pace_ends_with_the_results_of_what_was_taken_in() {
    let world = World::with(slow_sources()).await;
    let response = world.post("/v1/leads/batch").body(lines(100)).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"1".parse().unwrap())
    );
    let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!((&problem["code"], &problem["accepted"]), (&json!("too_fast"), &json!(60)));
    let numbers = problem["results"].as_array().unwrap().iter().map(|result| &result["line"]);
    assert!(numbers.eq((1..=60).map(|n| json!(n)).collect::<Vec<_>>().iter()));
    assert_eq!(world.count("LEADS").await, 60);

    world.clock.advance(TimeDelta::minutes(1));
    let rest = lines(100).lines().skip(60).collect::<Vec<_>>().join("\n");
    let (status, report) = answer(world.post("/v1/leads/batch").body(rest)).await;
    assert_eq!((status.as_u16(), &report["accepted"]), (200, &json!(40)));
}

#[tokio::test]
async fn a_source_may_have_a_pace_of_its_own() {
    let world = World::new().await;
    let slow = world.another_source("website", Some(1)).await;
    let sent = answer(world.post_as(&slow, "/v1/leads/batch").body(lines(100))).await;
    assert_eq!((sent.0.as_u16(), &sent.1["accepted"]), (429, &json!(60)));
    assert_eq!(answer(world.post("/v1/leads/batch").body(lines(100))).await.1["accepted"], 100);
}

#[tokio::test]
async fn the_sources_of_an_entity_share_its_limit_and_other_entities_have_theirs() {
    let options = Options { ingest_entity_rate: 1, ..Options::default() };
    let world = World::with(options).await;
    let website = world.another_source("website", None).await;
    assert_eq!(answer(world.post("/v1/leads/batch").body(lines(40))).await.0, 200);
    let second = answer(world.post_as(&website, "/v1/leads/batch").body(lines(40))).await;
    assert_eq!((second.0.as_u16(), &second.1["accepted"]), (429, &json!(20)));
    assert!(second.1["detail"].as_str().unwrap().starts_with("this entity"));
    let other = world.key_of("other", Role::Source).await;
    assert_eq!(answer(world.post_as(&other, "/v1/leads/batch").body(lines(40))).await.0, 200);
}

#[tokio::test]
async fn every_answer_says_how_much_more_may_come() {
    let world = World::new().await;
    let taken = world.post("/v1/leads").json(&dana()).send().await.unwrap();
    assert_eq!(
        taken.headers()["ratelimit-policy"],
        "\"source\";q=60000;w=60, \"entity\";q=300000;w=60"
    );
    assert_eq!(taken.headers()["ratelimit"], "\"source\";r=59999;t=1, \"entity\";r=299999;t=0");
    let strange = world.post("/v1/leads").body("oops").send().await.unwrap();
    assert_eq!(strange.headers()["ratelimit"], "\"source\";r=59998;t=1, \"entity\";r=299998;t=0");
    let nobody = world.post_as("tpf_00_11", "/v1/leads").json(&dana()).send().await.unwrap();
    assert!(!nobody.headers().contains_key("ratelimit"));
}

#[tokio::test]
async fn without_limits_nothing_is_counted() {
    let world = World::with(Options::unlimited()).await;
    let taken = world.post("/v1/leads").json(&dana()).send().await.unwrap();
    assert!(!taken.headers().contains_key("ratelimit"));
}

#[tokio::test]
async fn over_nats_what_comes_too_fast_comes_in_later_and_hurts_no_other_source() {
    let world = World::with(slow_sources()).await;
    for n in 0..62 {
        let lead = format!("{{\"external_id\":\"{n}\",\"email\":\"dana@example.com\"}}");
        publish(&world, "leads.in.acme.zillow", None, lead.as_bytes()).await;
    }
    publish(&world, "leads.in.acme.website", None, br#"{"email":"eve@example.com"}"#).await;
    world.until("LEADS", 61).await;
    let website = |lead: &tipoff_wire::Accepted| lead.source == Some(source("website"));
    assert!(world.leads().await.iter().any(website));
    world.clock.advance(TimeDelta::seconds(2));
    world.until("LEADS", 63).await;
    assert_eq!(world.count("REJECTED").await + world.count("DEAD").await, 0);
    world.finish().await;
}

#[tokio::test]
async fn over_nats_entities_take_turns_however_much_one_of_them_sends() {
    let options = Options { ingest_in_flight: 4, ..Options::unlimited() };
    let world = World::with(options).await;
    let flood: FuturesUnordered<_> = (0..3_000)
        .map(|n| {
            let lead = format!("{{\"external_id\":\"{n}\",\"email\":\"dana@example.com\"}}");
            world.nats.client.publish("leads.in.acme.zillow", lead.into())
        })
        .collect();
    flood.for_each(|sent| async { sent.unwrap() }).await;
    publish(&world, "leads.in.other.zillow", None, br#"{"email":"eve@example.com"}"#).await;
    world.until("LEADS_IN", 3_001).await;
    let place = async {
        loop {
            let leads = world.leads().await;
            if let Some(place) = leads.iter().position(|lead| lead.entity.as_str() == "other") {
                break place;
            }
        }
    };
    let place = tokio::time::timeout(std::time::Duration::from_secs(30), place).await.unwrap();
    assert!(place < 2_500, "{place} leads of another entity went first");
}
