//! What a lead costs where there are many entities, or many routes.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::arrivals::Arrivals;
use super::made_up::{Kind, passing, route};
use super::route::{Passage, Passed, WARM_UP};
use super::setup::Setup;
use super::sources::{Sources, Way};
use super::system::{Parts, System};
use super::tally::{Times, rate};
use super::team::{Like, teams};

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
        let like = Like { agents: 2, routes: vec![route(Kind::RoundRobin, 2, "1h")?] };
        steps.push(step("entities", *entities, *entities, &like, args.leads, setup).await?);
    }
    let noisy = Box::pin(noisy(args.leads, setup)).await?;
    let ok = steps.iter().chain([&noisy]).all(|step| step["correct"]["ok"] == true);
    Ok(json!({"scenario": "tenants", "steps": steps, "noisy": noisy, "correct": {"ok": ok}}))
}

/// The same leads past more and more routes that do not take them.
pub(super) async fn routes(args: RoutesArgs, setup: &Setup) -> anyhow::Result<Value> {
    let mut steps = Vec::new();
    for count in &args.routes {
        let mut routes = (1..*count).map(passing).collect::<anyhow::Result<Vec<_>>>()?;
        routes.push(route(Kind::RoundRobin, 2, "1h")?);
        steps
            .push(step("routes", *count, 4, &Like { agents: 2, routes }, args.leads, setup).await?);
    }
    let ok = steps.iter().all(|step| step["correct"]["ok"] == true);
    Ok(json!({"scenario": "routes", "steps": steps, "correct": {"ok": ok}}))
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
    let sources = Sources::new(&system.base.nats, system.intake, teams, Way::Batch)
        .pack(leads..leads + WARM_UP, LINES);
    let passage = Passage { system: &system, told: false };
    passage.of(&sources, Arrivals::Closed { at_once: 2 }).await?;
    // Many batches, so that the leads reach as many entities as can be.
    let sources = sources.pack(0..leads, (leads / entities.max(1)).clamp(1, LINES));
    let passed = passage.of(&sources, Arrivals::Closed { at_once: 8 }).await?;
    let routers = system.routers().into_iter().filter_map(super::cost::resident_bytes).max();
    system.stop().await?;
    Ok(json!({
        what: count, "configured_in_ms": making, "leads_per_s": rate(leads as u64, passed.took().0),
        "per_lead": passed.cost(), "router_resident_bytes": routers, "correct": passed.correct(),
    }))
}

/// One entity sends all it can; the others send one lead now and then.
async fn noisy(leads: usize, setup: &Setup) -> anyhow::Result<Value> {
    let parts = Parts { notifiers: 0, ..Parts::whole(setup) };
    let system = System::start(setup, parts).await?;
    let like = Like { agents: 2, routes: vec![route(Kind::RoundRobin, 2, "1h")?] };
    let nats = &system.base.nats;
    let (loud, quiet) = (format!("{}-loud", system.prefix), format!("{}-quiet", system.prefix));
    let loud = teams(&system.base.roster, &loud, 1, &like).await?;
    let quiet = teams(&system.base.roster, &quiet, 32, &like).await?;
    let few = (leads / 50).max(32);
    let passage = Passage { system: &system, told: false };
    let trickle = Sources::new(nats, system.intake, quiet, Way::Single).pack(leads..leads + few, 1);
    let arrivals = Arrivals::Open { per_s: 50.0 };
    let alone = passage.of(&trickle, arrivals).await?;
    let trickle = trickle.pack(leads + few..leads + 2 * few, 1);
    let flood = Sources::new(nats, system.intake, loud, Way::Batch).pack(0..leads, LINES);
    let over = tokio_util::sync::CancellationToken::new();
    let flooding = async {
        let flood = passage.of(&flood, Arrivals::Closed { at_once: 8 }).await;
        over.cancel();
        flood
    };
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
        "correct": {"ok": alone.correct()["ok"] == true && flooded.ledger.offered() >= leads && times(&beside)?.count() == few as u64},
    });
    system.stop().await?;
    Ok(result)
}
