//! Reading the log as it grows.

use anyhow::Context;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures::StreamExt;
use tipoff_runtime::Nats;
use tipoff_wire::{Event, Stream};

/// Shows every event from now on to `look`, until it has seen enough.
pub(super) async fn follow(
    nats: &Nats,
    mut look: impl FnMut(Event) -> bool,
    ready: tokio::sync::oneshot::Sender<()>,
) -> anyhow::Result<()> {
    let stream = nats.jetstream.get_stream(Stream::Events.name()).await?;
    let config = pull::OrderedConfig {
        deliver_policy: DeliverPolicy::New,
        ..pull::OrderedConfig::default()
    };
    let mut messages = stream.create_consumer(config).await?.messages().await?;
    // Whoever waits for it may have given up.
    ready.send(()).ok();
    while let Some(message) = messages.next().await {
        let event = serde_json::from_slice(&message?.payload).context("an event cannot be read")?;
        if look(event) {
            return Ok(());
        }
    }
    anyhow::bail!("the log ended")
}
