//! `tipoff lint`: what is odd about an entity's routes and people.

use std::process::ExitCode;

use tipoff_domain::lint::{Finding, Severity, lint};
use tipoff_domain::{EntityId, Locale};
use tipoff_runtime::{Clock, Settings};

use crate::{exit, reach, term};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The entity to look at
    entity: EntityId,
    /// For programs: every finding with its facts
    #[arg(long)]
    json: bool,
    /// In Spanish
    #[arg(long)]
    es: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Fails where something cannot work as it stands.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let nats = reach::nats(&args.settings).await?;
    let (roster, stop) = reach::roster(&nats, &args.settings).await?;
    let view = reach::view(&roster, &args.entity)?;
    stop.cancel();
    let found = lint(&view, Clock::system().now());
    if args.json {
        term::out(&format!("{}\n", serde_json::to_string_pretty(&found)?));
    } else {
        let locale = if args.es { Locale::Es } else { Locale::En };
        term::out(&render(&found, locale));
    }
    let wrong = found.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { exit::WRONG.into() } else { ExitCode::SUCCESS })
}

fn render(found: &[Finding], locale: Locale) -> String {
    if found.is_empty() {
        return "nothing odd was found\n".to_owned();
    }
    let row = |finding: &Finding| {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        format!("{severity:<8} {}\n", finding.message.in_words(locale))
    };
    found.iter().map(row).collect()
}
