//! `tipoff bench`: what this machine can do, measured end to end.
//!
//! Every run starts servers of its own, with full durability, and every service
//! in this process or in processes of their own. It ends with the counts that
//! must add up; where they do not, the program says so and fails.

mod arrivals;
mod bare;
mod children;
mod claim;
mod cost;
mod deadlines;
mod ingest;
mod jumpball;
mod ledger;
mod made_up;
mod many;
mod mixed;
mod offers;
mod progress;
mod relay;
mod route;
mod setup;
mod shown;
mod sources;
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
    scenario: Scenario,
    #[command(flatten)]
    setup: setup::Setup,
    /// One JSON object instead of a table
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Leads until every one is offered and its agent told by mail
    Route(route::RouteArgs),
    /// Leads in over HTTP, one by one and in batches, and over NATS, and nothing behind it
    Ingest(ingest::IngestArgs),
    /// Agents claim what they were offered, several for each lead
    Claim(claim::ClaimArgs),
    /// One lead, thousands of agents at once
    Jumpball(jumpball::JumpballArgs),
    /// Offers that run out while many others stand: how late they move on
    Deadlines(deadlines::DeadlinesArgs),
    /// A day, compressed: leads, claims, passes and deadlines
    Mixed(mixed::MixedArgs),
    /// The same leads over more and more entities; a noisy one beside quiet ones
    Tenants(many::TenantsArgs),
    /// The same leads past more and more routes
    Routes(many::RoutesArgs),
}

pub(crate) async fn run(args: BenchArgs) -> anyhow::Result<()> {
    let _telemetry = telemetry::start_at("bench", "error");
    let setup = &args.setup;
    let result = match args.scenario {
        Scenario::Route(scenario) => Box::pin(route::run(scenario, setup)).await?,
        Scenario::Ingest(scenario) => Box::pin(ingest::run(scenario, setup)).await?,
        Scenario::Claim(scenario) => Box::pin(claim::run(scenario, setup)).await?,
        Scenario::Jumpball(scenario) => Box::pin(jumpball::run(scenario, setup)).await?,
        Scenario::Deadlines(scenario) => Box::pin(deadlines::run(scenario, setup)).await?,
        Scenario::Mixed(scenario) => Box::pin(mixed::run(scenario, setup)).await?,
        Scenario::Tenants(scenario) => Box::pin(many::tenants(scenario, setup)).await?,
        Scenario::Routes(scenario) => Box::pin(many::routes(scenario, setup)).await?,
    };
    if args.json {
        term::out(&format!("{result}\n"));
    } else {
        term::out(&shown::table(&result));
    }
    ensure!(result["correct"]["ok"] == true, "the counts do not add up: {}", result["correct"]);
    Ok(())
}
