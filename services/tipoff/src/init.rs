//! `tipoff init`: the streams and the roster.

use tipoff_roster::{NewKey, Role, Roster};
use tipoff_runtime::streams::{self, Ensured};
use tipoff_runtime::{Nats, Publisher, Settings};
use tipoff_wire::partition::DEFAULT_PARTITIONS;
use tokio_util::sync::CancellationToken;

use crate::{reach, term, trail};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Slices that entities are spread over; counts only the first time and never changes
    #[arg(long, env = "TIPOFF_PARTITIONS", default_value_t = DEFAULT_PARTITIONS, value_parser = clap::value_parser!(u16).range(1..=4096))]
    partitions: u16,
    /// So many days after they are over (closed, or with their agent) leads leave Redis, and only
    /// the log has them; 0: never. Stays as it was if left out, and counts from the next start of
    /// each service
    #[arg(long, env = "TIPOFF_BOARD_DAYS")]
    board_days: Option<u16>,
    /// Also make a new operator key and print it once; or store the one given (tpf_…)
    #[arg(long, env = "TIPOFF_OPERATOR_KEY", hide_env_values = true, value_name = "KEY", num_args = 0..=1, default_missing_value = "new")]
    operator_key: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let nats = reach::nats(&args.settings).await?;
    let mut rows = Vec::new();
    for (stream, what) in streams::ensure(&nats, args.settings.replicas).await? {
        rows.push(["stream".to_owned(), stream.name().to_owned(), word(what).to_owned()]);
    }

    let was_there = has_roster(&nats).await;
    let stop = CancellationToken::new();
    let roster = Roster::open(&nats, args.partitions, args.settings.replicas, stop.clone()).await?;
    let partitions = roster.deployment().partitions;
    let what = if was_there { "unchanged" } else { "made" };
    rows.push(["roster".to_owned(), format!("{partitions} partitions"), what.to_owned()]);

    if let Some(days) = args.board_days {
        rows.push([
            "board".to_owned(),
            for_days(days),
            word(keep_on_board(&roster, days).await?).to_owned(),
        ]);
    }

    tipoff_api::make_memory(&nats).await?;

    let made = match args.operator_key.as_deref() {
        None => None,
        Some("new") => {
            let made = roster.create_key(operator()).await?;
            record(&nats, &made.id).await?;
            Some(made.text)
        }
        Some(given) => {
            let known =
                roster.verify(given).await?.is_some_and(|access| access.role == Role::Operator);
            if !known {
                roster.store_key(operator(), given).await?;
            }
            let what = if known { "unchanged" } else { "stored" };
            rows.push(["operator".to_owned(), "key".to_owned(), what.to_owned()]);
            None
        }
    };
    stop.cancel();

    term::out(&term::columns(&rows));
    if partitions != args.partitions {
        term::err(&format!(
            "  The number of partitions stays {partitions}: it never changes once it is made.\n"
        ));
    }
    if let Some(key) = made {
        term::out(&format!("\n  Operator key: {key}\n  Keep it safe: it is shown only now.\n"));
    }
    Ok(())
}

async fn keep_on_board(roster: &Roster, days: u16) -> anyhow::Result<Ensured> {
    if roster.deployment().board_days == days {
        return Ok(Ensured::AsWanted);
    }
    roster.keep_on_board(days).await?;
    Ok(Ensured::Updated)
}

/// For how long leads that are over stay there.
fn for_days(days: u16) -> String {
    match days {
        0 => "keeps leads for ever".to_owned(),
        1 => "keeps leads for a day".to_owned(),
        _ => format!("keeps leads for {days} days"),
    }
}

/// A key that may do everything is worth a line in the trail.
async fn record(nats: &Nats, key: &str) -> anyhow::Result<()> {
    let (publisher, to) = (Publisher::new(nats.clone()), [("id", key.to_owned())]);
    trail::note(&publisher, None, "tipoff init --operator-key", &to).await
}

fn operator() -> NewKey {
    NewKey { role: Role::Operator, entity: None, agent: None, source: None }
}

async fn has_roster(nats: &Nats) -> bool {
    nats.jetstream.get_key_value("roster").await.is_ok()
}

fn word(what: Ensured) -> &'static str {
    match what {
        Ensured::Created => "made",
        Ensured::Updated => "changed",
        Ensured::AsWanted => "unchanged",
    }
}
