use async_nats::HeaderMap;
use async_nats::jetstream::consumer::pull;
use futures::StreamExt;
use serde_json::json;
use tipoff_tests::{World, id};
use tipoff_wire::{EventKind, Stream};

#[tokio::test]
async fn a_lead_published_with_plain_nats_is_offered_like_any_other() {
    let world = World::with_team(&["ana"]).await;
    world
        .route(
            "Robin",
            json!({"kind": "round_robin", "agents": ["ana"]}),
            json!({"criteria": {"sources": ["zillow"]}}),
        )
        .await;
    let admin = world.caller("admin", None).await;
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", "web-42");
    let body = r#"{"name":"Dana Reyes","email":"dana@example.com"}"#;
    for _ in 0..2 {
        let sent = world.nats.client.publish_with_headers(
            "leads.in.acme.zillow",
            headers.clone(),
            body.into(),
        );
        sent.await.unwrap();
    }
    let mail = world.mailbox.wait_for("a mail to ana", |caught| caught.first().cloned()).await;
    let lead = id(mail.lead.as_deref().unwrap());
    assert_eq!(world.offered(&lead, 1).await, ["ana"]);
    let shown = admin.get(&format!("/v1/leads/{lead}")).await.expect(200).json();
    assert_eq!(
        (&shown["source"], &shown["lead"]["emails"][0]),
        (&json!("zillow"), &json!("dana@example.com"))
    );
    assert_eq!(world.count(Stream::Leads).await, 1, "a resend is the same lead");
}

#[tokio::test]
async fn what_cannot_be_a_lead_is_refused_by_field_and_changes_nothing() {
    let world = World::with_team(&["ana"]).await;
    let zillow = world.source("zillow").await;
    let refused =
        zillow.post("/v1/leads", &json!({"emails": ["not an address"]})).await.expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "/emails/0");
    assert_eq!((world.count(Stream::Leads).await, world.count(Stream::Rejected).await), (0, 1));
}

#[tokio::test]
async fn a_resend_is_the_same_lead_however_it_is_recognised() {
    let world = World::with_team(&["ana"]).await;
    let zillow = world.source("zillow").await;
    let named = json!({"external_id": "web-42", "emails": ["dana@example.com"]});
    let first = zillow.post("/v1/leads", &named).await.expect(202).json();
    let again = zillow.post("/v1/leads", &named).await.expect(202).json();
    assert_eq!(
        (&first["id"], &first["duplicate"], &again["duplicate"]),
        (&again["id"], &json!(false), &json!(true))
    );

    let keyed = |key: &str| {
        let body = json!({"emails": ["eli@example.com"]});
        zillow
            .request(reqwest::Method::POST, "/v1/leads")
            .header("Idempotency-Key", key.to_owned())
            .json(&body)
    };
    let one = tipoff_tests::answer(keyed("\"k-1\"")).await.expect(202).json();
    let two = tipoff_tests::answer(keyed("\"k-1\"")).await.expect(202).json();
    let other = tipoff_tests::answer(keyed("\"k-2\"")).await.expect(202).json();
    assert_eq!((&one["id"], &two["duplicate"]), (&two["id"], &json!(true)));
    assert_ne!(one["id"], other["id"]);
}

/// As long as JetStream knows the first, ingest refuses it.
#[tokio::test]
async fn a_key_that_comes_with_another_lead_after_long_is_told_of_and_nothing_is_lost() {
    let world = World::with_team(&["ana"]).await;
    let zillow = world.source("zillow").await;
    let request = zillow.request(reqwest::Method::POST, "/v1/leads");
    let body = json!({"emails": ["dana@example.com"]});
    let keyed = request.header("Idempotency-Key", "always-the-same").json(&body);
    let sent = tipoff_tests::answer(keyed).await.expect(202).json();
    let lead = id(sent["id"].as_str().unwrap());
    world.first(&lead, EventKind::Pooled).await;

    // What ingest makes of the next two, once JetStream has forgotten the first.
    let leads = world.nats.jetstream.get_stream(Stream::Leads.name()).await.unwrap();
    let first = leads.get_raw_message(1).await.unwrap();
    let mut headers = HeaderMap::new();
    for (name, values) in first.headers.iter().filter(|(name, _)| name.to_string() != "Nats-Msg-Id")
    {
        for value in values {
            headers.append(name.clone(), value.clone());
        }
    }
    let text = String::from_utf8(first.payload.to_vec()).unwrap();
    for body in [text.clone(), text.replace("dana@", "eli@")] {
        let publishing = world.nats.jetstream.publish_with_headers(
            first.subject.clone(),
            headers.clone(),
            body.into(),
        );
        publishing.await.unwrap().await.unwrap();
    }
    let rejected = world.nats.jetstream.get_stream(Stream::Rejected.name()).await.unwrap();
    let reader = rejected.create_consumer(pull::Config::default()).await.unwrap();
    let next = reader.messages().await.unwrap().next().await.unwrap().unwrap();
    assert_eq!(next.subject.as_str(), "leads.rejected.acme.zillow");
    let kept: serde_json::Value = serde_json::from_slice(&next.payload).unwrap();
    assert!(kept["body"].as_str().unwrap().contains("eli@example.com"), "{kept}");
    let why = kept["problems"][0]["message"].as_str().unwrap();
    assert!(why.contains("Idempotency-Key") && why.contains(lead.as_str()), "{why}");
    assert_eq!(world.count(Stream::Rejected).await, 1, "a resend is no mistake");
}

#[tokio::test]
async fn a_batch_answers_line_by_line() {
    let world = World::with_team(&["ana"]).await;
    let zillow = world.source("zillow").await;
    let lines = "{\"emails\":[\"a@example.com\"]}\n\nnonsense\n{\"phones\":[\"(512) 555-0101\"]}\n";
    let request = zillow.request(reqwest::Method::POST, "/v1/leads/batch");
    let sent = request.header("content-type", "application/x-ndjson").body(lines);
    let results = tipoff_tests::answer(sent).await.expect(200).json();
    assert_eq!((&results["accepted"], &results["rejected"]), (&json!(2), &json!(1)));
    let second = id(results["results"][2]["id"].as_str().unwrap());
    world.first(&second, EventKind::Pooled).await;
    let shown = world
        .caller("admin", None)
        .await
        .get(&format!("/v1/leads/{second}"))
        .await
        .expect(200)
        .json();
    assert_eq!(shown["lead"]["phones"], json!(["+15125550101"]));
}

#[tokio::test]
async fn one_entity_cannot_see_or_touch_anothers_leads() {
    let world = World::with_team(&["ana"]).await;
    world.add_team("other", json!({}), &["mia"]).await;
    let lead = world.lead_from_zillow("Dana").await;
    world.first(&lead, EventKind::Pooled).await;
    let body = json!({"entity": "other", "role": "admin"});
    let theirs = world
        .operator
        .with_key(&world.operator.post("/v1/keys", &body).await.expect(201).field("key"));
    for path in [format!("/v1/leads/{lead}"), format!("/v1/leads/{lead}/timeline")] {
        theirs.get(&path).await.expect(404);
    }
    theirs.post(&format!("/v1/leads/{lead}/assign"), &json!({"agent": "mia"})).await.expect(404);
    theirs.post(&format!("/v1/leads/{lead}/return"), &json!({})).await.expect(404);
    assert!(!theirs.get("/v1/entities/acme/pool").await.status.is_success());
    assert_eq!(world.history(&lead).await, ["lead.received", "lead.pooled"]);
}
