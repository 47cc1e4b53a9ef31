//! What happens to each lead, line by line, as it is written to the log.

use anyhow::Context;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use chrono::Local;
use futures::StreamExt;
use tipoff_roster::Roster;
use tipoff_runtime::Nats;
use tipoff_wire::{Event, Stream};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::tell::{self, Titles};
use crate::{reach, term};

/// Prints until stopped.
pub(super) async fn tick(
    nats: Nats,
    roster: Roster,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let log = reach::stream(&nats, Stream::Events).await?;
    let config = pull::OrderedConfig {
        deliver_policy: DeliverPolicy::New,
        ..pull::OrderedConfig::default()
    };
    let consumer = log.create_consumer(config).await.context("the log cannot be followed")?;
    let mut messages = consumer.messages().await.context("the log cannot be followed")?;
    while let Some(Some(message)) = stop.run_until_cancelled(messages.next()).await {
        let read = message
            .map_err(anyhow::Error::from)
            .and_then(|message| Ok(serde_json::from_slice(&message.payload)?));
        match read {
            Ok::<Event, _>(event) => term::out(&line(&event, &Titles::of(&roster, &event.entity))),
            Err(error) => {
                warn!(error = &*error as &dyn std::error::Error, "an event cannot be shown");
            }
        }
    }
    Ok(())
}

fn line(event: &Event, titles: &Titles) -> String {
    let time = event.at.with_timezone(&Local).format("%H:%M:%S");
    let (lead, entity) = (short(event.lead.as_str()), event.entity.as_str());
    let (verb, story) = (tell::verb(event.kind), tell::story(event, titles));
    format!("{time}  {lead}  {entity:<6}  {verb:<9}  {story}\n")
}

/// How the id ends; `tipoff trace` takes that too.
fn short(lead: &str) -> &str {
    lead.get(lead.len().saturating_sub(6)..).unwrap_or(lead)
}
