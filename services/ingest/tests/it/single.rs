use chrono::TimeDelta;
use serde_json::json;
use tipoff_roster::Role;

use crate::world::{World, answer, dana, entity, fields, source};

#[tokio::test]
async fn accepted_means_written_down() {
    let world = World::new().await;
    let (status, taken) = world.send(&dana()).await;
    assert_eq!((status.as_u16(), &taken["duplicate"]), (202, &json!(false)));

    let leads = world.leads().await;
    assert_eq!(leads.len(), 1);
    let lead = &leads[0];
    assert_eq!(lead.id.as_str(), taken["id"]);
    assert_eq!((&lead.entity, lead.source.clone()), (&entity("acme"), Some(source("zillow"))));
    assert_eq!(lead.received_at, world.clock.now());
    assert_eq!(lead.lead.source, Some(source("zillow")));
    assert_eq!(lead.lead.phones, ["+15125550101"]);
    assert_eq!(lead.lead.phones_sent, ["(512) 555-0101"]);
    world.finish().await;
}

#[tokio::test]
async fn a_resend_is_the_same_lead_by_each_kind_of_key() {
    let world = World::new().await;
    let with_id = json!({"external_id": "web-42", "email": "dana@example.com"});
    let changed = json!({"external_id": "web-42", "email": "dana@example.com", "message": "now with a message"});
    let keyed = || world.post("/v1/leads").header("Idempotency-Key", "\"abc\"").json(&dana());
    let unquoted = || world.post("/v1/leads").header("Idempotency-Key", "abc").json(&dana());

    let by_id = [world.send(&with_id).await.1, world.send(&changed).await.1];
    let by_header = [answer(keyed()).await.1, answer(unquoted()).await.1];
    let by_content = [world.send(&dana()).await.1, world.send(&dana()).await.1];

    for [first, again] in [&by_id, &by_header, &by_content] {
        assert_eq!(first["id"], again["id"]);
        assert_eq!((&first["duplicate"], &again["duplicate"]), (&json!(false), &json!(true)));
    }
    assert_eq!(world.count("LEADS").await, 3);
}

#[tokio::test]
async fn the_same_content_on_another_day_is_another_lead() {
    let world = World::new().await;
    let today = world.send(&dana()).await.1;
    world.clock.advance(TimeDelta::hours(24));
    let tomorrow = world.send(&dana()).await.1;
    assert_ne!(today["id"], tomorrow["id"]);
}

#[tokio::test]
async fn a_key_used_for_another_body_is_refused() {
    let world = World::new().await;
    let keyed = |email: &str| {
        world.post("/v1/leads").header("Idempotency-Key", "abc").json(&json!({"email": email}))
    };
    assert_eq!(answer(keyed("dana@example.com")).await.0, 202);
    let (status, problem) = answer(keyed("eve@example.com")).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("idempotency_mismatch")));
    assert_eq!(world.count("LEADS").await, 1);
}

#[tokio::test]
async fn a_bad_field_is_named_and_what_was_sent_is_kept_aside() {
    let world = World::new().await;
    let sent =
        json!({"email": "dana@example.com", "kind": "alien", "property": {"price": "cheap"}});
    for _ in 0..2 {
        let (status, problem) = world.send(&sent).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("invalid")));
        assert_eq!(fields(&problem), ["/kind", "/property/price"]);
        assert!(!problem.to_string().contains("dana"));
    }
    assert_eq!(world.count("LEADS").await, 0);
    let rejected = world.rejected().await;
    assert_eq!(rejected.len(), 1, "a resend is rejected once");
    assert_eq!(rejected[0].body, sent.to_string());
    assert_eq!(rejected[0].problems.0.len(), 2);
}

#[tokio::test]
async fn what_is_not_json_is_answered_with_its_place_and_kept_as_it_came() {
    let world = World::new().await;
    let (status, problem) =
        answer(world.post("/v1/leads").body(&b"{\"email\": \"dana@example.com\xff"[..])).await;
    assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("not_json")));
    assert!(problem["detail"].as_str().unwrap().contains("line 1, column"));
    assert!(!problem.to_string().contains("dana"));
    assert!(world.rejected().await[0].body_is_base64);
}

#[tokio::test]
async fn bodies_that_are_too_large_or_of_another_kind_are_refused() {
    let world = World::new().await;
    let large = json!({"email": "dana@example.com", "more": "x".repeat(300_000)});
    let (status, problem) = world.send(&large).await;
    assert_eq!((status.as_u16(), &problem["code"]), (413, &json!("too_large")));
    let form = world
        .post("/v1/leads")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("email=a@b");
    assert_eq!(answer(form).await.0, 415);
    assert_eq!(world.count("LEADS").await, 0);
}

