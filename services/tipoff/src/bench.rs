//! `tipoff bench`: what this machine can do, measured end to end.
//!
//! Every run starts servers of its own, with full durability, and every service
//! in this process or in processes of their own; or it points at a system that
//! runs already. It ends with the counts that
//! must add up; where they do not, the program says so and fails.

mod account;
mod arrivals;
mod bare;
mod batch;
mod children;
mod claim;
mod copies;
mod cost;
mod deadlines;
mod fanout;
mod ingest;
mod jumpball;
mod ledger;
mod made_up;
mod many;
mod mixed;
mod notices;
mod offers;
mod patient;
mod progress;
mod rebuild;
mod route;
mod scale;
mod setup;
mod shown;
mod soak;
mod sources;
mod spread;
mod strain;
mod system;
mod tally;
mod team;

use anyhow::ensure;
use clap::{Args, Subcommand};
use tipoff_runtime::telemetry;

use crate::term;

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    scenario: Option<Scenario>,
    #[command(flatten)]
    setup: setup::Setup,
    /// One JSON object instead of a table
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Leads until every one is offered and its agent told by mail; this runs if nothing is chosen
    Route(route::RouteArgs),
    /// Leads in over HTTP, one by one and in batches, and over NATS, and nothing behind it
    Ingest(ingest::IngestArgs),
    /// Agents claim what they were offered, several for each lead
    Claim(claim::ClaimArgs),
    /// One lead, thousands of agents at once
    Jumpball(jumpball::JumpballArgs),
    /// One lead, thousands of agents told by mail, telephone and browser: the first and the last of them
    Fanout(fanout::FanoutArgs),
    /// Offers that run out while many others stand: how late they move on
    Deadlines(deadlines::DeadlinesArgs),
    /// A day, compressed: leads, claims, passes and deadlines
    Mixed(mixed::MixedArgs),
    /// The same leads over more and more entities; a noisy one beside quiet ones
    Tenants(many::TenantsArgs),
    /// The same leads past more and more routes
    Routes(many::RoutesArgs),
    /// The same leads through 1, 2 and 4 routers and notifiers, each a process
    Scale(scale::ScaleArgs),
    /// Slow agents, slow readers, a notifier that stopped, a flood: what the others notice
    Strain(strain::StrainArgs),
    /// How evenly leads fall on the masters of a Redis Cluster; worked out, nothing runs
    Spread(spread::SpreadArgs),
    /// A long quiet run: whether anything grows that should not
    Soak(soak::SoakArgs),
    /// Redis loses everything, and the log puts it back
    Rebuild(rebuild::RebuildArgs),
}

pub(crate) async fn run(args: BenchArgs) -> anyhow::Result<()> {
    let _telemetry = telemetry::start_at("bench", "error");
    let setup = &args.setup;
    let scenario = match args.scenario {
        Some(scenario) => scenario,
        None => Scenario::Route(route::RouteArgs::usual()?),
    };
    let result = match scenario {
        Scenario::Route(scenario) => Box::pin(route::run(scenario, setup)).await?,
        Scenario::Ingest(scenario) => Box::pin(ingest::run(scenario, setup)).await?,
        Scenario::Claim(scenario) => Box::pin(claim::run(scenario, setup)).await?,
        Scenario::Jumpball(scenario) => Box::pin(jumpball::run(scenario, setup)).await?,
        Scenario::Fanout(scenario) => Box::pin(fanout::run(scenario, setup)).await?,
        Scenario::Deadlines(scenario) => Box::pin(deadlines::run(scenario, setup)).await?,
        Scenario::Mixed(scenario) => Box::pin(mixed::run(scenario, setup)).await?,
        Scenario::Tenants(scenario) => Box::pin(many::tenants(scenario, setup)).await?,
        Scenario::Routes(scenario) => Box::pin(many::routes(scenario, setup)).await?,
        Scenario::Scale(scenario) => Box::pin(scale::run(scenario, setup)).await?,
        Scenario::Strain(scenario) => Box::pin(strain::run(scenario, setup)).await?,
        Scenario::Spread(scenario) => spread::run(&scenario)?,
        Scenario::Soak(scenario) => Box::pin(soak::run(scenario, setup)).await?,
        Scenario::Rebuild(scenario) => Box::pin(rebuild::run(scenario, setup)).await?,
    };
    if args.json {
        term::out(&format!("{result}\n"));
    } else {
        term::out(&shown::table(&result));
        term::out(&format!("\n  {}\n", account::line(&result["correct"])));
    }
    ensure!(result["correct"]["ok"] == true, "the counts do not add up: {}", result["correct"]);
    Ok(())
}
