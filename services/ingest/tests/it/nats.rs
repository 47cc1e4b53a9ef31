use std::time::Duration;

use async_nats::HeaderMap;
use serde_json::json;
use tipoff_runtime::streams;

use crate::world::{World, entity, source};

pub(crate) async fn publish(world: &World, subject: &str, id: Option<&str>, body: &[u8]) {
    let mut headers = HeaderMap::new();
    if let Some(id) = id {
        headers.insert("Nats-Msg-Id", id);
    }
    // As any client would, without waiting for JetStream.
    world
        .nats
        .client
        .publish_with_headers(subject.to_owned(), headers, body.to_vec().into())
        .await
        .unwrap();
    world.nats.client.flush().await.unwrap();
}

#[tokio::test]
async fn a_plain_publish_is_a_lead() {
    let world = World::new().await;
    publish(&world, "leads.in.acme.zillow", None, br#"{"email":"dana@example.com"}"#).await;
    world.until("LEADS", 1).await;
    let lead = &world.leads().await[0];
    assert_eq!((&lead.entity, lead.source.clone()), (&entity("acme"), Some(source("zillow"))));
    world.finish().await;
}

#[tokio::test]
async fn the_message_id_tells_a_resend_even_when_the_stream_has_forgotten_it() {
    let mut world = World::new().await;
    publish(&world, "leads.in.acme.zillow", Some("m1"), br#"{"email":"dana@example.com"}"#).await;
    world.until("LEADS", 1).await;
    // A new LEADS_IN knows no message ids, as the old one would not after a while.
    world.nats.jetstream.delete_stream("LEADS_IN").await.unwrap();
    streams::ensure(&world.nats, 1).await.unwrap();
    publish(
        &world,
        "leads.in.acme.zillow",
        Some("m1"),
        br#"{"email":"dana@example.com","again":true}"#,
    )
    .await;
    publish(&world, "leads.in.acme.zillow", Some("m2"), br#"{"email":"dana@example.com"}"#).await;
    world.until("LEADS", 2).await;
    assert_eq!(world.count("LEADS_IN").await, 2, "the stream itself did not recognise the resend");
    world.stop.cancel();
    (&mut world.task).await.unwrap().unwrap();
    assert_eq!(world.count("LEADS").await, 2);
}

/// JetStream knows message ids by stream, not by subject.
#[tokio::test]
async fn a_message_id_of_one_source_keeps_no_lead_of_another_out() {
    let world = World::new().await;
    publish(&world, "leads.in.acme.zillow", Some("m1"), br#"{"email":"dana@example.com"}"#).await;
    world.until("LEADS", 1).await;
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", "m1");
    let body = br#"{"email":"eli@example.com"}"#;
    let another = async || {
        let subject = "leads.in.acme.website";
        let sent = world.nats.jetstream.publish_with_headers(
            subject,
            headers.clone(),
            body.to_vec().into(),
        );
        sent.await.unwrap().await.unwrap()
    };
    // For a tenth of a second it does keep it out.
    let soon =
        tokio::time::timeout(Duration::from_secs(20), async { while another().await.duplicate {} });
    soon.await.expect("the stream still knows the id");
    world.until("LEADS", 2).await;
    assert_eq!(world.leads().await[1].source, Some(source("website")));
    world.finish().await;
}

#[tokio::test]
async fn an_empty_message_id_is_none() {
    let world = World::new().await;
    publish(&world, "leads.in.acme.zillow", Some(""), br#"{"email":"dana@example.com"}"#).await;
    publish(&world, "leads.in.acme.zillow", Some(""), br#"{"email":"eli@example.com"}"#).await;
    world.until("LEADS", 2).await;
    world.finish().await;
}

#[tokio::test]
async fn the_same_lead_by_http_and_by_nats_is_one() {
    let world = World::new().await;
    let (_, taken) =
        world.send(&json!({"external_id": "web-42", "email": "dana@example.com"})).await;
    publish(
        &world,
        "leads.in.acme.zillow",
        None,
        br#"{"external_id":"web-42","email":"dana@example.com"}"#,
    )
    .await;
    publish(
        &world,
        "leads.in.acme.zillow",
        None,
        br#"{"external_id":"web-43","email":"dana@example.com"}"#,
    )
    .await;
    world.until("LEADS", 2).await;
    assert_eq!(world.leads().await[0].id.as_str(), taken["id"]);
    world.finish().await;
}

#[tokio::test]
async fn a_source_that_nobody_announced_becomes_known() {
    let world = World::new().await;
    publish(&world, "leads.in.acme.open-house", None, br#"{"email":"dana@example.com"}"#).await;
    world.until("LEADS", 1).await;
    let view = world.roster.view(&entity("acme")).unwrap();
    assert_eq!(view.sources[&source("open-house")].name, "open-house");
    world.finish().await;
}

#[tokio::test]
async fn whatever_cannot_be_a_lead_is_kept_with_the_reason() {
    let world = World::new().await;
    publish(&world, "leads.in.acme.zillow", None, b"not json").await;
    publish(&world, "leads.in.acme.zillow", None, b"\xff\xfe").await;
    publish(&world, "leads.in.acme.zillow", None, b"").await;
    publish(&world, "leads.in.acme.zillow", None, b"{}").await;
    publish(&world, "leads.in.acme", None, br#"{"email":"dana@example.com"}"#).await;
    publish(&world, "leads.in.acme.zillow.extra", None, br#"{"email":"dana@example.com"}"#).await;
    publish(&world, "leads.in.acme.no$name", None, br#"{"email":"dana@example.com"}"#).await;
    publish(&world, "leads.in.nobody.zillow", None, br#"{"email":"dana@example.com"}"#).await;
    world.until("REJECTED", 8).await;
    assert_eq!(world.count("LEADS").await, 0);
    let rejected = world.rejected().await;
    assert!(rejected.iter().all(|rejected| !rejected.problems.0.is_empty()));
    assert!(rejected.iter().any(|rejected| rejected.body_is_base64));
    assert!(
        rejected.iter().any(|rejected| rejected
            .problems
            .to_string()
            .contains("entity `nobody` does not exist"))
    );
    world.finish().await;
}

#[tokio::test]
async fn leads_that_came_while_ingest_was_away_are_taken_in_later() {
    let world = World::new().await;
    let (nats, roster, clock) = (world.nats.clone(), world.roster.clone(), world.clock.clone());
    world.stop.cancel();
    world.task.await.unwrap().unwrap();
    nats.client
        .publish("leads.in.acme.zillow", r#"{"email":"dana@example.com"}"#.into())
        .await
        .unwrap();

    let stop = tokio_util::sync::CancellationToken::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut came = nats.client.subscribe("leads.new.>").await.unwrap();
    let options = tipoff_ingest::Options::default();
    let task =
        tokio::spawn(tipoff_ingest::run(listener, nats, roster, clock, options, stop.clone()));
    let lead = futures::StreamExt::next(&mut came).await.unwrap();
    assert!(lead.subject.starts_with("leads.new."));
    stop.cancel();
    task.await.unwrap().unwrap();
}
