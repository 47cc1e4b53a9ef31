//! Whether NATS syncs to disk before it acknowledges. It tells nobody who is connected to
//! it, only whoever asks its monitoring port.

use std::time::Duration;

use reqwest::{Client, Url};
use serde::Deserialize;

use super::findings::Findings;

const PATIENCE: Duration = Duration::from_secs(5);
const ALWAYS: &str = "set `sync_interval: always` in its `jetstream` block: a power loss takes what was acknowledged since";

/// What `/jsz` says, as far as it is of interest.
#[derive(Deserialize)]
struct Jetstream {
    config: Config,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    sync_always: bool,
    /// In nanoseconds.
    #[serde(default)]
    sync_interval: u64,
}

/// Asks each of these monitoring ports.
pub(super) async fn examine(monitors: &[Url], findings: &mut Findings) {
    if monitors.is_empty() {
        findings.unseen("nats", "whether it syncs before it acknowledges is told on its monitoring port only: name that with --nats-monitor");
    }
    for monitor in monitors {
        match ask(monitor).await {
            Ok(Jetstream { config }) => judge(monitor, &config, findings),
            Err(error) => findings.wrong(
                "nats",
                format!("the monitoring port at {monitor} does not say how it syncs: {error}"),
                "look at the address, and at `http` in the server's configuration",
            ),
        }
    }
}

async fn ask(monitor: &Url) -> Result<Jetstream, reqwest::Error> {
    let client = Client::builder().timeout(PATIENCE).build()?;
    let said = client.get(format!("{}/jsz", monitor.as_str().trim_end_matches('/'))).send().await?;
    said.error_for_status()?.json().await.map_err(reqwest::Error::without_url)
}

fn judge(monitor: &Url, config: &Config, findings: &mut Findings) {
    if config.sync_always {
        findings.well("nats", format!("{monitor} syncs before it acknowledges"));
    } else {
        let every = Duration::from_nanos(config.sync_interval);
        findings.wrong("nats", format!("{monitor} syncs every {every:?} only"), ALWAYS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nats-server 2.15 says it.
    #[test]
    fn a_server_that_syncs_now_and_then_is_found() {
        let said = r#"{"memory": 0, "config": {"store_dir": "/data", "sync_interval": 120000000000, "strict": true}}"#;
        let said: Jetstream = serde_json::from_str(said).unwrap();
        let mut findings = Findings::default();
        judge(&"http://127.0.0.1:8222".parse().unwrap(), &said.config, &mut findings);
        let told = findings.to_string();
        assert!(told.contains("syncs every 120s only") && told.contains("always"), "{told}");
    }
}
