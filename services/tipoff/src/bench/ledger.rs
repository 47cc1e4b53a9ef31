//! What the streams say happened, read when it is over: whether all that went
//! in came out, and how long it took. Nothing listens while it runs.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tipoff_domain::{AgentId, LeadId};
use tipoff_runtime::Nats;
use tipoff_wire::{EventKind, OfferMade, Stream};
use tokio::time::Instant;

use super::account::{account, with};
use super::progress::Progress;
use super::tally::Times;

/// How often the servers are asked whether they are done.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How often everything is read to see what has come to rest.
const READ_EVERY: Duration = Duration::from_secs(2);
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

/// Waits until there is a worker on each of these streams, and none has anything left to do; but
/// not for ever.
/// Answers whether that came in time; if not, what was not seen by then is missing in the counts.
pub(super) async fn drained(nats: &Nats, streams: &[Stream]) -> anyhow::Result<bool> {
    let idle = async {
        while !all_idle(nats, streams).await? {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(true)
    };
    tokio::time::timeout(PATIENCE, idle).await.unwrap_or(Ok(false))
}

/// Streams in the order in which work passes through them: one that is idle
/// cannot be given more by those behind it.
async fn all_idle(nats: &Nats, streams: &[Stream]) -> anyhow::Result<bool> {
    for stream in streams {
        let stream = nats.jetstream.get_stream_no_info(stream.name()).await?;
        let consumers: Vec<_> = stream.consumers().try_collect().await?;
        let mut workers =
            consumers.iter().filter(|one| one.config.ack_policy != AckPolicy::None).peekable();
        // One that is only starting has everything to do yet.
        if workers.peek().is_none()
            || workers.any(|one| one.num_pending > 0 || one.num_ack_pending > 0)
        {
            return Ok(false);
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
    /// Who was asked or given it then, where the ledger was read with that.
    asked: Vec<AgentId>,
    pub(super) claimed: Option<DateTime<Utc>>,
    /// Claims less what was returned.
    owners: i32,
    twice_claimed: bool,
    /// Something other than its arrival is known of it.
    accounted: bool,
    /// Somebody has it, or nobody is asked any more: the last that is known of it.
    at_rest: bool,
}

impl Story {
    /// Its next event; `None`: of a kind that a later release has.
    fn note(&mut self, kind: Option<EventKind>, at: DateTime<Utc>) {
        self.accounted |= kind != Some(EventKind::Received);
        match kind {
            Some(EventKind::Offered | EventKind::Assigned) => {
                self.offered.get_or_insert(at);
                self.offers += 1;
            }
            Some(EventKind::Claimed) => {
                self.claimed.get_or_insert(at);
                self.owners += 1;
                self.twice_claimed |= self.owners > 1;
            }
            Some(EventKind::Returned) => self.owners -= 1,
            _ => {}
        }
        self.at_rest = kind.and_then(rests).unwrap_or(self.at_rest);
    }

    /// Whether it was offered to all of these first, and to nobody else.
    pub(super) fn was_offered_to(&self, agents: &HashSet<&str>) -> bool {
        let all = self.asked.iter().all(|agent| agents.contains(agent.as_str()));
        all && !agents.is_empty() && self.asked.len() == agents.len()
    }
}

/// Whether a lead is at rest after such an event; `None`: as it was before.
fn rests(kind: EventKind) -> Option<bool> {
    match kind {
        EventKind::Claimed
        | EventKind::Assigned
        | EventKind::Pooled
        | EventKind::Returned
        | EventKind::Held
        | EventKind::Closed
        | EventKind::Erased => Some(true),
        EventKind::Received
        | EventKind::Offered
        | EventKind::Passed
        | EventKind::Expired
        | EventKind::Released
        | EventKind::Withdrawn
        | EventKind::Restored => Some(false),
        EventKind::Duplicate
        | EventKind::Worked
        | EventKind::Credited
        | EventKind::FollowUp
        | EventKind::ChanceAsked
        | EventKind::Extended => None,
    }
}

/// As much of an event as tells who is asked or given the lead.
#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    offers: Vec<OfferMade>,
    #[serde(default)]
    agents: Vec<AgentId>,
}

impl Chosen {
    fn names(self) -> Vec<AgentId> {
        self.offers.into_iter().map(|offer| offer.agent).chain(self.agents).collect()
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
        Self::gather(nats, since, prefix, false).await
    }

    /// The same, and who was asked first. That stands in the bodies, which take longer to read.
    pub(super) async fn read_with_asked(
        nats: &Nats,
        since: Marks,
        prefix: &str,
    ) -> anyhow::Result<Self> {
        Self::gather(nats, since, prefix, true).await
    }

    /// Reads again and again until so many leads have come to rest, but no longer than
    /// that: what has not by then is missing in the counts.
    pub(super) async fn when_at_rest(
        nats: &Nats,
        since: Marks,
        prefix: &str,
        leads: usize,
        longest: Duration,
    ) -> anyhow::Result<Self> {
        let (began, progress) = (Instant::now(), Progress::new("resting", leads));
        loop {
            let ledger = Self::read(nats, since, prefix).await?;
            let resting = ledger.came_to_rest();
            progress.at(resting as u64);
            if resting >= leads || began.elapsed() >= longest {
                return Ok(ledger);
            }
            tokio::time::sleep(READ_EVERY).await;
        }
    }

    async fn gather(
        nats: &Nats,
        since: Marks,
        prefix: &str,
        with_asked: bool,
    ) -> anyhow::Result<Self> {
        let mut stories: HashMap<LeadId, Story> = HashMap::new();
        // Entities stand fourth in `leads.new.<partition>.<entity>`, third in events.
        let ours = |message: &Message, place: usize| {
            message.subject.split('.').nth(place).is_some_and(|entity| entity.starts_with(prefix))
        };
        let leads = follow(nats, Stream::Leads, since.leads, true, |message, at| {
            if !ours(message, 3) {
                return Ok(());
            }
            let id = header(message, "Nats-Msg-Id").and_then(|id| id.parse().ok());
            stories.entry(id.context("a lead without an id")?).or_default().accepted = Some(at);
            Ok(())
        })
        .await?;
        let events = follow(nats, Stream::Events, since.events, !with_asked, |message, at| {
            if !ours(message, 2) {
                return Ok(());
            }
            let lead = message.subject.rsplit('.').next().and_then(|lead| lead.parse().ok());
            let kind = header(message, "ce-type").and_then(EventKind::from_header);
            let story = stories.entry(lead.context("an event without a lead")?).or_default();
            let before = story.offers;
            story.note(kind, at);
            if with_asked && before == 0 && story.offers == 1 {
                story.asked = serde_json::from_slice::<Chosen>(&message.payload)?.names();
            }
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

    /// Accepted, and the last that is known of them is that somebody has them, or that
    /// nobody is asked any more.
    pub(super) fn came_to_rest(&self) -> usize {
        self.count(|story| story.accepted.is_some() && story.at_rest)
    }

    /// Everybody who was asked first, of all leads, where that was read.
    pub(super) fn asked(&self) -> usize {
        self.stories.values().map(|story| story.asked.len()).sum()
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

/// Shows every message of a stream after `after` that is there now. Answers how
/// far it came.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn story(kinds: &[EventKind]) -> Story {
        let mut story = Story::default();
        for kind in kinds {
            story.note(Some(*kind), DateTime::UNIX_EPOCH);
        }
        story
    }

    #[test]
    fn a_lead_is_at_rest_while_somebody_has_it_or_nobody_is_asked() {
        use EventKind::{Claimed, Expired, Offered, Passed, Pooled, Received, Released, Worked};
        let rests: [&[EventKind]; 3] = [
            &[Received, Offered, Claimed],
            &[Received, Offered, Expired, Pooled],
            &[Received, Offered, Claimed, Worked],
        ];
        assert!(rests.into_iter().all(|kinds| story(kinds).at_rest));
        let moves: [&[EventKind]; 4] = [
            &[Received],
            &[Received, Offered],
            &[Received, Offered, Passed],
            &[Received, Offered, Expired, Pooled, Released],
        ];
        assert!(!moves.into_iter().any(|kinds| story(kinds).at_rest));
    }

    #[test]
    fn everybody_who_was_asked_is_to_be_told_and_nobody_else() {
        let offer = br#"{"offers": [{"agent": "ana", "until": "2026-11-22T09:45:00Z"},
            {"agent": "ben", "until": "2026-11-22T09:45:00Z"}]}"#;
        let chosen: Chosen = serde_json::from_slice(offer).expect("an event");
        let asked = Story { asked: chosen.names(), ..Story::default() };
        assert!(asked.was_offered_to(&HashSet::from(["ben", "ana"])));
        assert!(!asked.was_offered_to(&HashSet::from(["ana"])));
        assert!(!asked.was_offered_to(&HashSet::from(["ana", "ben", "cam"])));
        let given: Chosen = serde_json::from_slice(br#"{"agents": ["ana"]}"#).expect("an event");
        assert_eq!(given.names().len(), 1);
        assert!(!Story::default().was_offered_to(&HashSet::new()));
    }
}
