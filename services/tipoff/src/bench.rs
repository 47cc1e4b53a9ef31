//! `tipoff bench`: what this machine can do, measured end to end.
//!
//! Every run starts servers of its own, with full durability, and every service
//! in this process. It ends with the counts that must add up.

mod deadlines;
mod follow;
mod route;
mod system;
mod tally;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::term;

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    scenario: Scenario,
    /// One JSON object instead of a table
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Leads over HTTP, until every one is offered and its agent told by mail
    Route(route::RouteArgs),
    /// Offers that run out while many others stand: how late they move on
    Deadlines(deadlines::DeadlinesArgs),
}

pub(crate) async fn run(args: BenchArgs) -> anyhow::Result<()> {
    let result = match args.scenario {
        Scenario::Route(scenario) => Box::pin(route::run(scenario)).await?,
        Scenario::Deadlines(scenario) => Box::pin(deadlines::run(scenario)).await?,
    };
    if args.json {
        term::out(&format!("{result}\n"));
    } else {
        term::out(&table(&result));
    }
    Ok(())
}

/// Name and value in two columns.
fn table(result: &Value) -> String {
    let fields = result.as_object().into_iter().flatten();
    let rows: Vec<[String; 2]> =
        fields.map(|(name, value)| [name.clone(), value.to_string()]).collect();
    term::columns(&rows)
}
