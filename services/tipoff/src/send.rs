//! `tipoff send`: leads over HTTP, as a source would send them.

mod samples;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;
use tipoff_domain::SourceId;
use tipoff_runtime::Clock;

use crate::client::passes;
use crate::exit::{Unavailable, Usage};
use crate::term;

pub(crate) use samples::sample;

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where leads are taken in
    #[arg(long, env = "TIPOFF_INTAKE", default_value = "http://127.0.0.1:7081")]
    intake: String,
    /// Key of the source
    #[arg(long, env = "TIPOFF_KEY", hide_env_values = true)]
    key: String,
    /// Source to name in the lead; without it, the key says which source it is
    #[arg(long)]
    source: Option<SourceId>,
    /// How many made-up leads to send
    #[arg(long, default_value_t = 1, conflicts_with = "file")]
    count: u32,
    /// Send these instead: one JSON lead, or one in every line (`-`: from stdin)
    #[arg(long)]
    file: Option<PathBuf>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let made_up = || {
        let from = Clock::system().now();
        Ok((0..args.count).map(|index| sample(from, index)).collect())
    };
    let leads: Vec<Value> = args.file.as_deref().map_or_else(made_up, read)?;
    let sender = Sender::new(&args.intake, &args.key)?;
    for mut lead in leads {
        if let Some(source) = &args.source {
            lead["source"] = Value::from(source.as_str());
        }
        let Answer { id, duplicate } = sender.send(&lead).await?;
        term::out(&format!("{id}{}\n", if duplicate { "  duplicate" } else { "" }));
    }
    Ok(())
}

/// One JSON document, or one in every line.
fn read(file: &Path) -> anyhow::Result<Vec<Value>> {
    let mut text = String::new();
    let what = file.display();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("stdin cannot be read")?;
    } else {
        text = std::fs::read_to_string(file)
            .map_err(|error| Usage(format!("{what} cannot be read: {error}")))?;
    }
    let leads: Vec<Value> = serde_json::Deserializer::from_str(&text)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| Usage(format!("{what} is not JSON: {error}")))?;
    if leads.iter().all(Value::is_object) {
        Ok(leads)
    } else {
        Err(Usage(format!("{what} holds something else than leads")).into())
    }
}

/// What the intake answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) id: String,
    pub(crate) duplicate: bool,
}

/// Sends leads to one intake with one key.
pub(crate) struct Sender {
    client: reqwest::Client,
    url: String,
    key: String,
}

impl Sender {
    pub(crate) fn new(intake: &str, key: &str) -> anyhow::Result<Self> {
        let url = format!("{}/v1/leads", intake.trim_end_matches('/'));
        reqwest::Url::parse(&url)
            .map_err(|error| Usage(format!("{intake} is not an address: {error}")))?;
        let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
        Ok(Self { client, url, key: key.to_owned() })
    }

    pub(crate) async fn send(&self, lead: &Value) -> anyhow::Result<Answer> {
        let request = self.client.post(&self.url).bearer_auth(&self.key).json(lead);
        let response = request.send().await.map_err(|error| {
            let reason = anyhow::Error::new(error.without_url());
            let what = format!("the intake at {} does not answer ({reason:#})", self.url);
            Unavailable { what, remedy: "start it, or say where it is with --intake" }
        })?;
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        if status.is_success() {
            return serde_json::from_str(&text)
                .with_context(|| format!("the intake answered {status}, but not with an id"));
        }
        let refusal = refusal(&text).unwrap_or(text);
        if !passes(status) {
            return Err(Usage(format!("the intake refused ({status}): {refusal}")).into());
        }
        let what = format!("the intake could not take it ({status}: {refusal})");
        Err(Unavailable { what, remedy: "send it again later" }.into())
    }
}

/// A problem (RFC 9457) in one line.
fn refusal(text: &str) -> Option<String> {
    let problem: Value = serde_json::from_str(text).ok()?;
    let said = problem.get("detail").or_else(|| problem.get("title"))?.as_str()?.to_owned();
    let errors = problem.get("errors").and_then(Value::as_array).into_iter().flatten();
    let fields = errors.filter_map(|error| {
        Some(format!("{}: {}", error.get("field")?.as_str()?, error.get("message")?.as_str()?))
    });
    let fields: Vec<String> = fields.collect();
    Some(if fields.is_empty() { said } else { format!("{said} ({})", fields.join("; ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_lead_or_one_in_every_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("leads.ndjson");
        let counted = |text: &str| {
            std::fs::write(&file, text).unwrap();
            read(&file).map(|leads| leads.len()).map_err(|error| crate::exit::code(&error))
        };
        assert_eq!(counted("{\n  \"emails\": []\n}\n"), Ok(1));
        assert_eq!(counted("{\"a\":1}\n{\"a\":2}\n"), Ok(2));
        assert_eq!(counted("{\"a\":1}\n[]\n"), Err(crate::exit::USAGE));
        assert_eq!(counted("not a lead"), Err(crate::exit::USAGE));
    }

    #[test]
    fn a_refusal_names_the_fields() {
        let problem = r#"{"title":"Bad lead","detail":"this cannot be a lead","errors":[{"field":"/emails","message":"give one"}]}"#;
        assert_eq!(refusal(problem).unwrap(), "this cannot be a lead (/emails: give one)");
        assert_eq!(refusal("<html>"), None);
    }
}
