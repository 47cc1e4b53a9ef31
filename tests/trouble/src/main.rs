//! `tipoff-trouble`: breaks a whole Tipoff while leads come in, and says
//! whether every promise held.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::TimeDelta;
use clap::Parser;
use tipoff_trouble::checker::Allowed;
use tipoff_trouble::disk::Disk;
use tipoff_trouble::evidence::Evidence;
use tipoff_trouble::fault::Fault;
use tipoff_trouble::stores::Layout;
use tipoff_trouble::storm::{self, Pace, Plan};
use tipoff_trouble::system::Build;
use tipoff_trouble::{checker, table};

/// Breaks a whole Tipoff while leads come in, and says whether every promise held.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct Args {
    /// The tipoff program to be broken; beside this one, if left out
    #[arg(long)]
    program: Option<PathBuf>,
    /// Only these faults, separated by commas
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How often each happens
    #[arg(long, default_value_t = 1)]
    times: usize,
    /// Go on until so many minutes have passed, with the faults in another order each time
    #[arg(long, default_value_t = 0)]
    minutes: u64,
    /// Then kill so many processes at random moments, without waiting each time until all is well
    #[arg(long, default_value_t = 0)]
    kills: usize,
    /// One kill every one or two minutes, and how much memory those take who are left alone
    #[arg(long, requires = "minutes", conflicts_with_all = ["only", "times", "kills"])]
    soak: bool,
    /// How long a fault that lasts does so, in seconds
    #[arg(long, default_value_t = 3)]
    hold: u64,
    /// So many seconds pass after a fault was got over before the next one comes: half as many at
    /// least, and half as many again at most; around three, if left out
    #[arg(long, conflicts_with = "soak")]
    pause: Option<u64>,
    /// How late a deadline may fire, in ms; more on a machine that is busy with other things
    #[arg(long, default_value_t = 1_000)]
    late: i64,
    /// Leads per second
    #[arg(long, default_value_t = 10)]
    rate: u32,
    /// Servers of NATS: one, or three that keep everything three times
    #[arg(long, default_value_t = 1)]
    nats_nodes: usize,
    /// Redis is a cluster: three masters with a replica each
    #[arg(long)]
    redis_cluster: bool,
    /// Redis has two replicas, and three Sentinels that watch it
    #[arg(long, conflicts_with = "redis_cluster")]
    redis_sentinel: bool,
    /// What everybody does follows from this
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep logs, data and evidence here
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Say which faults there are
    #[arg(long)]
    list: bool,
    /// Look once more at the evidence of a run that was kept
    #[arg(long, value_name = "FILE")]
    judge: Option<PathBuf>,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if args.list {
        for fault in everything() {
            say(&fault.to_string());
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &args.judge {
        return judge(file, allowed(args.late));
    }
    let scratch = tempfile::tempdir()?;
    let directory = args.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
    std::fs::create_dir_all(&directory)?;
    let mut faults = chosen(&args)?;
    let mut build = Build::new(program(args.program.clone())?, directory.canonicalize()?);
    build.nats_nodes = args.nats_nodes;
    build.redis = layout(&args);
    if faults.iter().any(|fault| fault.needs_a_disk()) {
        build.own_disk = may_mount(&directory).await;
        if !build.own_disk {
            tell("power-loss and disk-full are left out: only root may mount a disk of its own");
            faults.retain(|fault| !fault.needs_a_disk());
        }
    }
    let plan = Plan {
        build,
        faults: faults.into_iter().map(|fault| (fault, args.times)).collect(),
        kills: args.kills,
        soak: args.soak,
        pause: pause(&args),
        pace: Pace {
            leads_per_second: args.rate,
            hold: Duration::from_secs(args.hold),
            seed: args.seed,
        },
        at_least: Duration::from_mins(args.minutes),
        allowed: allowed(args.late),
    };
    let stop = tipoff_runtime::shutdown::on_signal();
    // Whoever has had enough leaves nobody behind: all processes end with the run.
    let outcome = tokio::select! {
        outcome = storm::run(&plan, tell) => outcome?,
        () = stop.cancelled() => bail!("stopped before it was done"),
    };
    if args.keep.is_some() {
        let mut file = BufWriter::new(File::create(directory.join("evidence.json"))?);
        serde_json::to_writer(&mut file, &outcome.evidence)?;
        file.flush()?;
    }
    say(&if args.json { table::json(&outcome).to_string() } else { table::text(&outcome) });
    Ok(if outcome.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Between two faults, at least and at most. A soak is quiet for most of the time.
fn pause(args: &Args) -> Range<Duration> {
    let around = |middle: Duration| middle / 2..middle * 3 / 2;
    match args.pause {
        Some(seconds) => around(Duration::from_secs(seconds)),
        None if args.soak => around(Duration::from_secs(100)),
        None => around(Duration::from_secs(3)),
    }
}

fn layout(args: &Args) -> Layout {
    match (args.redis_sentinel, args.redis_cluster) {
        (true, _) => Layout::Watched,
        (_, true) => Layout::Cluster,
        _ => Layout::One,
    }
}

fn allowed(late: i64) -> Allowed {
    Allowed { late: TimeDelta::milliseconds(late), ..Allowed::default() }
}

fn judge(file: &PathBuf, allowed: Allowed) -> anyhow::Result<ExitCode> {
    let text = std::fs::read(file).with_context(|| file.display().to_string())?;
    let evidence: Evidence = serde_json::from_slice(&text)?;
    let verdict = checker::check(&evidence, allowed);
    for broken in &verdict.broken {
        say(&broken.to_string());
    }
    Ok(if verdict.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn program(given: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let beside = || Ok::<_, anyhow::Error>(std::env::current_exe()?.with_file_name("tipoff"));
    let program = given.map_or_else(beside, Ok)?;
    if !program.is_file() {
        bail!(
            "`{}` is not there: run `make trouble`, or name it with --program",
            program.display()
        );
    }
    Ok(program)
}

/// Whether this user may have a disk that can lose power.
async fn may_mount(directory: &Path) -> bool {
    Disk::new(&directory.join("tried")).await.is_ok()
}

/// Also what happens to clusters only.
fn everything() -> Vec<Fault> {
    let mut all = Fault::all();
    for fault in Fault::of_three().into_iter().chain(Fault::of_cluster()) {
        if !all.contains(&fault) {
            all.push(fault);
        }
    }
    all
}

/// All that suit the system, if nothing is said.
fn chosen(args: &Args) -> anyhow::Result<Vec<Fault>> {
    if args.soak {
        return Ok(Fault::kills());
    }
    let names = &args.only;
    if names.is_empty() {
        return Ok(match (args.kills, args.nats_nodes, layout(args)) {
            (0, 1, Layout::One) => Fault::all(),
            (0, 1, _) => Fault::of_cluster(),
            (0, _, _) => Fault::of_three(),
            _ => vec![Fault::Nothing],
        });
    }
    let all = everything();
    let find = |name: &String| {
        let found = all.iter().copied().find(|fault| fault.to_string() == *name);
        found.with_context(|| format!("there is no fault `{name}`; --list says which there are"))
    };
    names.iter().map(find).collect()
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "progress stands beside what is found")]
fn tell(text: &str) {
    eprintln!("  {text}");
}
