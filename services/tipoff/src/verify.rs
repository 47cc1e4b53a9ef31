//! `tipoff verify`: whether the board stands as the log says.

use std::process::ExitCode;

use anyhow::Context;
use tipoff_board::{Difference, Verified};
use tipoff_runtime::{Publisher, Settings};

use crate::rebuild::{per_second, progress};
use crate::{exit, reach, term, trail};

/// Differences that are told one by one.
const TOLD: usize = 100;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Put back as the log says what differs
    #[arg(long)]
    repair: bool,
    /// For programs: every difference, and the figures
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let nats = reach::nats(&args.settings).await?;
    let redis = reach::redis(&args.settings).await?;
    let (roster, stop) = reach::roster(&nats, &args.settings).await?;
    let board = reach::board(redis, &nats, &roster);
    let bar = progress("events compared")?;
    let mut told = |done: Verified| {
        bar.set_length(done.expected);
        bar.set_position(done.events);
    };
    let verified = board.verify(args.repair, &mut told).await;
    let (done, found) = verified.context("the board could not be compared with the log")?;
    bar.finish_and_clear();
    stop.cancel();
    if done.mended > 0 {
        let to = [("mended", done.mended.to_string())];
        trail::note(&Publisher::new(nats), None, "tipoff verify --repair", &to).await?;
    }
    term::out(&if args.json { json(&done, &found)? } else { text(&done, &found) });
    Ok(if found.is_empty() || args.repair { ExitCode::SUCCESS } else { exit::WRONG.into() })
}

fn text(done: &Verified, found: &[Difference]) -> String {
    let rows: Vec<[String; 3]> = found
        .iter()
        .take(TOLD)
        .map(|Difference { entity, lead, what }| {
            let lead = lead.as_ref().map(ToString::to_string).unwrap_or_default();
            [entity.to_string(), lead, what.clone()]
        })
        .collect();
    let rows = if rows.is_empty() { String::new() } else { term::columns(&rows) };
    let more = match found.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!("… and {more} more\n"),
    };
    let Verified { events, mended, took, .. } = done;
    let speed = per_second(*events, *took);
    let told = match (found.len(), mended) {
        (0, _) => "the board stands as the log says".to_owned(),
        (1, 0) => "1 difference; --repair puts it right".to_owned(),
        (some, 0) => format!("{some} differences; --repair puts them right"),
        (some, mended) => {
            format!("{some} differences; {mended} things were put back as the log says")
        }
    };
    let seconds = took.as_secs_f64();
    format!("{rows}{more}{told}: {events} events compared in {seconds:.1} s ({speed} events/s)\n")
}

fn json(done: &Verified, found: &[Difference]) -> anyhow::Result<String> {
    let found: Vec<_> = found
        .iter()
        .map(|one| serde_json::json!({ "entity": one.entity, "lead": one.lead, "what": one.what }))
        .collect();
    let all = serde_json::json!({
        "differences": found, "mended": done.mended, "events": done.events,
        "seconds": done.took.as_secs_f64(),
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&all)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_told_with_what_to_do() {
        let done = Verified { events: 12, ..Verified::default() };
        assert!(text(&done, &[]).starts_with("the board stands as the log says: 12 events"));
        let lead = Some("lead_1".parse().unwrap());
        let one = Difference { entity: "acme".parse().unwrap(), lead, what: "gone".to_owned() };
        let told = text(&done, &[one]);
        assert!(told.contains("lead_1") && told.contains("--repair"), "{told}");
    }
}
