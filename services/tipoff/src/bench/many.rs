//! What a lead costs where there are many entities, or many routes.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::account::together;
use super::arrivals::Arrivals;
use super::made_up::{Kind, passing, route};
use super::route::{Passage, Passed, warm_up};
use super::setup::Setup;
use super::sources::{Sources, Way};
use super::system::{Parts, System};
use super::tally::{Times, rate};
use super::team::Like;

const LINES: usize = 100;

#[derive(Debug, Clone, Args)]
pub(super) struct TenantsArgs {
    /// Numbers of entities to try, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "1,100,1000,10000")]
    entities: Vec<usize>,
    /// Leads for each
    #[arg(long, default_value_t = 10_000)]
    leads: usize,
}

#[derive(Debug, Clone, Args)]
pub(super) struct RoutesArgs {
    /// Numbers of routes to try, separated by commas; the last one takes every lead
    #[arg(long, value_delimiter = ',', default_value = "1,10,100,1000")]
    routes: Vec<usize>,
    /// Leads for each
    #[arg(long, default_value_t = 10_000)]
    leads: usize,
}

/// The same leads over more and more entities; then one that sends a flood
/// beside others that send a little.
pub(super) async fn tenants(args: TenantsArgs, setup: &Setup) -> anyhow::Result<Value> {
    let mut steps = Vec::new();
    for entities in &args.entities {
        let like = Like::new(2, vec![route(Kind::RoundRobin, 2, "1h")?]);
        steps.push(step("entities", *entities, *entities, &like, args.leads, setup).await?);
    }
    let noisy = Box::pin(noisy(args.leads, setup)).await?;
    let correct = together(steps.iter().chain([&noisy]));
    Ok(
        json!({"scenario": "tenants", "leads_per_s": last_rate(&steps), "steps": steps, "noisy": noisy, "correct": correct}),
    )
}

/// The same leads past more and more routes that do not take them.
pub(super) async fn routes(args: RoutesArgs, setup: &Setup) -> anyhow::Result<Value> {
    let mut steps = Vec::new();
    for count in &args.routes {
        let mut routes = (1..*count).map(passing).collect::<anyhow::Result<Vec<_>>>()?;
        routes.push(route(Kind::RoundRobin, 2, "1h")?);
        steps.push(step("routes", *count, 4, &Like::new(2, routes), args.leads, setup).await?);
    }
    let correct = together(&steps);
    Ok(
        json!({"scenario": "routes", "leads_per_s": last_rate(&steps), "steps": steps, "correct": correct}),
    )
}

async fn step(
    what: &str,
    count: usize,
    entities: usize,
    like: &Like,
    leads: usize,
    setup: &Setup,
) -> anyhow::Result<Value> {
    let parts = Parts { notifiers: 0, ..Parts::whole(setup) };
    let system = System::start(setup, parts).await?;
    let made = system.base.clock.now();
    let teams = system.teams(entities, like).await?;
    let making = (system.base.clock.now() - made).num_milliseconds();
    let sources = Sources::new(&system, teams, Way::Batch).pack(warm_up(leads), LINES);
    let passage = Passage::new(&system, false, &system.prefix);
    let warmed = passage.of(&sources, Arrivals::Closed { at_once: 2 }).await?;
    // So small that the leads reach as many entities as can be, and so many at once
    // that as many leads are on their way.
    let lines = (leads / entities.max(1)).clamp(1, LINES);
    let sources = sources.pack(0..leads, lines);
    let passed = passage
        .after(&warmed)
        .of(&sources, Arrivals::Closed { at_once: 8 * LINES / lines })
        .await?;
    let routers = system.routers().into_iter().filter_map(super::cost::resident_bytes).max();
    system.stop().await?;
    Ok(json!({
        "step": format!("{count} {what}"), "configured_in_ms": making, "leads_per_s": rate(leads as u64, passed.took().0),
        "per_lead": passed.cost(), "router_resident_bytes": routers, "correct": passed.correct(),
    }))
}

/// One entity sends all it can; the others send one lead now and then.
async fn noisy(leads: usize, setup: &Setup) -> anyhow::Result<Value> {
    let parts = Parts { notifiers: 0, ..Parts::whole(setup) };
    let system = System::start(setup, parts).await?;
    let like = Like::new(2, vec![route(Kind::RoundRobin, 2, "1h")?]);
    let names = (format!("{}-loud", system.prefix), format!("{}-quiet", system.prefix));
    let loud = system.teams_called(&names.0, 1, &like).await?;
    let quiet = system.teams_called(&names.1, 32, &like).await?;
    let few = (leads / 50).max(32);
    let passage = Passage::new(&system, false, &names.1);
    let flooded = Passage { prefix: &names.0, ..passage };
    let trickle = Sources::new(&system, quiet, Way::Single).pack(leads..leads + few, 1);
    let arrivals = Arrivals::Open { per_s: 50.0 };
    let alone = passage.of(&trickle, arrivals).await?;
    let trickle = trickle.pack(leads + few..leads + 2 * few, 1);
    let flood = Sources::new(&system, loud, Way::Batch).pack(0..leads, LINES);
    let flooding = flooded.of(&flood, Arrivals::Closed { at_once: 8 });
    let (beside, flooded) = tokio::try_join!(passage.of(&trickle, arrivals), flooding)?;
    let times = |passed: &Passed| {
        let took = passed.due.iter().filter_map(|(lead, due)| {
            let offered = passed.ledger.stories.get(lead)?.offered?;
            Some((offered - *due).to_std().unwrap_or(Duration::ZERO))
        });
        Times::of(took)
    };
    let result = json!({
        "flood_leads": leads, "quiet_leads": few,
        "quiet_alone_ms": times(&alone)?.summary(), "quiet_beside_flood_ms": times(&beside)?.summary(),
        "correct": together(&[&alone, &beside, &flooded].map(|passed| json!({"correct": passed.correct()}))),
    });
    system.stop().await?;
    Ok(result)
}

/// Leads per second where there were the most.
fn last_rate(steps: &[Value]) -> Value {
    steps.last().map_or(Value::Null, |step| step["leads_per_s"].clone())
}
