//! `tipoff report`: the Lead Routing Stats Report.

use anyhow::Context;
use chrono::NaiveDate;
use tipoff_domain::EntityId;
use tipoff_domain::report::{Range, Report};
use tipoff_runtime::{Clock, Settings};

use crate::exit::Usage;
use crate::{reach, term};

/// The time of which it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Word {
    Month,
    Year,
    All,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The entity to tell of
    entity: EntityId,
    /// Month to date, year to date or all times
    #[arg(long, value_enum, default_value_t = Word::Month, conflicts_with_all = ["from", "to"])]
    range: Word,
    /// First day, as in 2026-11-01
    #[arg(long)]
    from: Option<NaiveDate>,
    /// Last day, included
    #[arg(long)]
    to: Option<NaiveDate>,
    /// As a table for spreadsheets
    #[arg(long, conflicts_with = "json")]
    csv: bool,
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
    let view = reach::view(&roster, &args.entity)?;
    let board = reach::board(redis, &nats, &roster);
    let range = match (args.from, args.to, args.range) {
        (None, None, Word::Month) => Range::Month,
        (None, None, Word::Year) => Range::Year,
        (None, None, Word::All) => Range::All,
        (from, to, _) => Range::Custom { from, to },
    };
    let bounds = range
        .bounds(Clock::system().now(), view.entity.zone)
        .map_err(|upside_down| Usage(upside_down.to_string()))?;
    let report =
        tipoff_api::report(&board, &view, bounds).await.context("the board cannot be read")?;
    stop.cancel();
    let text = match (args.csv, args.json) {
        (true, _) => tipoff_api::sheet(&report)?,
        (_, true) => serde_json::to_string_pretty(&report)? + "\n",
        _ => render(&report),
    };
    term::out(&text);
    Ok(())
}

fn render(report: &Report) -> String {
    let mut text = String::new();
    let totals = serde_json::to_value(&report.totals).unwrap_or_default();
    let rows: Vec<[String; 2]> = totals
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, count)| [name.replace('_', " "), count.to_string()])
        .collect();
    text.push_str(&term::columns(&rows));
    let heading =
        ["agent", "offers", "first", "claimed", "passed", "expired", "lost", "assigned", "pool"];
    let mut rows = vec![heading.map(str::to_owned)];
    rows.extend(report.agents.iter().map(|row| {
        let counts = &row.counts;
        let numbers = [
            counts.offers,
            counts.first_offers,
            counts.claimed,
            counts.passed,
            counts.expired,
            counts.lost,
            counts.assigned,
            counts.pool_claims,
        ];
        let [offers, first, claimed, passed, expired, lost, assigned, pool] =
            numbers.map(|number| number.to_string());
        let paused = if row.paused { " (paused)" } else { "" };
        let agent = format!("{}{paused}", row.agent);
        [agent, offers, first, claimed, passed, expired, lost, assigned, pool]
    }));
    text.push('\n');
    text.push_str(&term::columns(&rows));
    text.push('\n');
    text.extend(report.identities.iter().map(|identity| {
        let mark = if identity.holds { "holds" } else { "BROKEN" };
        let (left, right) = (identity.left, identity.right);
        format!("  {mark:<7} {}: {left} and {right}\n", identity.name)
    }));
    text
}
