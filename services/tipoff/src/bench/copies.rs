//! Thousands of entities like one that the roster has made: what it wrote is
//! written again under other names, in batches. One by one, and synced one by
//! one, ten thousand entities would take minutes.

use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use tipoff_domain::EntityId;
use tipoff_roster::Roster;
use tipoff_runtime::Nats;

use super::batch::{BATCH, publish};

/// Batches on their way at once.
const AHEAD: usize = 2;
const PATIENCE: Duration = Duration::from_mins(2);

/// Makes an entity like `original` of each of these names.
pub(super) async fn copy(
    nats: &Nats,
    roster: &Roster,
    original: &EntityId,
    names: &[EntityId],
) -> anyhow::Result<()> {
    let entries = entries(nats, roster, original).await?;
    let copies = names.iter().flat_map(|name| {
        entries.iter().map(move |(key, value)| {
            let subject = format!("$KV.roster.{}", key.replace(original.as_str(), name.as_str()));
            (subject.clone(), subject, value.clone())
        })
    });
    let batches: Vec<_> = copies.collect::<Vec<_>>().chunks(BATCH).map(<[_]>::to_vec).collect();
    let writing = batches.into_iter().map(|batch| publish(nats, batch, true));
    stream::iter(writing).buffered(AHEAD).try_collect::<()>().await?;
    let mut changes = roster.changes();
    let last = names.last().context("no names were given")?;
    let seen = changes.wait_for(|_| roster.view(last).is_some_and(|view| !view.routes.is_empty()));
    tokio::time::timeout(PATIENCE, seen).await.context("the roster does not keep up")??;
    Ok(())
}

/// Everything about one entity, the list of its routes last.
async fn entries(
    nats: &Nats,
    roster: &Roster,
    entity: &EntityId,
) -> anyhow::Result<Vec<(String, Bytes)>> {
    let view = roster.view(entity).context("the entity that was just made is not in the roster")?;
    let agents = view.agents.keys().map(|agent| format!("agent.{entity}.{agent}"));
    let sources = view.sources.keys().map(|source| format!("source.{entity}.{source}"));
    let routes = view.routes.iter().map(|route| format!("route.{entity}.{}", route.id));
    let order = [format!("order.{entity}")];
    let keys = std::iter::once(format!("entity.{entity}")).chain(agents).chain(sources);
    let store = nats.jetstream.get_key_value("roster").await?;
    let store = &store;
    stream::iter(keys.chain(order).chain(routes))
        .then(|key| async move {
            let value = store.get(key.clone()).await?;
            Ok((key.clone(), value.with_context(|| format!("the roster has no {key}"))?))
        })
        .try_collect()
        .await
}
