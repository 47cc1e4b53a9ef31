//! `tipoff try`: what would become of one lead, without sending it.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tipoff_domain::instant::in_reach;
use tipoff_domain::{Arrival, EntityId, Lead, Locale};
use tipoff_runtime::{Clock, Settings};

use crate::exit::Usage;
use crate::{reach, simulate, term};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The entity whose routes are tried
    entity: EntityId,
    /// A file with the lead as a source would send it; - reads it from standard input. Somebody without wishes, if left out
    lead: Option<PathBuf>,
    /// As if it came from this source
    #[arg(long)]
    source: Option<String>,
    /// At another moment, as in 2026-12-24T22:00:00Z
    #[arg(long, value_parser = instant)]
    at: Option<DateTime<Utc>>,
    /// A file with routes: a list, or {"routes": […]}; those there are, if left out
    #[arg(long)]
    draft: Option<PathBuf>,
    /// As if somebody had sent it to routing, where it was typed in
    #[arg(long)]
    sent: bool,
    /// For programs
    #[arg(long)]
    json: bool,
    /// In Spanish
    #[arg(long)]
    es: bool,
    #[command(flatten)]
    settings: Settings,
}

fn instant(text: &str) -> anyhow::Result<DateTime<Utc>> {
    Ok(in_reach(text.parse()?)?)
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let lead = lead(&args)?;
    let draft = args.draft.as_deref().map(simulate::read).transpose()?;
    let nats = reach::nats(&args.settings).await?;
    let redis = reach::redis(&args.settings).await?;
    let (roster, stop) = reach::roster(&nats, &args.settings).await?;
    let mut view = reach::view(&roster, &args.entity)?.as_ref().clone();
    stop.cancel();
    if let Some(routes) = draft {
        view = view.drafted(routes).map_err(|invalid| Usage(invalid.to_string()))?;
    }
    let board = reach::board(redis, &nats, &roster);
    let now = args.at.unwrap_or_else(|| Clock::system().now());
    let arrival = Arrival { sent: args.sent, ..Arrival::of(&lead) };
    let tried = tipoff_api::attempt(&board, &view, arrival, now).await;
    let tried = tried.context("the board cannot be read")?;
    if args.json {
        term::out(&format!("{}\n", serde_json::to_string_pretty(&tried)?));
    } else {
        term::out(&render(&tried, if args.es { Locale::Es } else { Locale::En }));
    }
    Ok(())
}

fn lead(args: &Args) -> anyhow::Result<Lead> {
    let mut lead = match &args.lead {
        Some(file) => read(file)?,
        None => json!({"emails": ["somebody@example.com"]}),
    };
    if let Some(source) = &args.source {
        lead["source"] = json!(source);
    }
    Ok(serde_json::from_value(lead).map_err(|error| Usage(format!("that is no lead: {error}")))?)
}

fn read(file: &Path) -> anyhow::Result<Value> {
    let mut text = String::new();
    let what = file.display();
    let reading = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    reading.map_err(|error| Usage(format!("{what} cannot be read: {error}")))?;
    let lead = serde_json::from_str(&text).ok().filter(Value::is_object);
    Ok(lead.ok_or_else(|| Usage(format!("{what} holds no lead: it takes one JSON object")))?)
}

/// What would become of it, and below that why.
fn render(tried: &Value, locale: Locale) -> String {
    let said = |about: &Value| {
        let message = &about["message"][locale.as_str()];
        message.as_str().unwrap_or_default().to_owned()
    };
    let outcome = &tried["outcome"];
    let mut head = vec![text(&outcome["then"])];
    if let Some(agents) = outcome["agents"].as_array() {
        let ways = |agent: &Value| {
            let channels = agent["channels"].as_array().into_iter().flatten().map(text);
            format!("{} ({})", text(&agent["agent"]), channels.collect::<Vec<_>>().join(", "))
        };
        head.push(format!("to {}", agents.iter().map(ways).collect::<Vec<_>>().join(", ")));
    }
    if let Some(seconds) = outcome["seconds"].as_i64() {
        head.push(format!("for {}", crate::tell::took(chrono::TimeDelta::seconds(seconds))));
    }
    if let Some(title) = outcome["title"].as_str() {
        head.push(format!("by “{title}”"));
    }
    let why = said(outcome);
    let head = head.join(" ");
    let mut lines = vec![if why.is_empty() { head } else { format!("{head}: {why}") }];
    let reasons = [&tried["routes"], &tried["candidates"]];
    let reasons = reasons.into_iter().filter_map(Value::as_array).flatten();
    lines.extend(reasons.map(|reason| format!("    {}", said(reason))));
    lines.join("\n") + "\n"
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_who_would_get_it_and_why() {
        let said = |en: &str| json!({"message": {"en": en, "es": "…"}});
        let tried = json!({
            "outcome": {"then": "offered", "seconds": 900, "title": "All", "agents": [{"agent": "ana", "channels": ["email", "push"]}]},
            "routes": [said("“All” matches and takes the lead")],
            "candidates": [said("Ana Ruiz is chosen: it is their turn")],
        });
        insta::assert_snapshot!(render(&tried, Locale::En), @r"
        offered to ana (email, push) for 15m by “All”
            “All” matches and takes the lead
            Ana Ruiz is chosen: it is their turn
        ");
        let rests = json!({"outcome": {"then": "pooled", "message": {"en": "no route matches"}}, "routes": [], "candidates": []});
        assert_eq!(render(&rests, Locale::En), "pooled: no route matches\n");
    }
}
