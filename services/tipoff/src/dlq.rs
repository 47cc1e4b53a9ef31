//! `tipoff dlq`: messages that nobody could handle.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
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
    Ls,
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
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        number: Option<u64>,
        #[arg(long)]
        all: bool,
    },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let nats = reach::nats(&args.settings).await?;
    match args.what {
        What::Ls => ls(&nats).await,
        What::Show { number, body } => show(&nats, number, body).await,
        What::Redrive { number: Some(number), .. } => {
            redrive(&nats, &Publisher::new(nats.clone()), number).await
        }
        What::Redrive { number: None, .. } => redrive_all(&nats).await,
    }
}

/// All that there is now, oldest first.
async fn everything(nats: &Nats) -> anyhow::Result<Vec<(u64, Dead)>> {
    let mut found: Vec<(u64, Dead)> = Vec::new();
    loop {
        let after = found.last().map_or(0, |(number, _)| *number);
        let page = dead::list(nats, PAGE, after).await?;
        let full = page.len() == PAGE;
        found.extend(page);
        if !full {
            return Ok(found);
        }
    }
}

async fn ls(nats: &Nats) -> anyhow::Result<()> {
    let found = everything(nats).await?;
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

async fn redrive(nats: &Nats, publisher: &Publisher, number: u64) -> anyhow::Result<()> {
    let published = dead::redrive(nats, number).await?;
    let to = [("number", number.to_string())];
    trail::note(publisher, None, "tipoff dlq redrive", &to).await?;
    term::out(&format!("{number} was sent again; it stands there as {}\n", published.sequence));
    Ok(())
}

async fn redrive_all(nats: &Nats) -> anyhow::Result<()> {
    let (found, publisher) = (everything(nats).await?, Publisher::new(nats.clone()));
    let mut left = 0;
    for (number, _) in &found {
        if let Err(error) = redrive(nats, &publisher, *number).await {
            left += 1;
            term::err(&format!("{number}: {error:#}\n"));
        }
    }
    term::out(&format!("{} of {} were sent again\n", found.len() - left, found.len()));
    anyhow::ensure!(left == 0, "{left} could not be sent again and are still set aside");
    Ok(())
}
