//! What a lead costs where there are many entities, or many routes.

use clap::Args;
use serde_json::{Value, json};

use super::account::together;
use super::arrivals::Arrivals;
use super::made_up::{Kind, passing, route};
use super::route::{Passage, Passed, warm_up};
use super::setup::Setup;
use super::sources::{Sources, Way};
use super::system::{Parts, System};
use super::tally::rate;
use super::team::Like;

/// That leads are spread over where it is routes that are counted.
const ENTITIES: usize = 4;
/// Leads in a request at most.
const LINES: usize = 100;
/// Requests on their way at once at most.
const AT_ONCE: usize = 256;
/// Leads per second of the quiet ones together.
const QUIET_PER_S: f64 = 50.0;
/// The flood is so many times `leads`, of which the quiet ones send a fiftieth. Thus it outlasts
/// them wherever less than 12,500 of its leads are routed in a second; the most so far was 7,234.
const FLOOD: usize = 5;

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
    let most = args.entities.iter().copied().max().unwrap_or(1);
    for entities in &args.entities {
        let like = &Like::new(2, vec![route(Kind::RoundRobin, 2, "1h")?]);
        let (name, lines) = (format!("{entities} entities"), lines(args.leads, most));
        let step = Step { name, entities: *entities, like, lines };
        steps.push(step.run(args.leads, setup).await?);
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
        let (name, lines) = (format!("{count} routes"), lines(args.leads, ENTITIES));
        let step = Step { name, entities: ENTITIES, like: &Like::new(2, routes), lines };
        steps.push(step.run(args.leads, setup).await?);
    }
    let correct = together(&steps);
    Ok(
        json!({"scenario": "routes", "leads_per_s": last_rate(&steps), "steps": steps, "correct": correct}),
    )
}

/// Leads in a request, so few that they reach as many entities as can be. All steps of a run
/// have the same, or they would differ by what a request costs.
fn lines(leads: usize, entities: usize) -> usize {
    (leads / entities.max(1)).clamp(1, LINES)
}

struct Step<'a> {
    name: String,
    entities: usize,
    like: &'a Like,
    lines: usize,
}

impl Step<'_> {
    async fn run(self, leads: usize, setup: &Setup) -> anyhow::Result<Value> {
        let parts = Parts { notifiers: 0, ..Parts::whole(setup) };
        let system = System::start(setup, parts).await?;
        let made = system.base.clock.now();
        let teams = system.teams(self.entities, self.like).await?;
        let making = (system.base.clock.now() - made).num_milliseconds();
        let sources = Sources::new(&system, teams, Way::Batch).pack(warm_up(leads), LINES);
        let passage = Passage::new(&system, false, &system.prefix);
        let warmed = passage.of(&sources, Arrivals::Closed { at_once: 2 }).await?;
        let sources = sources.pack(0..leads, self.lines);
        // As many leads are on their way, whatever the size of a request, but no more requests
        // than ingest lets one entity have there.
        let arrivals = Arrivals::Closed { at_once: (8 * LINES / self.lines).min(AT_ONCE) };
        let passed = passage.after(&warmed).of(&sources, arrivals).await?;
        let routers = system.routers().into_iter().filter_map(super::cost::resident_bytes).max();
        system.stop().await?;
        Ok(json!({
            "step": self.name, "configured_in_ms": making, "leads_per_request": self.lines,
            "leads_per_s": rate(leads as u64, passed.took().0), "per_lead": passed.cost(),
            "router_resident_bytes": routers, "correct": passed.correct(),
        }))
    }
}

/// One entity sends all it can; the others send one lead now and then.
async fn noisy(leads: usize, setup: &Setup) -> anyhow::Result<Value> {
    let parts = Parts { notifiers: 0, ..Parts::whole(setup) };
    let system = System::start(setup, parts).await?;
    let like = Like::new(2, vec![route(Kind::RoundRobin, 2, "1h")?]);
    let names = (format!("{}-loud", system.prefix), format!("{}-quiet", system.prefix));
    let loud = system.teams_called(&names.0, 1, &like).await?;
    let quiet = system.teams_called(&names.1, 32, &like).await?;
    let (few, many) = ((leads / 50).max(32), FLOOD * leads);
    let passage = Passage::new(&system, false, &names.1);
    let flooded = Passage { prefix: &names.0, ..passage };
    let trickle = Sources::new(&system, quiet, Way::Single).pack(0..few, 1);
    let arrivals = Arrivals::Open { per_s: QUIET_PER_S };
    let alone = passage.of(&trickle, arrivals).await?;
    let trickle = trickle.pack(few..2 * few, 1);
    let flood = Sources::new(&system, loud, Way::Batch).pack(0..many, LINES);
    let flooding = flooded.of(&flood, Arrivals::Closed { at_once: 8 });
    let (beside, flooded) = tokio::try_join!(passage.of(&trickle, arrivals), flooding)?;
    let result = json!({
        "flood_leads": many, "flood_leads_per_s": rate(many as u64, flooded.took().0),
        "quiet_leads": few, "quiet_due_during_flood": due_during(&beside, &flooded),
        "quiet_alone_ms": alone.due_to_offer()?.summary(), "quiet_beside_flood_ms": beside.due_to_offer()?.summary(),
        "correct": together(&[&alone, &beside, &flooded].map(|passed| json!({"correct": passed.correct()}))),
    });
    system.stop().await?;
    Ok(result)
}

/// How many of the quiet leads were due before the last of the flood was offered.
fn due_during(quiet: &Passed, flood: &Passed) -> usize {
    let over = flood.ledger.last_offered();
    quiet.due.iter().filter(|(_, due)| over.is_some_and(|over| *due < over)).count()
}

/// Leads per second where there were the most.
fn last_rate(steps: &[Value]) -> Value {
    steps.last().map_or(Value::Null, |step| step["leads_per_s"].clone())
}
