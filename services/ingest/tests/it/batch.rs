use serde_json::json;

use crate::world::{World, answer};

#[tokio::test]
async fn every_line_has_its_own_result() {
    let world = World::new().await;
    let lines = [
        r#"{"external_id":"1","email":"ana@example.com"}"#,
        "",
        r#"{"external_id":"2","email":7}"#,
        "not json",
        r#"{"external_id":"1","email":"ana@example.com"}"#,
        "  ",
        r#"{"external_id":"3","phone":"512 555 0103"}"#,
    ];
    // The first alone, so that the fifth surely is the later one.
    let first = answer(world.post("/v1/leads/batch").body(lines[0])).await.1;
    assert_eq!((&first["accepted"], &first["results"][0]["line"]), (&json!(1), &json!(1)));

    let (status, report) =
        answer(world.post("/v1/leads/batch").body(lines[1..].join("\r\n"))).await;

    assert_eq!(status, 200);
    let counts = [&report["accepted"], &report["duplicates"], &report["rejected"]];
    assert_eq!(counts, [&json!(1), &json!(1), &json!(2)]);
    let results = report["results"].as_array().unwrap();
    let numbers: Vec<_> = results.iter().map(|result| result["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 4, 6]);
    assert_eq!(results[0]["errors"][0]["field"], "/emails/0");
    assert!(results[1]["errors"][0]["message"].as_str().unwrap().contains("column 2"));
    assert_eq!(
        (&results[2]["id"], &results[2]["duplicate"]),
        (&first["results"][0]["id"], &json!(true))
    );
    assert_eq!(results[3]["duplicate"], json!(false));
    assert_eq!((world.count("LEADS").await, world.count("REJECTED").await), (2, 2));
}

#[tokio::test]
async fn a_batch_sent_again_adds_nothing() {
    let world = World::new().await;
    let lines: Vec<String> =
        (0..500).map(|n| format!("{{\"email\":\"person{n}@example.com\"}}\n")).collect();
    let body = lines.concat();
    let first = answer(world.post("/v1/leads/batch").body(body.clone())).await.1;
    assert_eq!(first["accepted"], 500);
    let again = answer(world.post("/v1/leads/batch").body(body)).await.1;
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(500)));
    assert_eq!(world.count("LEADS").await, 500);
}

#[tokio::test]
async fn too_many_lines_are_refused_with_the_results_of_those_before() {
    let world = World::new().await;
    let line = "{\"external_id\":\"1\",\"email\":\"dana@example.com\"}\n";
    let body = format!("{}{}{line}", line, "\n".repeat(9_999));
    let (status, problem) = answer(world.post("/v1/leads/batch").body(body)).await;
    assert_eq!((status.as_u16(), &problem["code"]), (413, &json!("too_large")));
    assert_eq!(problem["results"].as_array().unwrap().len(), 1);
    assert_eq!(problem["accepted"], 1);
}

#[tokio::test]
async fn too_many_bytes_are_refused() {
    let world = World::new().await;
    let body = format!("{{\"email\":\"dana@example.com\"}}\n{}", " ".repeat(16 * 1024 * 1024));
    let (status, problem) = answer(world.post("/v1/leads/batch").body(body)).await;
    assert_eq!((status.as_u16(), &problem["accepted"]), (413, &json!(1)));
}

#[tokio::test]
async fn a_batch_that_cannot_be_written_down_is_not_accepted() {
    let mut world = World::new().await;
    world.server.kill().await;
    let response =
        world.post("/v1/leads/batch").body("{\"email\":\"dana@example.com\"}\n".repeat(200));
    let (status, problem) = answer(response).await;
    assert_eq!((status.as_u16(), &problem["accepted"]), (503, &json!(0)));
}
