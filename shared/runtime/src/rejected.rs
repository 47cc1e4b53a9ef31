//! What could not be a lead, or not this one, is kept with the reason.

use async_nats::HeaderMap;
use tipoff_wire::{Rejected, subject};

use crate::{PublishError, Publisher};

/// Writes it down; resolves when it is on disk. `entity` and `source` may be anything that
/// was sent; `name` makes a repetition harmless.
pub async fn write(
    publisher: &Publisher,
    (entity, source): (&str, &str),
    mut rejected: Rejected,
    name: &str,
) -> Result<(), PublishError> {
    let to = subject::rejected(entity, source);
    match publish(publisher, &to, &rejected, name).await {
        Err(PublishError::Refused { .. }) if !rejected.body.is_empty() => {
            // Too large, most likely. That it came is worth keeping, too.
            rejected.problems.add("", "the body did not fit here and is not kept");
            rejected.body.clear();
            publish(publisher, &to, &rejected, name).await
        }
        settled => settled,
    }
}

async fn publish(
    publisher: &Publisher,
    to: &str,
    rejected: &Rejected,
    name: &str,
) -> Result<(), PublishError> {
    let body = serde_json::to_vec(rejected).expect("texts are always JSON");
    publisher.publish(to.to_owned(), name, None, HeaderMap::new(), body.into()).await.map(drop)
}
