//! `tipoff erase`: forgetting a person.

use std::process::ExitCode;

use anyhow::Context;
use tipoff_board::{Actor, Board, Erase};
use tipoff_contact::{normalise, tidy};
use tipoff_domain::{EntityId, Lead, LeadId};
use tipoff_runtime::{Publisher, Settings};

use crate::exit::Usage;
use crate::{exit, reach, term, trail};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The lead whose person is meant; or say who with --email and --phone
    lead: Option<LeadId>,
    /// The entity that has the lead
    #[arg(long)]
    entity: EntityId,
    /// All leads of whoever has this address; may be given several times
    #[arg(long = "email", value_name = "ADDRESS", conflicts_with = "lead")]
    emails: Vec<String>,
    /// All leads of whoever has this number
    #[arg(long = "phone", value_name = "NUMBER", conflicts_with = "lead")]
    phones: Vec<String>,
    /// Do it; without this only say which leads it would be, and exit with 1
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let nats = reach::nats(&args.settings).await?;
    let redis = reach::redis(&args.settings).await?;
    let (roster, stop) = reach::roster(&nats, &args.settings).await?;
    let publisher = Publisher::new(nats.clone());
    let board = reach::board(redis, &nats, &roster);
    let leads = if let Some(lead) = &args.lead {
        vec![lead.clone()]
    } else {
        let country = reach::view(&roster, &args.entity)?.entity.country.clone();
        board.leads_of_person(&args.entity, &person(&args, &country)?).await?
    };
    stop.cancel();
    let mut rows = Vec::new();
    for lead in &leads {
        rows.push([lead.to_string(), what_became(&board, &args, lead).await?]);
        if args.yes {
            let to = [("id", lead.to_string())];
            trail::note(&publisher, Some(&args.entity), "tipoff erase", &to).await?;
        }
    }
    term::out(&term::columns(&rows));
    if leads.is_empty() {
        term::err("  Nothing is held about that person.\n");
    } else if !args.yes {
        term::err("  Nothing was erased yet: it cannot be taken back. Say it again with --yes.\n");
        return Ok(exit::WRONG.into());
    }
    Ok(ExitCode::SUCCESS)
}

/// Erases, if it was said so.
async fn what_became(board: &Board, args: &Args, lead: &LeadId) -> anyhow::Result<String> {
    if !args.yes {
        let there = board.lead(&args.entity, lead).await?;
        return Ok(if there.is_some() { "would be erased" } else { "is not there" }.to_owned());
    }
    match board.erase(&args.entity, lead, &Actor::Admin, "").await? {
        Erase::Unknown => Err(Usage(format!("{} has no lead {lead}", args.entity)).into()),
        Erase::Erased(_) => {
            let forgetting = board.forget(&args.entity, lead).await;
            let gone = forgetting.context("the streams keep something yet; say it again")?;
            Ok(format!("erased, with {} events and {} messages", gone.events, gone.sent))
        }
    }
}

fn person(args: &Args, country: &str) -> anyhow::Result<Lead> {
    let (phones, phones_sent) = normalise(args.phones.clone(), country);
    let emails = tidy(args.emails.clone());
    let person = Lead { emails, phones, phones_sent, ..Lead::default() };
    if !person.is_reachable() {
        return Err(Usage("say which lead, or who with --email or --phone".to_owned()).into());
    }
    Ok(person)
}
