//! Many messages to one stream as one: all of them or none (ADR-50).

use std::time::Duration;

use anyhow::ensure;
use async_nats::{HeaderMap, Request};
use bytes::Bytes;
use serde_json::Value;
use tipoff_runtime::Nats;

/// Messages in a batch; JetStream takes a thousand.
pub(super) const BATCH: usize = 500;
const PATIENCE: Duration = Duration::from_secs(30);

/// Subject, id and body.
pub(super) type Fact = (String, String, Bytes);

/// As one atomic batch. `first`: each is the first of its subject.
pub(super) async fn publish(nats: &Nats, messages: Vec<Fact>, first: bool) -> anyhow::Result<()> {
    let (batch, total) = (nats.client.new_inbox(), messages.len());
    for (index, (subject, id, body)) in messages.into_iter().enumerate() {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", id.as_str());
        headers.insert("Nats-Batch-Id", batch.as_str());
        headers.insert("Nats-Batch-Sequence", (index + 1).to_string().as_str());
        if first {
            headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
        }
        if index + 1 < total {
            nats.client.publish_with_headers(subject, headers, body).await?;
            continue;
        }
        headers.insert("Nats-Batch-Commit", "1");
        let request = Request::new().headers(headers).payload(body).timeout(Some(PATIENCE));
        let answer: Value =
            serde_json::from_slice(&nats.client.send_request(subject, request).await?.payload)?;
        ensure!(answer.get("error").is_none(), "a batch was refused: {answer}");
    }
    Ok(())
}
