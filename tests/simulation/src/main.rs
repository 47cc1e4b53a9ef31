//! `tipoff-simulation`: millions of steps of a Tipoff that is always in trouble.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tipoff_simulation::{Rules, play};

/// Millions of steps of a Tipoff that is always in trouble, and whether every promise held.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110)]
struct Args {
    /// How many steps
    #[arg(long, default_value_t = 10_000_000)]
    steps: u64,
    /// The first story; each has a seed of its own, one more than the one before
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn main() -> anyhow::Result<ExitCode> {
    let (args, begun) = (Args::parse(), Instant::now());
    let outcome = play(args.seed, args.steps, Rules::ALL)?;
    for (what, times) in outcome.sometimes() {
        println!("{times:>12}  {what}");
    }
    println!(
        "{} steps in {} stories from seed {}, {} leads, {:.1} s",
        outcome.steps,
        outcome.stories,
        args.seed,
        outcome.leads,
        begun.elapsed().as_secs_f64()
    );
    for broken in &outcome.broken {
        println!("BROKEN {broken}");
    }
    for what in outcome.never() {
        println!("NEVER {what}");
    }
    let is_well = outcome.broken.is_empty() && outcome.never().is_empty();
    println!("{}", if is_well { "Every promise held." } else { "PROMISES WERE BROKEN." });
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
