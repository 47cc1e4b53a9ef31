//! `tipoff trail`: who did what by right of administration.

use anyhow::Context;
use tipoff_domain::EntityId;
use tipoff_runtime::{Clock, Publisher, Settings, trail};
use tipoff_wire::trail::{By, Deed};

use crate::{reach, term};

/// Read in one go.
const PAGE: usize = 500;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The entity; what belongs to none if left out, such as keys of operators
    #[arg(long)]
    entity: Option<EntityId>,
    /// One line of JSON for each
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Writes down what was done at the command line, to what: names of things and
/// what they are called.
pub(crate) async fn note(
    publisher: &Publisher,
    entity: Option<&EntityId>,
    what: &str,
    to: &[(&str, String)],
) -> anyhow::Result<()> {
    let deed = Deed {
        at: Clock::system().now(),
        entity: entity.cloned(),
        by: By::command_line(),
        what: what.to_owned(),
        to: to.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        request: None,
    };
    let named: Vec<_> = deed.to.values().map(String::as_str).collect();
    let name = format!("{what}:{}:{}", named.join(":"), deed.at.timestamp_micros());
    let written = trail::write(publisher, &deed, &name).await;
    written.context("it was done, but the trail does not say so")
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let nats = reach::nats(&args.settings).await?;
    let mut after = 0;
    loop {
        let (deeds, more) = trail::read(&nats, args.entity.as_ref(), after, PAGE).await?;
        let mut rows = Vec::new();
        for (place, deed) in deeds {
            after = place;
            if args.json {
                term::out(&format!("{}\n", serde_json::to_string(&deed)?));
                continue;
            }
            let named = deed.to.values().cloned().collect::<Vec<_>>().join(" ");
            let who =
                deed.by.key.map_or(deed.by.role.clone(), |key| format!("{} {key}", deed.by.role));
            let at = deed.at.format("%Y-%m-%d %H:%M:%S").to_string();
            rows.push([at, who, deed.what, named]);
        }
        if !rows.is_empty() {
            term::out(&term::columns(&rows));
        }
        if !more {
            return Ok(());
        }
    }
}
