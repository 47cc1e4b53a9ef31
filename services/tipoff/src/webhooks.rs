//! `tipoff webhooks`: endpoints that are told what happens, over the API.

use chrono::{DateTime, Utc};
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Caller;
use crate::term;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    caller: Caller,
    /// For programs: what the API answered
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List them, and how each stands
    Ls,
    /// Add one; prints the secret that signs what it is told, this once
    Add {
        /// Where events are posted: https, on the open internet
        url: String,
        /// Types of events, as in lead.claimed, separated by commas; all if left out
        #[arg(long, value_delimiter = ',')]
        events: Option<Vec<String>>,
        /// Send contact details of leads along
        #[arg(long)]
        contact: bool,
        /// What it is for
        #[arg(long)]
        description: Option<String>,
    },
    /// Remove one
    Rm { webhook: String },
    /// Change its secret; the old one signs beside the new one for 24 hours
    Rotate { webhook: String },
    /// Tell it again: of one event, or of everything in a time
    Replay {
        webhook: String,
        /// The id of one event
        #[arg(long, required_unless_present_all = ["from", "until"], conflicts_with_all = ["from", "until"])]
        event: Option<String>,
        /// As in 2026-11-22T09:00:00Z
        #[arg(long, requires = "until")]
        from: Option<DateTime<Utc>>,
        /// Exclusive
        #[arg(long, requires = "from")]
        until: Option<DateTime<Utc>>,
    },
    /// What it was not told yet, and what it never was
    Deliveries { webhook: String },
    /// The single calls to it, the newest first, and what it answered
    Attempts {
        webhook: String,
        /// How many, 200 at most
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let Args { what, caller, json } = args;
    let (method, path, body) = asked(&what);
    let said = caller.ask(method, &path, body.as_ref()).await?;
    if json {
        term::out(&format!("{}\n", serde_json::to_string_pretty(&said)?));
    } else {
        term::out(&told(&what, &said));
    }
    Ok(())
}

/// What the API is asked for.
fn asked(what: &What) -> (Method, String, Option<Value>) {
    let of = |webhook: &str, more: &str| format!("/v1/webhooks/{webhook}{more}");
    match what {
        What::Ls => (Method::GET, "/v1/webhooks".to_owned(), None),
        What::Add { url, events, contact, description } => {
            let body = json!({"url": url, "events": events, "contact": contact, "description": description});
            (Method::POST, "/v1/webhooks".to_owned(), Some(body))
        }
        What::Rm { webhook } => (Method::DELETE, of(webhook, ""), None),
        What::Rotate { webhook } => (Method::POST, of(webhook, "/rotate"), None),
        What::Replay { webhook, event, from, until } => {
            let body = match event {
                Some(event) => json!({ "event": event }),
                None => json!({"from": from, "until": until}),
            };
            (Method::POST, of(webhook, "/replay"), Some(body))
        }
        What::Deliveries { webhook } => (Method::GET, of(webhook, "/deliveries"), None),
        What::Attempts { webhook, limit } => {
            (Method::GET, of(webhook, &format!("/attempts?limit={limit}")), None)
        }
    }
}

fn told(what: &What, said: &Value) -> String {
    let text = |name: &str| said[name].as_str().unwrap_or_default();
    match what {
        What::Ls => listed(said),
        What::Add { .. } => format!("{}\nsecret: {}\n", text("id"), text("secret")),
        What::Rm { webhook } => format!("{webhook} was removed\n"),
        What::Rotate { .. } => {
            format!("secret: {}\nthe old one signs until {}\n", text("secret"), text("old_until"))
        }
        What::Replay { .. } => format!("{} events are told again\n", said["events"]),
        What::Deliveries { .. } => delivered(said),
        What::Attempts { .. } => called(said),
    }
}

