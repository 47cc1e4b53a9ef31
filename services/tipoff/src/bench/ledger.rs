//! What the streams say happened, read when it is over: whether all that went
//! in came out, and how long it took. Nothing listens while it runs.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tipoff_domain::LeadId;
use tipoff_runtime::Nats;
use tipoff_wire::{EventKind, Stream};

use super::account::{account, with};
use super::tally::Times;

/// How often the servers are asked whether they are done.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_mins(10);

/// Where the streams stood before a run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    leads: u64,
    pub(super) events: u64,
}

impl Marks {
    pub(super) async fn now(nats: &Nats) -> anyhow::Result<Self> {
        Ok(Self {
            leads: last(nats, Stream::Leads).await?,
            events: last(nats, Stream::Events).await?,
        })
    }

    /// No earlier than `other`: in a cluster, a server that has just become a
    /// stream's leader may not know yet of all that its stream holds.
    pub(super) fn at_least(self, other: Self) -> Self {
        Self { leads: self.leads.max(other.leads), events: self.events.max(other.events) }
    }

    /// Leads and events since then.
    pub(super) async fn since(self, nats: &Nats) -> anyhow::Result<(u64, u64)> {
        let now = Self::now(nats).await?;
        Ok((now.leads - self.leads, now.events - self.events))
    }
}

async fn last(nats: &Nats, stream: Stream) -> anyhow::Result<u64> {
    Ok(nats.jetstream.get_stream(stream.name()).await?.cached_info().state.last_sequence)
}

