//! The trail of what was done by right of administration: writing to it and
//! reading it.

use async_nats::HeaderMap;
use tipoff_domain::EntityId;
use tipoff_wire::trail::Deed;
use tipoff_wire::{Stream, subject};

use crate::past::{self, PastError};
use crate::{Nats, PublishError, Publisher};

/// Writes it down; resolves when it is on disk. `name` makes a repetition harmless.
pub async fn write(publisher: &Publisher, deed: &Deed, name: &str) -> Result<(), PublishError> {
    let to = subject::audit(deed.entity.as_ref());
    let body = serde_json::to_vec(deed).expect("names and words are always JSON");
    publisher.publish(to, name, None, HeaderMap::new(), body.into()).await.map(drop)
}

/// At most `limit` deeds after that place of the stream (0: from the beginning),
/// oldest first, each with its place; and whether there are more.
pub async fn read(
    nats: &Nats,
    entity: Option<&EntityId>,
    after: u64,
    limit: usize,
) -> Result<(Vec<(u64, Deed)>, bool), PastError> {
    let (name, filter) = (Stream::Audit.name(), subject::audit(entity));
    let (page, more) = past::page(nats, name, &filter, after.saturating_add(1), limit).await?;
    // A later release may have written what this one cannot read.
    let read =
        |stored: past::Stored| Some((stored.sequence, serde_json::from_slice(&stored.body).ok()?));
    Ok((page.into_iter().filter_map(read).collect(), more))
}