fn rows(all: &Value) -> impl Iterator<Item = &Value> {
    all.as_array().into_iter().flatten()
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn listed(said: &Value) -> String {
    let row = |hook: &Value| {
        let events = rows(&hook["events"]).map(cell).collect::<Vec<_>>().join(", ");
        let events = if events.is_empty() { "everything".to_owned() } else { events };
        [cell(&hook["id"]), cell(&hook["url"]), events, stands(hook)]
    };
    let head = ["webhook", "where", "is told", "stands"].map(str::to_owned);
    let all: Vec<_> = std::iter::once(head).chain(rows(&said["webhooks"]).map(row)).collect();
    if all.len() == 1 { "There is no webhook.\n".to_owned() } else { term::columns(&all) }
}

fn stands(hook: &Value) -> String {
    if !hook["disabled"].is_null() {
        return format!("off: {}", cell(&hook["disabled"]["why"]));
    }
    match (hook["active"].as_bool(), hook["failing_since"].as_str()) {
        (Some(false), _) => "off".to_owned(),
        (_, Some(since)) => format!("failing since {since}"),
        _ => "works".to_owned(),
    }
}

fn delivered(said: &Value) -> String {
    let mut parts = vec![format!("{} waiting, {} under way\n", said["waiting"], said["under_way"])];
    if let Some(since) = said["failing_since"].as_str() {
        let why = said["failing_why"].as_str().unwrap_or_default();
        parts.push(format!("nothing got through since {since}: {why}\n"));
    }
    let row = |one: &Value| ["at", "event", "lead", "error"].map(|name| cell(&one[name]));
    let head = ["given up", "event", "lead", "because"].map(str::to_owned);
    let failed: Vec<_> = std::iter::once(head).chain(rows(&said["failed"]).map(row)).collect();
    if failed.len() > 1 {
        parts.push(term::columns(&failed));
    }
    parts.concat()
}

fn called(said: &Value) -> String {
    let row = |one: &Value| {
        let answer = match (&one["status"], &one["error"]) {
            (Value::Null, why) => cell(why),
            (status, _) => cell(status),
        };
        let again = one["again_at"].as_str().map(|at| format!(", again at {at}"));
        let result = format!("{}{}", cell(&one["result"]), again.unwrap_or_default());
        let (at, kind, lead) = (cell(&one["at"]), cell(&one["type"]), cell(&one["lead"]));
        [at, kind, lead, cell(&one["attempt"]), answer, format!("{} ms", one["took_ms"]), result]
    };
    let head = ["at", "event", "lead", "call", "answer", "took", "result"].map(str::to_owned);
    let all: Vec<_> = std::iter::once(head).chain(rows(&said["attempts"]).map(row)).collect();
    if all.len() == 1 { "It was not called yet.\n".to_owned() } else { term::columns(&all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_how_each_webhook_stands() {
        let hooks = json!({"webhooks": [
            {"id": "hook_1", "url": "https://a.example.com", "events": null, "active": true},
            {"id": "hook_2", "url": "https://b.example.com", "events": ["lead.claimed"], "active": true,
                "failing_since": "2026-11-22T09:00:00Z"},
            {"id": "hook_3", "url": "https://c.example.com", "events": null, "active": true,
                "disabled": {"why": "it answered 410 Gone"}},
        ]});
        let text = listed(&hooks);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].contains("everything") && lines[1].ends_with("works"), "{text}");
        assert!(lines[2].contains("lead.claimed") && lines[2].contains("failing since"), "{text}");
        assert!(lines[3].ends_with("off: it answered 410 Gone"), "{text}");
        assert_eq!(listed(&json!({"webhooks": []})), "There is no webhook.\n");
    }

    #[test]
    fn every_call_is_listed_with_its_answer_and_what_follows() {
        let call = |attempt: i64, more: Value| {
            let mut call = json!({"at": "2026-11-25T09:00:00Z", "event": "1-2-0", "type": "lead.claimed",
                "lead": "lead_1", "attempt": attempt, "took_ms": 12});
            call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            call
        };
        let text = called(&json!({"attempts": [
            call(3, json!({"result": "told", "status": 204})),
            call(2, json!({"result": "retried", "status": 503, "error": "it answered 503",
                "again_at": "2026-11-25T09:05:00Z"})),
            call(1, json!({"result": "retried", "error": "it did not answer in time"})),
        ]}));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].contains("204") && lines[1].ends_with("told"), "{text}");
        assert!(lines[2].ends_with("retried, again at 2026-11-25T09:05:00Z"), "{text}");
        assert!(lines[3].contains("it did not answer in time"), "{text}");
        assert_eq!(called(&json!({"attempts": []})), "It was not called yet.\n");
    }

    #[test]
    fn what_was_given_up_is_listed_with_the_reason() {
        let said = json!({"waiting": 2, "under_way": 1, "failing_since": "2026-11-22T09:00:00Z",
            "failing_why": "it answered 500", "failed": [{"number": 3, "at": "2026-11-25T09:00:00Z",
            "event": "1-2-0", "lead": "lead_1", "error": "not told for three days"}]});
        let text = delivered(&said);
        assert!(text.starts_with("2 waiting, 1 under way\nnothing got through since"), "{text}");
        assert!(text.contains("lead_1") && text.contains("not told for three days"), "{text}");
    }
}
