//! `tipoff dlq`: messages that nobody could handle.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use tipoff_domain::EntityId;
use tipoff_runtime::dead::Which;
use tipoff_runtime::{Nats, Publisher, Settings, dead};
use tipoff_wire::Dead;

use crate::{reach, term, trail};

/// Messages asked for at once.
const PAGE: usize = 500;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List them, oldest first
    Ls {
        #[command(flatten)]
        which: Those,
    },
    /// Show one, and why it was set aside
    Show {
        /// Its number in the list
        number: u64,
        /// Also the message itself, which may hold contact details
        #[arg(long)]
        body: bool,
    },
    /// Send one, or all, to where it was first sent, and take it off the list
    Redrive {
        /// Its number in the list
        #[arg(required_unless_present = "all", conflicts_with_all = ["all", "Those"])]
        number: Option<u64>,
        /// Every one, or of those only that the options below name
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        which: Those,
    },
}

/// Which of them.
#[derive(Debug, Clone, clap::Args)]
struct Those {
    /// Those of one entity
    #[arg(long)]
    entity: Option<EntityId>,
    /// Where they stood, as in NOTIFY
    #[arg(long)]
    stream: Option<String>,
    /// Who gave up, as in notify-email
    #[arg(long)]
    consumer: Option<String>,
    /// Set aside then or later, as in 2026-11-22T09:00:00Z
    #[arg(long)]
    from: Option<DateTime<Utc>>,
    /// Exclusive
    #[arg(long)]
    until: Option<DateTime<Utc>>,
}

impl From<Those> for Which {
    fn from(those: Those) -> Self {
        let Those { entity, stream, consumer, from, until } = those;
        Self { entity, stream, consumer, from, until }
    }
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let nats = reach::nats(&args.settings).await?;
    match args.what {
        What::Ls { which } => ls(&nats, &which.into()).await,
        What::Show { number, body } => show(&nats, number, body).await,
        What::Redrive { number: Some(number), .. } => redrive(&nats, number).await,
        What::Redrive { number: None, which, .. } => redrive_all(&nats, &which.into()).await,
    }
}

/// All that there is now, oldest first.
async fn everything(nats: &Nats, which: &Which) -> anyhow::Result<Vec<(u64, Dead)>> {
    let mut found: Vec<(u64, Dead)> = Vec::new();
    loop {
        let after = found.last().map_or(0, |(number, _)| *number);
        let page = dead::list_those(nats, PAGE, after, |dead| which.fits(dead)).await?;
        let full = page.len() == PAGE;
        found.extend(page);
        if !full {
            return Ok(found);
        }
    }
}

async fn ls(nats: &Nats, which: &Which) -> anyhow::Result<()> {
    let found = everything(nats, which).await?;
    if found.is_empty() {
        term::out("Nothing was set aside.\n");
        return Ok(());
    }
    let head = ["number", "since", "from", "given up by", "because"].map(str::to_owned);
    let row = |(number, dead): &(u64, Dead)| {
        let since = dead.at.with_timezone(&chrono::Local).format("%F %T").to_string();
        [number.to_string(), since, dead.subject.clone(), dead.consumer.clone(), dead.error.clone()]
    };
    let rows: Vec<_> = std::iter::once(head).chain(found.iter().map(row)).collect();
    term::out(&term::columns(&rows));
    Ok(())
}

async fn show(nats: &Nats, number: u64, body: bool) -> anyhow::Result<()> {
    let dead = dead::show(nats, number).await?;
    let since = dead.at.with_timezone(&chrono::Local).format("%F %T%.3f %:z").to_string();
    let rows = [
        ["set aside".to_owned(), since],
        ["because".to_owned(), dead.error],
        [
            "given up by".to_owned(),
            format!("{} after {} deliveries", dead.consumer, dead.deliveries),
        ],
        ["first sent to".to_owned(), dead.subject],
        ["stood in".to_owned(), format!("{} as {}", dead.stream, dead.sequence)],
    ];
    term::out(&term::columns(&rows));
    if body {
        let bytes = STANDARD.decode(&dead.body).context("its body is not Base64")?;
        term::out(&format!("\n{}\n", String::from_utf8_lossy(&bytes)));
    }
    Ok(())
}

async fn redrive(nats: &Nats, number: u64) -> anyhow::Result<()> {
    let published = dead::redrive(nats, number).await?;
    note(nats, "number", number.to_string()).await?;
    term::out(&format!("{number} was sent again; it stands there as {}\n", published.sequence));
    Ok(())
}

async fn redrive_all(nats: &Nats, which: &Which) -> anyhow::Result<()> {
    let (mut sent, mut left, mut after) = (0, 0, Some(0));
    while let Some(place) = after {
        let done = dead::redrive_those(nats, which, PAGE, place).await?;
        for (number, why) in &done.refused {
            term::err(&format!("{number}: {why:#}\n"));
        }
        sent += done.sent;
        left += done.refused.len();
        after = done.next;
    }
    if sent > 0 {
        note(nats, "sent", sent.to_string()).await?;
    }
    term::out(&format!("{sent} of {} were sent again\n", sent + left));
    anyhow::ensure!(left == 0, "{left} could not be sent again and are still set aside");
    Ok(())
}

/// Into the trail of administration.
async fn note(nats: &Nats, what: &str, value: String) -> anyhow::Result<()> {
    let publisher = Publisher::new(nats.clone());
    trail::note(&publisher, None, "tipoff dlq redrive", &[(what, value)]).await
}
