//! Every call to an endpoint is written down, for its owner to look at.

use async_nats::HeaderMap;
use bytes::Bytes;
use tipoff_runtime::Publisher;
use tipoff_wire::{Attempt, Telling, subject};
use tracing::warn;

/// Nothing depends on it: what cannot be written down is left out.
pub(super) async fn note(publisher: &Publisher, telling: &Telling, attempt: &Attempt) {
    let Ok(body) = serde_json::to_vec(attempt) else { return };
    let subject = subject::attempts(&telling.entity, &telling.webhook);
    let key = format!("a:{}:{}", telling.key(), attempt.attempt);
    let noted = publisher.publish(subject, &key, None, HeaderMap::new(), Bytes::from(body)).await;
    if let Err(failed) = noted {
        warn!(error = &failed as &dyn std::error::Error, webhook.id = %telling.webhook, "a call to an endpoint was not written down");
    }
}
