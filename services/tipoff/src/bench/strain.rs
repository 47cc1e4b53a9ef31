//! Somebody behaves badly, and others are measured: agents whose requests drip,
//! readers of the live stream who take nothing, a notifier that has stopped, a mail relay
//! that answers nothing, a source that sends a hundred times its rate.

mod flood;
mod notifier;
mod sleepers;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::account::together;
use super::setup::Setup;
use super::tally::Times;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Who {
    /// Agents whose requests come byte by byte
    SlowClients,
    /// Readers of the live stream who take nothing
    SlowReaders,
    /// No notifier: the backlog of events grows
    StoppedNotifier,
    /// A mail relay that answers nothing: the backlog of notices grows
    StuckRelay,
    /// A source that sends a hundred times as much as it may
    Flood,
}

#[derive(Debug, Clone, Args)]
pub(super) struct StrainArgs {
    /// Who misbehaves, separated by commas
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "slow-clients,slow-readers,stopped-notifier,stuck-relay,flood"
    )]
    who: Vec<Who>,
    /// Leads of the others, for each
    #[arg(long, default_value_t = 1_500)]
    leads: usize,
    /// Per second
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// Clients or readers who are slow
    #[arg(long, default_value_t = 200)]
    slow: usize,
}

pub(super) async fn run(args: StrainArgs, setup: &Setup) -> anyhow::Result<Value> {
    let mut steps: Vec<Value> = Vec::new();
    for who in &args.who {
        let step = match who {
            Who::SlowClients => Box::pin(sleepers::clients(&args, setup)).await?,
            Who::SlowReaders => Box::pin(sleepers::readers(&args, setup)).await?,
            Who::StoppedNotifier => Box::pin(notifier::stopped(&args, setup)).await?,
            Who::StuckRelay => Box::pin(notifier::stuck_relay(&args, setup)).await?,
            Who::Flood => Box::pin(flood::run(&args, setup)).await?,
        };
        steps.push(step);
    }
    // Of the others, where fewest came through beside somebody who misbehaves.
    let fewest = steps.iter().filter_map(|step| step["leads_per_s"].as_f64()).reduce(f64::min);
    let correct = together(&steps);
    Ok(json!({
        "scenario": "strain", "asked_per_s": args.rate, "leads_per_s": fewest, "steps": steps, "correct": correct,
    }))
}

/// The same people, alone and beside somebody who misbehaves.
fn compared(alone: &Times, beside: &Times) -> Value {
    json!({"alone_ms": alone.summary(), "beside_ms": beside.summary()})
}
