//! The same leads through more and more routers and notifiers, each a process
//! of its own: nobody is told of the others, and nothing is configured.
//!
//! All of them share this machine's cores, so as many leads as one can route
//! is no measure of what two can. With `--in-hand`, every process begins with so little
//! in hand that it waits more than it computes: then what each adds shows.

use clap::Args;
use serde_json::{Value, json};

use super::account::together;
use super::route::{self, RouteArgs};
use super::setup::Setup;
use super::tally::rounded;

#[derive(Debug, Clone, Args)]
pub(super) struct ScaleArgs {
    /// Numbers of routers and notifiers to try, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "1,2,4")]
    counts: Vec<usize>,
    /// Leads that each router has in hand at least, up to eight times as many while they are
    /// placed soon; and events that each notifier has in hand at most
    #[arg(long)]
    in_hand: Option<usize>,
    #[command(flatten)]
    route: RouteArgs,
}

pub(super) async fn run(args: ScaleArgs, setup: &Setup) -> anyhow::Result<Value> {
    let route = RouteArgs { no_bare: true, ..args.route };
    let mut steps: Vec<Value> = Vec::new();
    for count in args.counts {
        let setup = Setup {
            processes: true,
            routers: count,
            notifiers: count,
            in_hand: args.in_hand,
            ..setup.clone()
        };
        let mut step = Box::pin(route::run(route.clone(), &setup)).await?;
        step["step"] = json!(format!("{count} routers and notifiers"));
        let first = steps.first().map_or(&step, |first| first);
        // What is not known of the steps cannot be compared.
        let ratio = |field: &str| {
            let number = |step: &Value| step[field].as_f64();
            Some(rounded(number(&step)? / number(first)?.max(0.1), 2))
        };
        let ratios = ["leads_per_s", "offered_per_s", "cpu_us_per_lead"]
            .map(|field| (format!("{field}_to_first"), ratio(field)));
        for (name, ratio) in ratios {
            step[name] = json!(ratio);
        }
        steps.push(step);
    }
    let last = steps.last().map(|step| step["leads_per_s"].clone());
    Ok(json!({
        "scenario": "scale", "in_hand": args.in_hand, "leads_per_s": last,
        "correct": together(&steps), "steps": steps,
    }))
}
