//! Every scenario of `tipoff bench`, small: one object on stdout, and counts that add up.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops right there")]

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_mins(2);

/// What a scenario that counts leads printed.
async fn bench(line: &str) -> Value {
    let result = measured(line).await;
    assert!(result["leads_per_s"].as_f64().unwrap() > 0.0, "{result}");
    result
}

/// What it printed, which must be one object and nothing else.
async fn measured(line: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tipoff"));
    command.arg("bench").args(line.split_whitespace()).arg("--json");
    command.kill_on_drop(true).stdin(Stdio::null());
    let output = timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {complaints}");
    // No terminal, no progress; a busy machine may make a service complain, in JSON.
    assert!(complaints.lines().all(|line| line.starts_with('{')), "{line}: {complaints}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// So many leads went in and are accounted for; none is lost or has two owners.
#[track_caller]
fn adds_up(result: &Value, leads: u64) {
    let correct = &result["correct"];
    let counts = ["leads_in", "accounted", "lost", "double_claims"];
    let counts = counts.map(|field| correct[field].as_u64().unwrap());
    assert_eq!(counts, [leads, leads, 0, 0], "{correct}");
    assert_eq!(correct["ok"], true, "{correct}");
}

#[tokio::test]
async fn leads_are_routed_beside_the_yardstick() {
    let result = bench("route --leads 60 --entities 3 --agents 2 --lines 20").await;
    adds_up(&result, 60);
    assert_eq!(result["correct"]["notified"], 60);
    assert!(result["accepted_to_offered_ms"]["p99"].as_f64().unwrap() > 0.0);
    assert!(result["bare"]["leads_per_s"].as_f64().unwrap() > 0.0);
    assert!(result["ratio_to_bare"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn an_open_load_and_every_strategy_are_measured() {
    let line =
        "route --strategy all --leads 30 --entities 2 --agents 2 --way single --rate 100 --no-bare";
    let result = bench(line).await;
    adds_up(&result, 150);
    assert_eq!(result["strategies"]["jump-ball"]["load"], "open, 100 per s");
}

#[tokio::test]
async fn leads_come_in_each_way() {
    let result = bench("ingest --leads 40 --entities 2 --lines 10").await;
    adds_up(&result, 120);
    assert_eq!(
        ["single", "batch", "nats"].map(|way| result[way]["accepted"].clone()),
        [40, 40, 40]
    );
}

#[tokio::test]
async fn agents_claim_and_jump() {
    let (claims, jump) = tokio::join!(
        bench("claim --leads 30 --entities 2 --contenders 3"),
        bench("jumpball --agents 50 --leads 2")
    );
    adds_up(&claims, 30);
    assert_eq!(claims["correct"]["answered"], 90);
    adds_up(&jump, 2);
    assert_eq!(jump["correct"]["answered"], 100);
}

#[tokio::test]
async fn deadlines_fire_while_others_stand() {
    let result = bench("deadlines --due 40 --over 2 --outstanding 50").await;
    adds_up(&result, 40);
    assert_eq!(result["correct"]["early"], 0);
}

#[tokio::test]
async fn many_entities_and_many_routes_are_measured_step_by_step() {
    let (tenants, routes) = tokio::join!(
        bench("tenants --entities 1,5 --leads 40"),
        bench("routes --routes 1,5 --leads 40")
    );
    // The steps, the quiet ones alone and beside the flood, and the flood, five times as many.
    adds_up(&tenants, 40 + 40 + 32 + 32 + 5 * 40);
    adds_up(&routes, 80);
    assert_eq!(routes["steps"][1]["step"], "5 routes");
}

#[tokio::test]
async fn processes_are_compared_strained_and_soaked() {
    let scale = bench("scale --counts 1,2 --leads 40 --entities 2 --agents 2 --in-hand 4").await;
    adds_up(&scale, 80);
    assert_eq!(scale["steps"][1]["routers"], 2);
    let strain = bench("strain --leads 40 --slow 10").await;
    assert_eq!(strain["correct"]["ok"], true, "{strain}");
    let soak = bench("soak --minutes 0.1 --rate 5 --entities 2").await;
    adds_up(&soak, 30);
    assert!(soak["resident"]["router"]["end_mib"].as_f64().unwrap() > 0.0, "{soak}");
}

#[tokio::test]
async fn everybody_on_a_jump_ball_is_told_over_three_channels() {
    let result = measured("fanout --agents 40").await;
    adds_up(&result, 1);
    let correct = &result["correct"];
    assert_eq!([&correct["wanted"], &correct["told"], &correct["repeated"]], [120, 120, 0]);
    for channel in ["email", "apns", "web_push"] {
        let told = &result["channels"][channel];
        let [first, last, rate] =
            ["first_ms", "last_ms", "per_s"].map(|name| told[name].as_f64().unwrap());
        assert!(first > 0.0 && first <= last && rate > 0.0, "{channel}: {told}");
    }
}
