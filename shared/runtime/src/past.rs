//! What a stream has of a subject, whatever the stream's size: JetStream
//! answers in one go (direct get, ADR-31).

use std::time::Duration;

use async_nats::{HeaderMap, HeaderValue};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use tokio::time::timeout;

use crate::Nats;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Messages asked for in one go.
const BATCH: usize = 512;

/// A message as it stands in a stream.
#[derive(Debug, Clone)]
pub struct Stored {
    pub sequence: u64,
    pub subject: String,
    pub at: DateTime<Utc>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why the past cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    #[error("stream `{0}` did not answer in time")]
    Timeout(String),
    #[error("stream `{stream}` could not be read: {what}")]
    Refused { stream: String, what: String },
}

/// Everything that `stream` has on the subjects that `filter` fits, oldest first.
pub async fn read(nats: &Nats, stream: &str, filter: &str) -> Result<Vec<Stored>, PastError> {
    let mut past: Vec<Stored> = Vec::new();
    loop {
        let from = past.last().map_or(1, |last| last.sequence + 1);
        let (page, more) = timeout(PATIENCE, page(nats, stream, filter, from))
            .await
            .map_err(|_| PastError::Timeout(stream.to_owned()))??;
        let some = !page.is_empty();
        past.extend(page);
        if !(more && some) {
            return Ok(past);
        }
    }
}

/// As many as the stream gives in one go, and whether there are more.
async fn page(
    nats: &Nats,
    stream: &str,
    filter: &str,
    from: u64,
) -> Result<(Vec<Stored>, bool), PastError> {
    let refused = |what: &dyn std::fmt::Display| PastError::Refused {
        stream: stream.to_owned(),
        what: what.to_string(),
    };
    let inbox = nats.client.new_inbox();
    let mut answers =
        nats.client.subscribe(inbox.clone()).await.map_err(|error| refused(&error))?;
    let wanted = format!(r#"{{"seq":{from},"batch":{BATCH},"next_by_subj":"{filter}"}}"#);
    let ask = format!("$JS.API.DIRECT.GET.{stream}");
    let sent = nats.client.publish_with_reply(ask, inbox, wanted.into()).await;
    sent.map_err(|error| refused(&error))?;
    let mut page = Vec::new();
    while let Some(message) = answers.next().await {
        let headers = message.headers.unwrap_or_default();
        let more = || headers.get("Nats-Num-Pending").is_some_and(|left| left.as_str() != "0");
        // 204: that was all for now, by count or by bytes. 404: there is nothing.
        match message.status.map(|status| status.as_u16()) {
            None | Some(200) => {}
            Some(204 | 404) => return Ok((page, more())),
            Some(other) => return Err(refused(&format!("status {other}"))),
        }
        page.push(
            stored(headers, message.payload)
                .ok_or_else(|| refused(&"a message without a place"))?,
        );
    }
    Err(refused(&"the answer broke off"))
}

fn stored(headers: HeaderMap, body: Bytes) -> Option<Stored> {
    let text = |name: &str| headers.get(name).map(HeaderValue::as_str);
    let (sequence, subject) =
        (text("Nats-Sequence")?.parse().ok()?, text("Nats-Subject")?.to_owned());
    let at = DateTime::parse_from_rfc3339(text("Nats-Time-Stamp")?).ok()?.to_utc();
    Some(Stored { sequence, subject, at, headers, body })
}
