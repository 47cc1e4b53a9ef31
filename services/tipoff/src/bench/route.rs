//! Leads in over HTTP; every one offered, and its agent told by mail.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::ensure;
use clap::{Args, ValueEnum};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::Client;
use serde_json::{Value, json};
use tipoff_domain::{LeadId, Route};
use tipoff_wire::EventKind;
use tokio::sync::oneshot;

use super::follow::follow;
use super::system::System;
use super::tally::{Times, rate};

const AGENTS: usize = 20;
const LINES: usize = 250;
/// Longest that the last leads may take after they were sent.
const PATIENCE: Duration = Duration::from_mins(5);

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    RoundRobin,
    Random,
    WeightedRandom,
    JumpBall,
    AssignToAgent,
}

#[derive(Debug, Args)]
pub(super) struct RouteArgs {
    /// Leads to send
    #[arg(long, default_value_t = 20_000)]
    leads: usize,
    /// Entities that they are spread over
    #[arg(long, default_value_t = 16)]
    entities: usize,
    /// Batches on their way at once
    #[arg(long, default_value_t = 4)]
    at_once: usize,
    /// How routes choose
    #[arg(long, value_enum, default_value = "round-robin")]
    strategy: Kind,
}

pub(super) async fn run(args: RouteArgs) -> anyhow::Result<Value> {
    let system = System::start(1).await?;
    let mut keys = Vec::with_capacity(args.entities);
    for entity in 0..args.entities {
        keys.push(system.team(&format!("team{entity}"), AGENTS, route(args.strategy)?).await?);
    }
    let leads = u64::try_from(args.leads)?;
    let (ready, listening) = oneshot::channel();
    let mut seen = Seen { first: HashSet::new(), took: Times::none()?, twice: 0, asked: 0 };
    let began = system.base.clock.now();
    let watching = async {
        let counted = follow(&system.base.nats, |event| seen.note(&event) == leads, ready);
        tokio::time::timeout(PATIENCE, counted).await?
    };
    let sending = async {
        listening.await?;
        send(&system, &keys, &args).await
    };
    let ((), accepted) = tokio::try_join!(watching, sending)?;
    let offered_at = system.base.clock.now();
    let told = told(&system, seen.asked).await;
    let told_at = system.base.clock.now();
    system.stop().await?;
    Ok(json!({
        "scenario": "route",
        "leads": leads,
        "accepted": accepted,
        "offered": seen.first.len(),
        "offered_twice": seen.twice,
        "notified": told,
        "lost": accepted.saturating_sub(seen.first.len() as u64),
        "leads_per_s": rate(leads, began, told_at),
        "offered_per_s": rate(leads, began, offered_at),
        "offered_after_ms": seen.took.summary(),
    }))
}

/// The first hop of every lead.
struct Seen {
    first: HashSet<LeadId>,
    took: Times,
    twice: usize,
    asked: u64,
}

impl Seen {
    fn note(&mut self, event: &tipoff_wire::Event) -> u64 {
        if matches!(event.kind, EventKind::Offered | EventKind::Assigned) {
            self.took.note(event.at - event.after.received_at);
            self.asked += event.offers.len().max(1) as u64;
            self.twice += usize::from(!self.first.insert(event.lead.clone()));
        }
        self.first.len() as u64
    }
}

async fn told(system: &System, wanted: u64) -> u64 {
    let mut caught = system.mailbox.subscribe();
    let all = async {
        while system.mailbox.total() < wanted {
            if caught.changed().await.is_err() {
                return;
            }
        }
    };
    // What is missing shows in the count.
    tokio::time::timeout(PATIENCE, all).await.ok();
    system.mailbox.total()
}

async fn send(system: &System, keys: &[String], args: &RouteArgs) -> anyhow::Result<u64> {
    let (http, url) = (Client::new(), format!("http://{}/v1/leads/batch", system.intake));
    let batches = (0..args.leads.div_ceil(LINES)).map(|batch| {
        let (http, url, key) = (&http, &url, &keys[batch % keys.len()]);
        let lines =
            (batch * LINES..args.leads.min((batch + 1) * LINES)).map(lead).collect::<String>();
        async move {
            let request =
                http.post(url).bearer_auth(key).header("content-type", "application/x-ndjson");
            let response = request.body(lines).send().await?;
            let (status, text) = (response.status(), response.text().await?);
            ensure!(status.is_success(), "a batch was answered {status}: {text}");
            let report: Value = serde_json::from_str(&text)?;
            Ok(report["accepted"].as_u64().unwrap_or(0))
        }
    });
    let sent = stream::iter(batches).buffer_unordered(args.at_once);
    sent.try_fold(0, |sum, accepted| async move { Ok(sum + accepted) }).await
}

fn lead(number: usize) -> String {
    let lead = json!({
        "external_id": format!("web-{number}"), "kind": "buyer", "name": {"full": format!("Person {number}")},
        "emails": [format!("person{number}@example.com")], "phones": ["+15125550101"],
        "message": "Is it still available?", "hashtags": ["relocation"], "language": "en",
        "property": {"address": "15 Oak Ct", "city": "Austin", "region": "TX", "postal_code": "78701", "price": 450_000},
    });
    format!("{lead}\n")
}

fn route(kind: Kind) -> anyhow::Result<Route> {
    let shares: serde_json::Map<String, Value> =
        (0..AGENTS).map(|agent| (format!("agent{agent}"), json!(100 / AGENTS))).collect();
    let strategy = match kind {
        Kind::RoundRobin => json!({"kind": "round_robin", "agents": "all"}),
        Kind::Random => json!({"kind": "random", "agents": "all"}),
        Kind::WeightedRandom => json!({"kind": "weighted_random", "weights": shares}),
        Kind::JumpBall => json!({"kind": "jump_ball", "agents": "all"}),
        Kind::AssignToAgent => json!({"kind": "assign_to_agent", "agent": "agent0"}),
    };
    let route = json!({"title": "Everything", "strategy": strategy, "claim_within": "1h", "channels": ["email"]});
    Ok(serde_json::from_value(route)?)
}
