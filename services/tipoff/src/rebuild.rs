//! `tipoff rebuild`: the whole board once more, from the log.

use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use tipoff_board::CaughtUp;
use tipoff_runtime::{Publisher, Settings};

use crate::{reach, term, trail};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let nats = reach::nats(&args.settings).await?;
    let redis = reach::redis(&args.settings).await?;
    let (roster, stop) = reach::roster(&nats, &args.settings).await?;
    let board = reach::board(redis, &nats, &roster);
    let bar = progress("events read")?;
    let mut told = |done: CaughtUp| {
        bar.set_length(done.expected);
        bar.set_position(done.events);
    };
    let rebuilt = board.rebuild(&mut told).await;
    let rebuilt = rebuilt.context("the board is not rebuilt; run this again")?;
    bar.finish_and_clear();
    stop.cancel();
    let CaughtUp { partitions, events, repaired, took, .. } = rebuilt;
    let to = [("leads", repaired.to_string())];
    trail::note(&Publisher::new(nats), None, "tipoff rebuild", &to).await?;
    let speed = per_second(events, took);
    if args.json {
        let figures = serde_json::json!({
            "partitions": partitions, "events": events, "leads": repaired,
            "seconds": took.as_secs_f64(), "events_per_second": speed,
        });
        term::out(&format!("{figures}\n"));
    } else {
        term::out(&format!(
            "{partitions} partitions rebuilt and open: {events} events read, {repaired} leads put back, \
             in {:.1} s ({speed} events/s)\n",
            took.as_secs_f64()
        ));
    }
    Ok(())
}

/// A bar for something that is counted in events.
pub(crate) fn progress(what: &str) -> anyhow::Result<ProgressBar> {
    let style = format!("{{bar:30}} {{pos}}/{{len}} {what}, {{per_sec}}, {{eta}} left");
    Ok(ProgressBar::new(0).with_style(ProgressStyle::with_template(&style)?))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "for people, not for counting"
)]
pub(crate) fn per_second(events: u64, took: Duration) -> u64 {
    (events as f64 / took.as_secs_f64().max(0.001)) as u64
}