/// Waits until every worker on these streams has nothing left to do.
pub(super) async fn drained(nats: &Nats, streams: &[Stream]) -> anyhow::Result<()> {
    let idle = async {
        while !all_idle(nats, streams).await? {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, idle).await.context("the services did not finish in time")?
}

/// Streams in the order in which work passes through them: one that is idle
/// cannot be given more by those behind it.
async fn all_idle(nats: &Nats, streams: &[Stream]) -> anyhow::Result<bool> {
    for stream in streams {
        let stream = nats.jetstream.get_stream_no_info(stream.name()).await?;
        let mut consumers = stream.consumers();
        while let Some(consumer) = consumers.try_next().await? {
            let works = consumer.config.ack_policy != AckPolicy::None;
            if works && (consumer.num_pending > 0 || consumer.num_ack_pending > 0) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Messages of that stream that its slowest worker has not seen.
pub(super) async fn waiting(nats: &Nats, stream: Stream) -> anyhow::Result<u64> {
    let stream = nats.jetstream.get_stream_no_info(stream.name()).await?;
    let waiting = stream
        .consumers()
        .try_fold(0, |most, consumer| async move { Ok(consumer.num_pending.max(most)) });
    Ok(waiting.await?)
}

/// What became of one lead.
#[derive(Debug, Default, Clone)]
pub(super) struct Story {
    pub(super) accepted: Option<DateTime<Utc>>,
    /// First time that somebody was asked or given it.
    pub(super) offered: Option<DateTime<Utc>>,
    pub(super) offers: u32,
    pub(super) claimed: Option<DateTime<Utc>>,
    /// Claims less what was returned.
    owners: i32,
    twice_claimed: bool,
    /// Something other than its arrival is known of it.
    accounted: bool,
}

impl Story {
    fn note(&mut self, kind: &str, at: DateTime<Utc>) {
        let is = |wanted: EventKind| {
            kind.split_once("tipoff.").is_some_and(|(_, kind)| kind.starts_with(wanted.as_str()))
        };
        if is(EventKind::Received) {
            return;
        }
        self.accounted = true;
        if is(EventKind::Offered) || is(EventKind::Assigned) {
            self.offered.get_or_insert(at);
            self.offers += 1;
        } else if is(EventKind::Claimed) {
            self.claimed.get_or_insert(at);
            self.owners += 1;
            self.twice_claimed |= self.owners > 1;
        } else if is(EventKind::Returned) {
            self.owners -= 1;
        }
    }
}

/// Every lead that LEADS or EVENTS knows since the marks.
pub(super) struct Ledger {
    pub(super) stories: HashMap<LeadId, Story>,
    /// How far the streams were read.
    pub(super) end: Marks,
}

impl Ledger {
    /// Of entities whose names begin with `prefix`: others may be at work as well.
    pub(super) async fn read(nats: &Nats, since: Marks, prefix: &str) -> anyhow::Result<Self> {
        let mut stories: HashMap<LeadId, Story> = HashMap::new();
        // Entities stand fourth in `leads.new.<partition>.<entity>`, third in events.
        let ours = |message: &Message, place: usize| {
            message.subject.split('.').nth(place).is_some_and(|entity| entity.starts_with(prefix))
        };
        let leads = each(nats, Stream::Leads, since.leads, |message, at| {
            if !ours(message, 3) {
                return Ok(());
            }
            let id = header(message, "Nats-Msg-Id").and_then(|id| id.parse().ok());
            stories.entry(id.context("a lead without an id")?).or_default().accepted = Some(at);
            Ok(())
        })
        .await?;
        let events = each(nats, Stream::Events, since.events, |message, at| {
            if !ours(message, 2) {
                return Ok(());
            }
            let lead = message.subject.rsplit('.').next().and_then(|lead| lead.parse().ok());
            let kind = header(message, "ce-type").unwrap_or_default();
            stories.entry(lead.context("an event without a lead")?).or_default().note(kind, at);
            Ok(())
        })
        .await?;
        Ok(Self { stories, end: Marks { leads, events } })
    }

    fn count(&self, which: impl Fn(&Story) -> bool) -> usize {
        self.stories.values().filter(|story| which(story)).count()
    }

    pub(super) fn accepted(&self) -> usize {
        self.count(|story| story.accepted.is_some())
    }

    /// Accepted, and something became of them.
    pub(super) fn accounted(&self) -> usize {
        self.count(|story| story.accepted.is_some() && story.accounted)
    }

    pub(super) fn offered(&self) -> usize {
        self.count(|story| story.offered.is_some())
    }

    pub(super) fn claimed(&self) -> usize {
        self.count(|story| story.claimed.is_some())
    }

    pub(super) fn double_claims(&self) -> usize {
        self.count(|story| story.twice_claimed)
    }

    /// When the last lead had its first offer.
    pub(super) fn last_offered(&self) -> Option<DateTime<Utc>> {
        self.stories.values().filter_map(|story| story.offered).max()
    }

    /// Accepted until offered, both as JetStream wrote them down.
    pub(super) fn to_offer(&self) -> anyhow::Result<Times> {
        let mut times = Times::none()?;
        for story in self.stories.values() {
            if let (Some(from), Some(to)) = (story.accepted, story.offered) {
                times.note_delta(to - from);
            }
        }
        Ok(times)
    }

    /// Leads in, leads accounted for, and what must never be.
    pub(super) fn correct(&self, sent: usize) -> Value {
        let accepted = self.accepted();
        let accounted = self.accounted();
        let doubled = self.double_claims();
        let more = json!({"accepted": accepted});
        with(account(sent, accounted, doubled), more, sent == accepted)
    }
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    Some(message.headers.as_ref()?.get(name)?.as_str())
}

/// Shows every message of a stream after `after`, without its body. Answers how
/// far it came.
async fn each(
    nats: &Nats,
    stream: Stream,
    after: u64,
    mut look: impl FnMut(&Message, DateTime<Utc>) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    follow(nats, stream, after, true, |message, at| look(message, at)).await
}

/// Shows every message of a stream after `after` that is there now.
pub(super) async fn follow(
    nats: &Nats,
    stream: Stream,
    after: u64,
    headers_only: bool,
    mut look: impl FnMut(&Message, DateTime<Utc>) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let stream = nats.jetstream.get_stream(stream.name()).await?;
    let last = stream.cached_info().state.last_sequence;
    if last <= after {
        return Ok(after);
    }
    let config = pull::OrderedConfig {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
        headers_only,
        ..pull::OrderedConfig::default()
    };
    let mut messages = stream.create_consumer(config).await?.messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        let info = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
        look(&message, info.published)?;
        if info.stream_sequence >= last {
            return Ok(last);
        }
    }
    anyhow::bail!("the stream ended")
}
