use serde_json::{Value, json};

use crate::world::World;

fn row<'a>(report: &'a Value, agent: &str) -> &'a Value {
    let rows = report["agents"].as_array().unwrap();
    rows.iter().find(|row| row["agent"] == agent).unwrap()
}

/// KW: the report tells "how many leads an agent received vs. claimed", and from
/// it limits are set and agents paused.
#[tokio::test]
async fn the_report_tells_what_became_of_every_lead() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    let [claimed, passed, out] =
        [world.place(&keys, 1).await, world.place(&keys, 2).await, world.place(&keys, 3).await];
    world.post(&format!("/v1/leads/{claimed}/claim"), &keys.ana).send().await.expect(200);
    world.post(&format!("/v1/leads/{passed}/pass"), &keys.ben).send().await.expect(200);
    world.get(&format!("/v1/leads/{out}"), &keys.ana).send().await.expect(200);

    let at = "/v1/entities/acme/report";
    let report = world.get(at, &keys.admin).send().await.expect(200).json();
    assert_eq!((&report["range"], &report["zone"]), (&json!("month"), &json!("America/New_York")));
    let totals = &report["totals"];
    assert_eq!(
        (&totals["received"], &totals["claimed_by_offer"], &totals["in_flight"]),
        (&json!(3), &json!(1), &json!(2))
    );
    let (ana, ben) = (row(&report, "ana"), row(&report, "ben"));
    assert_eq!(
        (&ana["offers"], &ana["claimed"], &ana["pending"], &ana["first_offers"]),
        (&json!(2), &json!(1), &json!(1), &json!(2))
    );
    assert_eq!((&ben["offers"], &ben["passed"]), (&json!(1), &json!(1)));
    assert_eq!(ana["routes"], json!([keys.route]));
    assert_eq!(ana["links"]["pause"], "/v1/entities/acme/agents/ana/pause");
    assert_eq!(report["routes"][0]["received"], 3);
    for identity in report["identities"].as_array().unwrap() {
        assert_eq!(identity["holds"], true, "{identity}");
    }
    world.post(ana["links"]["pause"].as_str().unwrap(), &keys.admin).send().await.expect(200);
    let report = world.get(at, &keys.admin).send().await.expect(200).json();
    assert_eq!(row(&report, "ana")["paused"], true);
    world.get(at, &keys.ana).send().await.expect(403);
}

#[tokio::test]
async fn any_dates_may_be_asked_for() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    world.place(&keys, 1).await;
    let at = "/v1/entities/acme/report";
    let received = async |query: &str| {
        let report =
            world.get(&format!("{at}?{query}"), &keys.admin).send().await.expect(200).json();
        report["totals"]["received"].clone()
    };
    for (query, count) in [
        ("range=month", 1),
        ("range=year", 1),
        ("range=all", 1),
        ("to=2020-01-31", 0),
        ("from=2020-01-01", 1),
    ] {
        assert_eq!(received(query).await, count, "{query}");
    }
    let refused = async |query: &str| {
        let answer = world.get(&format!("{at}?{query}"), &keys.admin).send().await;
        answer.problem().0
    };
    assert_eq!(refused("range=custom").await, 422);
    assert_eq!(refused("range=month&from=2026-01-01").await, 422);
    assert_eq!(refused("from=2026-02-01&to=2026-01-01").await, 422);
    assert_eq!(refused("range=week").await, 400);
}

#[tokio::test]
async fn as_a_table_it_can_be_opened_without_running_anything() {
    let world = World::start().await;
    let keys = world.team("acme").await;
    world.place(&keys, 1).await;
    let evil = json!({"name": "=HYPERLINK(\"http://x.example.com\")", "email": "eve@example.com"});
    world.put("/v1/entities/acme/agents/eve", &keys.admin, evil).send().await.expect(201);
    let table =
        world.get("/v1/entities/acme/report?format=csv", &keys.admin).send().await.expect(200);
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    let disposition = table.header("content-disposition");
    assert!(
        disposition.starts_with("attachment; filename=\"lead-routing-acme-month-"),
        "{disposition}"
    );
    let lines: Vec<&str> = table.text.lines().collect();
    assert!(lines[0].starts_with("agent,name,offers,claimed"));
    assert!(lines[1].starts_with("ana,Ana Ruiz,1,0,0,0,0,0,1,1,0,0,0,0,"));
    assert!(table.text.contains("\"'=HYPERLINK(\"\"http://x.example.com\"\")\""), "{}", table.text);
    assert!(lines[4].starts_with(",(team),1,") && lines[4].ends_with(",1"));
}
