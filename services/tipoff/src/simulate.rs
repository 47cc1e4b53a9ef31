//! `tipoff simulate`: last month's leads through a draft of the routes.

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::TimeDelta;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use tipoff_domain::simulate::{Answers, Outcome, simulate};
use tipoff_domain::{AgentId, EntityId, Route, Span};
use tipoff_runtime::{Clock, Settings};

use crate::exit::Usage;
use crate::{reach, term};

/// More than a machine of ours should keep in memory.
const MOST_LEADS: usize = 200_000;
/// Days back that may be asked for: fifty years.
const FURTHEST: i64 = 18_262;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The entity whose leads are played
    entity: EntityId,
    /// A file with routes: a list, or {"routes": […]}; those there are, if left out
    #[arg(long)]
    draft: Option<PathBuf>,
    /// How many days back from now
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=FURTHEST))]
    days: u32,
    /// How often the time is played
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// How often agents claim what they are offered, from 0 to 1
    #[arg(long, default_value_t = 1.0)]
    answer: f64,
    /// The same for one agent, as in ana=0.4; may be repeated
    #[arg(long = "agent", value_name = "AGENT=RATE")]
    agents: Vec<String>,
    /// How long agents take to claim, as in 5m; as long as each took in truth, if left out
    #[arg(long)]
    after: Option<Span>,
    /// For programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// What the file may hold.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Draft {
    Plain(Vec<Route>),
    Named { routes: Vec<Route> },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let answers = answers(&args)?;
    let draft = args.draft.as_deref().map(read).transpose()?;
    let nats = reach::nats(&args.settings).await?;
    let redis = reach::redis(&args.settings).await?;
    let (roster, stop) = reach::roster(&nats, &args.settings).await?;
    let mut view = reach::view(&roster, &args.entity)?.as_ref().clone();
    if let Some(routes) = draft {
        view = view.drafted(routes).map_err(|invalid| Usage(invalid.to_string()))?;
    }
    let board = reach::board(redis, &nats, &roster);
    let now = Clock::system().now();
    let time = (now - TimeDelta::days(i64::from(args.days)), now);
    let reading = ProgressBar::new_spinner().with_message("reading leads");
    let past = tipoff_api::past(&board, &args.entity, time, MOST_LEADS, |read| {
        reading.set_position(read as u64);
        reading.set_message(format!("{read} leads read"));
    });
    let past = past.await.context("the board cannot be read")?;
    let turns = board.turns_at(&args.entity, time.0, tipoff_api::LOOK_BACK).await;
    let turns = tipoff_board::in_play(turns.context("the log cannot be read")?);
    reading.finish_and_clear();
    stop.cancel();
    let playing = ProgressBar::new(u64::from(args.runs)).with_style(style()?);
    let outcome = simulate(&view, &past, &answers, &turns, args.runs, |done| {
        playing.set_position(u64::from(done));
    });
    playing.finish_and_clear();
    if args.json {
        term::out(&format!("{}\n", serde_json::to_string_pretty(&outcome)?));
    } else {
        term::out(&render(&outcome));
    }
    Ok(())
}

fn style() -> anyhow::Result<ProgressStyle> {
    Ok(ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {eta} left")?)
}

fn answers(args: &Args) -> anyhow::Result<Answers> {
    let bad = |pair: &str| Usage(format!("`{pair}` is no rate: write it as in ana=0.4"));
    let mut answers = Answers { others: args.answer, after: args.after, ..Answers::default() };
    for pair in &args.agents {
        let (agent, rate) = pair.split_once('=').ok_or_else(|| bad(pair))?;
        let agent: AgentId = agent.parse().map_err(|_| bad(pair))?;
        answers.agents.insert(agent, rate.parse().map_err(|_| bad(pair))?);
    }
    if answers.make_sense() {
        Ok(answers)
    } else {
        Err(Usage("rates lie between 0 and 1".to_owned()).into())
    }
}

/// The routes of a draft.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<Route>> {
    let what = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Usage(format!("{what} cannot be read: {error}")))?;
    match serde_json::from_str(&text) {
        Ok(Draft::Plain(routes) | Draft::Named { routes }) => Ok(routes),
        Err(error) => Err(Usage(format!("{what} holds no routes: {error}")).into()),
    }
}

fn render(outcome: &Outcome) -> String {
    let heading =
        ["agent", "leads", "share", "least", "most", "first offers", "really", "difference"];
    let mut rows = vec![heading.map(str::to_owned)];
    rows.extend(outcome.agents.iter().map(|row| {
        [
            row.agent.as_ref().map(ToString::to_string).unwrap_or_default(),
            format!("{:.1}", row.leads),
            format!("{:.1} %", row.share),
            row.least.to_string(),
            row.most.to_string(),
            format!("{:.1}", row.first_offers),
            row.really.to_string(),
            format!("{:+.1}", row.difference),
        ]
    }));
    let mut text = format!("{} leads, played {} times\n\n", outcome.leads, outcome.runs);
    text.push_str(&term::columns(&rows));
    text.push('\n');
    let rests = [
        ("no route took", outcome.unmatched),
        ("nobody claimed", outcome.exhausted),
        ("to ponds", outcome.to_ponds),
        ("held", outcome.held),
        ("changed hands", outcome.changed_hands),
    ];
    let rows: Vec<[String; 2]> =
        rests.iter().map(|(what, count)| [(*what).to_owned(), format!("{count:.1}")]).collect();
    text.push_str(&term::columns(&rows));
    text
}