#[tokio::test]
async fn only_keys_of_sources_and_admins_send_leads() {
    let world = World::new().await;
    let operator = world.key_of("acme", Role::Operator).await;
    let (status, problem) =
        answer(world.http.post(format!("{}/v1/leads", world.base)).json(&dana())).await;
    assert_eq!((status.as_u16(), &problem["code"]), (401, &json!("unauthorized")));
    assert_eq!(answer(world.post_as("tpf_00_11", "/v1/leads").json(&dana())).await.0, 401);
    assert_eq!(answer(world.post_as(&operator, "/v1/leads").json(&dana())).await.0, 403);
    assert_eq!((world.count("LEADS").await, world.count("REJECTED").await), (0, 0));
}

#[tokio::test]
async fn a_revoked_key_sends_nothing_more() {
    let world = World::new().await;
    let id = world.key.split('_').nth(1).unwrap();
    world.roster.revoke_key(id).await.unwrap();
    assert_eq!(world.send(&dana()).await.0, 401);
}

#[tokio::test]
async fn a_source_key_sends_for_its_own_source_only() {
    let world = World::new().await;
    let mut sent = dana();
    sent["source"] = json!("website");
    let (status, problem) = world.send(&sent).await;
    assert_eq!(status, 422);
    assert_eq!(fields(&problem), ["/source"]);
    sent["source"] = json!("zillow");
    assert_eq!(world.send(&sent).await.0, 202);
}

#[tokio::test]
async fn a_key_of_another_entity_reaches_only_that_entity() {
    let world = World::new().await;
    let other = world.key_of("other", Role::Source).await;
    let here = world.send(&json!({"external_id": "1", "email": "dana@example.com"})).await.1;
    let there = world
        .post_as(&other, "/v1/leads")
        .json(&json!({"external_id": "1", "email": "dana@example.com"}));
    let there = answer(there).await.1;
    assert_ne!(here["id"], there["id"]);
    let entities: Vec<_> = world.leads().await.into_iter().map(|lead| lead.entity).collect();
    assert_eq!(entities, [entity("acme"), entity("other")]);
}

#[tokio::test]
async fn an_admin_names_the_source_and_a_new_one_becomes_known() {
    let world = World::new().await;
    let mut sent = dana();
    sent["source"] = json!("open-house");
    assert_eq!(answer(world.post_as(&world.admin, "/v1/leads").json(&sent)).await.0, 202);
    assert!(
        world.roster.view(&entity("acme")).unwrap().sources.contains_key(&source("open-house"))
    );
}

#[tokio::test]
async fn an_admin_need_not_know_where_a_lead_is_from() {
    let world = World::new().await;
    let unnamed = || answer(world.post_as(&world.admin, "/v1/leads").json(&dana()));
    let (status, taken) = unnamed().await;
    assert_eq!((status.as_u16(), &taken["duplicate"]), (202, &json!(false)));
    let lead = &world.leads().await[0];
    assert_eq!((lead.source.clone(), lead.lead.source.clone()), (None, None));
    let (_, again) = unnamed().await;
    assert_eq!((&again["id"], &again["duplicate"]), (&taken["id"], &json!(true)));
    assert_ne!(world.send(&dana()).await.1["id"], taken["id"], "of a source it is another lead");
    let known = &world.roster.view(&entity("acme")).unwrap().sources;
    assert_eq!(known.keys().collect::<Vec<_>>(), [&source("zillow")], "nothing was made up");
}

#[tokio::test]
async fn contact_details_that_come_later_are_no_resend() {
    let world = World::new().await;
    let address = json!({"external_id": "web-42", "property": {"address": "15 Oak Ct"}});
    let mut complete = address.clone();
    complete["email"] = json!("dana@example.com");
    let mut sent = Vec::new();
    for lead in [&address, &address, &complete, &complete, &address] {
        let (status, taken) = world.send(lead).await;
        assert_eq!(status, 202);
        sent.push((taken["id"].clone(), taken["duplicate"] == true));
    }
    assert!(sent.iter().all(|(id, _)| *id == sent[0].0), "it is one lead");
    let duplicates: Vec<bool> = sent.iter().map(|(_, duplicate)| *duplicate).collect();
    assert_eq!(duplicates, [false, true, false, true, true]);
    let reachable = world.leads().await.into_iter().map(|lead| lead.lead.is_reachable());
    assert_eq!(reachable.collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn without_jetstream_nothing_is_accepted_and_the_sender_is_told_to_wait() {
    let mut world = World::new().await;
    world.server.kill().await;
    let response = world.post("/v1/leads").json(&dana()).send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    let ready = world.http.get(format!("{}/readyz", world.base)).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let alive = world.http.get(format!("{}/livez", world.base)).send().await.unwrap();
    assert_eq!(alive.status(), 200);

    world.server.restart().await.unwrap();
    let again = async { while world.send(&dana()).await.0 != 202 {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), again).await.unwrap();
    // The one that nobody could vouch for may have arrived too; it is the same lead.
    assert_eq!(world.count("LEADS").await, 1);
}
