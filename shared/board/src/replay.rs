//! Reading the log by sequence: many leads in the order in which things happened.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{Stream, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use tipoff_runtime::past::{self, Begin, Range, Stored};
use tipoff_wire::{Partition, Stream as Kept, subject};
use tracing::error;

use crate::log::{Log, LogError, Logged};
use crate::past::Remembered;
use crate::read::place_in_json;

/// Events that are taken apart together.
const WINDOW: usize = 5_000;
/// Windows taken apart ahead.
const AHEAD: usize = 2;

/// Events of several leads, each with its partition, in the order of the log.
pub(crate) type Window<E> = Vec<(Partition, Logged<E>)>;

/// The last event of a partition.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// 0: there is none.
    pub(crate) sequence: u64,
    /// In ms.
    pub(crate) at: i64,
    /// What it was called in the outbox.
    pub(crate) id: String,
}

impl Log {
    /// Where the log of a partition ends; nothing behind that is looked for, so no server
    /// is asked that may be behind.
    pub(crate) async fn end(&self, partition: Partition) -> Result<End, LogError> {
        let filter = subject::events_in(partition);
        let last = past::last_at_leader(&self.nats, Kept::Events.name(), &filter).await;
        let Some(last) = last.map_err(|error| unread(&error))? else { return Ok(End::default()) };
        // What an event says of its time is the board's.
        let event: Option<Remembered> = serde_json::from_slice(&last.body).ok();
        let at = event.as_ref().map_or(last.at, |event| event.at).timestamp_millis();
        let id = event.map(|event| event.outbox_id().to_owned()).unwrap_or_default();
        Ok(End { sequence: last.sequence, at, id })
    }

    /// All events of these partitions behind `after` up to `until`, a window
    /// at a time; and how many are to come at most. One that this build cannot read is told of
    /// and left out: its lead will be met again when somebody touches it. There is one at
    /// `until`.
    pub(crate) async fn read_on<E: DeserializeOwned + Send + 'static>(
        &self,
        partitions: &[Partition],
        after: u64,
        until: u64,
    ) -> Result<(u64, impl Stream<Item = Result<Window<E>, LogError>> + Send + use<E>), LogError>
    {
        let filters = subject::events_about(partitions);
        let wanted: Arc<HashSet<Partition>> = Arc::new(partitions.iter().copied().collect());
        let range = Range { filters, from: Begin::Behind(after), until, bodies: true };
        let found = past::range(&self.nats, Kept::Events.name(), range).await;
        let (expected, stored) = found.map_err(|error| unread(&error))?;
        let windows = whole(stored.map_err(|error| unread(&error)), until)
            .try_chunks(WINDOW)
            .map_err(|broken| broken.1)
            .map_ok(move |window| {
                let wanted = Arc::clone(&wanted);
                async move {
                    // Beside the reading, which goes on meanwhile.
                    let apart = tokio::spawn(async move { take_apart(window, &wanted) });
                    apart.await.map_err(|error| unread(&error))
                }
            })
            .try_buffered(AHEAD);
        Ok((expected, windows))
    }
}

/// Fails where it ends before `until`: whoever reads it for us may be a server that does not
/// have all of it yet, and takes what it has for everything.
fn whole(
    stored: impl Stream<Item = Result<Stored, LogError>> + Send,
    until: u64,
) -> impl Stream<Item = Result<Stored, LogError>> + Send {
    stream::try_unfold((Box::pin(stored), 0), move |(mut stored, read)| async move {
        match stored.try_next().await? {
            Some(next) => {
                let read = next.sequence;
                Ok(Some((next, (stored, read))))
            }
            None if read < until => Err(LogError::Behind { read, end: until }),
            None => Ok(None),
        }
    })
}

fn take_apart<E: DeserializeOwned>(window: Vec<Stored>, wanted: &HashSet<Partition>) -> Window<E> {
    let read = |stored: Stored| {
        let sequence = stored.sequence;
        let (partition, ..) = subject::read_events(&stored.subject)?;
        if !wanted.contains(&partition) {
            return None;
        }
        match serde_json::from_slice(&stored.body) {
            Ok(event) => Some((partition, Logged { sequence, event })),
            Err(what) => {
                let what = place_in_json(&what);
                error!(sequence, what, "an event in the log cannot be read and is left out");
                None
            }
        }
    };
    window.into_iter().filter_map(read).collect()
}

fn unread(what: &dyn std::fmt::Display) -> LogError {
    LogError::ReadOn(what.to_string())
}

#[cfg(test)]
mod tests {
    use async_nats::HeaderMap;
    use chrono::DateTime;

    use super::*;

    async fn read(sequences: &[u64], until: u64) -> Result<Vec<u64>, LogError> {
        let stored = sequences.iter().map(|sequence| {
            Ok(Stored {
                sequence: *sequence,
                subject: "events.1.acme.lead_1".to_owned(),
                at: DateTime::UNIX_EPOCH,
                headers: HeaderMap::new(),
                body: "{}".into(),
            })
        });
        whole(stream::iter(stored), until).map_ok(|stored| stored.sequence).try_collect().await
    }

    #[tokio::test]
    async fn a_log_that_is_read_from_a_server_that_is_behind_is_not_taken_for_all_of_it() {
        assert_eq!(read(&[3, 7], 7).await.unwrap(), [3, 7]);
        assert!(read(&[], 0).await.unwrap().is_empty(), "there is none");
        for behind in [&[3, 5][..], &[]] {
            let read = read(behind, 7).await;
            assert!(matches!(read, Err(LogError::Behind { end: 7, .. })), "{read:?}");
        }
    }
}
