//! Bodies made to break whoever reads them, at each of the doors.

use async_nats::HeaderMap;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::nats::publish;
use crate::world::{World, answer, dana, fields, source};

/// What it is, the body, and the field that is refused.
fn hostile() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let deep = |open: &str, close: &str, levels: usize| {
        let (open, close) = (open.repeat(levels), close.repeat(levels));
        format!("{{\"email\":\"dana@example.com\",\"odd\":{open}1{close}}}").into_bytes()
    };
    let lead = |more: Value| {
        let mut lead = dana();
        lead.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        lead.to_string().into_bytes()
    };
    let many = |what: &str, count: usize| vec![json!(what); count];
    vec![
        ("a hundred thousand brackets", deep("[", "]", 100_000), ""),
        ("forty levels of arrays", deep("[", "]", 40), ""),
        ("forty levels of objects", deep("{\"a\":", "}", 40), ""),
        ("brackets that never close", b"[".repeat(200_000), ""),
        ("invalid UTF-8", b"{\"email\":\"dana@example.com\",\"x\":\"\xc3\x28\"}".to_vec(), ""),
        ("half a surrogate", br#"{"email":"dana@example.com","x":"\ud800"}"#.to_vec(), ""),
        ("a byte order mark", b"\xef\xbb\xbf{\"email\":\"dana@example.com\"}".to_vec(), ""),
        ("a number beyond every float", br#"{"email":"dana@example.com","x":1e400}"#.to_vec(), ""),
        (
            "a number at the end of floats",
            br#"{"email":"dana@example.com","x":[-1e308]}"#.to_vec(),
            "",
        ),
        (
            "a number of 100,000 digits",
            format!("{{\"email\":\"dana@example.com\",\"x\":{}}}", "9".repeat(100_000))
                .into_bytes(),
            "",
        ),
        ("half a megabyte", lead(json!({"message": "x".repeat(500_000)})), ""),
        ("ten thousand hashtags", lead(json!({"hashtags": many("vip", 10_000)})), "/hashtags"),
        ("twenty thousand addresses", lead(json!({"emails": many("a@b", 20_000)})), "/emails"),
        ("ten thousand numbers", lead(json!({"phones": many("+15125550101", 10_000)})), "/phones"),
        ("eighty thousand faults", lead(json!({"hashtags": many_objects(80_000)})), "/hashtags/0"),
        (
            "ten thousand areas",
            lead(json!({"interest": {"areas": many("78701", 10_000)}})),
            "/interest/areas",
        ),
        (
            "control characters in an id",
            lead(json!({"external_id": "web\u{1b}[2J\u{0}"})),
            "/external_id",
        ),
        ("control characters in a source", lead(json!({"source": "zil\r\nlow"})), "/source"),
        ("a subject for a source", lead(json!({"source": "zillow.>"})), "/source"),
        (
            "control characters in an address",
            lead(json!({"emails": ["dana@example.com\r\nBcc: eve@example.com"]})),
            "/emails/0",
        ),
    ]
}

fn many_objects(count: usize) -> Vec<Value> {
    vec![json!({}); count]
}

async fn still_takes_leads(world: &World) {
    let (status, _) = world.send(&json!({"external_id": "ok", "email": "eve@example.com"})).await;
    assert_eq!(status, 202);
    assert_eq!(world.count("LEADS").await, 1, "and nothing else");
}

#[tokio::test]
async fn one_by_one_each_is_refused_with_a_short_reason() {
    let world = World::new().await;
    for (what, body, field) in hostile() {
        let (status, problem) = answer(world.post("/v1/leads").body(body)).await;
        assert!([400, 413, 422].contains(&status.as_u16()), "{what}: {status}");
        if !field.is_empty() {
            assert_eq!(fields(&problem)[0], field, "{what}");
        }
        let said = problem.to_string();
        assert!(said.len() < 10_000, "{what}: an answer of {} bytes", said.len());
        assert!(!said.contains("\\u001b") && !said.contains("Bcc"), "{what}: {said}");
    }
    still_takes_leads(&world).await;
}

#[tokio::test]
async fn in_a_batch_each_has_its_result_and_the_others_theirs() {
    let world = World::new().await;
    let mut body = Vec::new();
    for (_, line, _) in hostile() {
        body.extend(line);
        body.push(b'\n');
    }
    body.extend(br#"{"external_id":"ok","email":"eve@example.com"}"#);
    let (status, report) = answer(world.post("/v1/leads/batch").body(body)).await;
    assert_eq!((status.as_u16(), &report["accepted"]), (200, &json!(1)));
    let results = report["results"].as_array().unwrap();
    for ((what, _, field), result) in hostile().iter().zip(results) {
        assert_eq!(fields(result)[0], *field, "{what}");
    }
    still_takes_leads(&world).await;
}

#[tokio::test]
async fn over_nats_each_is_set_aside_with_its_reason_at_the_first_try() {
    let world = World::new().await;
    let all = hostile();
    for (_, body, _) in &all {
        publish(&world, "leads.in.acme.zillow", None, body).await;
    }
    world.until("REJECTED", all.len() as u64).await;
    assert_eq!((world.count("DEAD").await, world.count("LEADS").await), (0, 0));
    assert!(world.rejected().await.iter().all(|rejected| !rejected.problems.0.is_empty()));
    let stream = world.nats.jetstream.get_stream("LEADS_IN").await.unwrap();
    let consumer = stream.consumer_info("ingest").await.unwrap();
    assert_eq!(consumer.num_redelivered, 0);
    still_takes_leads(&world).await;
}

#[tokio::test]
async fn over_nats_names_that_are_none_are_set_aside_whatever_they_hold() {
    let world = World::new().await;
    let subjects = [
        "leads.in.ac\u{1}me.zillow",
        "leads.in.acme.\u{1b}[2J",
        "leads.in.ñandú.z",
        "leads.in.a.b.c.d",
    ];
    for subject in subjects {
        publish(&world, subject, None, br#"{"email":"dana@example.com"}"#).await;
    }
    let long = format!("leads.in.{}.zillow", "a".repeat(200));
    publish(&world, &long, None, br#"{"email":"dana@example.com"}"#).await;
    world.until("REJECTED", 5).await;
    for rejected in world.rejected().await {
        let said = rejected.problems.to_string();
        assert!(!said.chars().any(char::is_control), "{said:?}");
    }
    still_takes_leads(&world).await;
}

#[tokio::test]
async fn headers_of_a_message_may_hold_anything() {
    let world = World::new().await;
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", "x".repeat(30_000).as_str());
    headers.insert("traceparent", "00-zzzz-\u{7f}");
    let body = r#"{"email":"dana@example.com"}"#;
    let sent = world.nats.client.publish_with_headers("leads.in.acme.zillow", headers, body.into());
    sent.await.unwrap();
    world.until("LEADS", 1).await;
}

#[tokio::test]
async fn of_a_name_given_twice_the_last_counts_for_everybody() {
    let world = World::new().await;
    let body =
        r#"{"email":"dana@example.com","kind":"buyer","email":"eve@example.com","kind":"seller"}"#;
    assert_eq!(answer(world.post("/v1/leads").body(body)).await.0, 202);
    let lead = &world.leads().await[0].lead;
    assert_eq!(
        (&lead.emails[..], lead.kind),
        (&["eve@example.com".to_owned()][..], Some(tipoff_domain::Kind::Seller))
    );
}

#[tokio::test]
async fn what_is_packed_is_not_unpacked() {
    let world = World::new().await;
    for (path, coding) in
        [("/v1/leads", "gzip"), ("/v1/leads/batch", "br"), ("/v1/leads", "identity, gzip")]
    {
        let request: RequestBuilder =
            world.post(path).header("Content-Encoding", coding).body(vec![0x1f, 0x8b, 8, 0]);
        let (status, problem) = answer(request).await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (415, &json!("unsupported_encoding")),
            "{coding}"
        );
    }
    let plain = world.post("/v1/leads").header("Content-Encoding", "identity").json(&dana());
    assert_eq!(answer(plain).await.0, 202);
}

#[tokio::test]
async fn ten_megabytes_are_refused_without_being_read() {
    let world = World::new().await;
    let body = format!("{{\"email\":\"dana@example.com\",\"x\":\"{}\"}}", "x".repeat(10_000_000));
    let said = world.post("/v1/leads").body(body.clone()).send().await;
    // It may have hung up on us before we had sent everything.
    assert!(said.is_err() || said.is_ok_and(|said| said.status() == 413));
    let (status, report) = answer(world.post("/v1/leads/batch").body(body)).await;
    assert_eq!((status.as_u16(), &report["rejected"]), (200, &json!(1)));
    assert!(report.to_string().contains("larger than 256 kB"));
}

#[tokio::test]
async fn whoever_makes_up_names_of_sources_does_not_fill_the_roster() {
    let world = World::new().await;
    for n in 0..999 {
        let made = serde_json::from_value(json!({"name": "x"})).unwrap();
        let name = source(&format!("s{n}"));
        let acme = crate::world::entity("acme");
        world.roster.put_source(&acme, &name, made, tipoff_roster::Expect::Absent).await.unwrap();
    }
    let mut sent = dana();
    sent["source"] = json!("one-more");
    let (status, problem) = answer(world.post_as(&world.admin, "/v1/leads").json(&sent)).await;
    assert_eq!((status.as_u16(), fields(&problem)), (422, vec!["/source"]));
    publish(&world, "leads.in.acme.one-more", None, dana().to_string().as_bytes()).await;
    world.until("REJECTED", 2).await;
    sent["source"] = json!("s7");
    assert_eq!(answer(world.post_as(&world.admin, "/v1/leads").json(&sent)).await.0, 202);
}

#[tokio::test]
async fn a_batch_that_makes_up_names_of_sources_does_not_fill_the_roster_either() {
    let world = World::new().await;
    let acme = crate::world::entity("acme");
    let known = world.roster.view(&acme).unwrap().sources.len();
    let line = |n| {
        let named = json!({"external_id": format!("{n}"), "email": "dana@example.com", "source": format!("s{n}")});
        named.to_string()
    };
    let lines = (known..1_003).map(line).collect::<Vec<_>>().join("\n");
    let (_, report) = answer(world.post_as(&world.admin, "/v1/leads/batch").body(lines)).await;
    assert_eq!(report["rejected"], json!(3));
    assert_eq!(world.roster.view(&acme).unwrap().sources.len(), 1_000);
}
