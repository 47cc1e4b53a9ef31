//! What the board has, held against what the log says.

use std::collections::HashMap;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use redis::{RedisError, Value};
use tipoff_domain::plan::How;
use tipoff_domain::{EntityId, LeadId};
use tipoff_wire::Partition;
use tipoff_wire::event::State;
use tokio::time::Instant;

use crate::age_out::is_over;
use crate::keys::{Keys, member};
use crate::log::Logged;
use crate::past::{self, Past, Remembered};
use crate::ponds::resting;
use crate::read::{Fields, from_word};
use crate::{Board, BoardError};

/// Leads looked at in one go.
const LEADS_AT_ONCE: usize = 200;
/// Looks at once.
const AT_ONCE: usize = 4;
/// What limits look back on, in ms, with a day to spare.
const LOOK_BACK: i64 = 31 * 24 * 60 * 60 * 1_000;

/// Something that the board has otherwise than the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    pub entity: EntityId,
    /// `None`: it is about what a route remembers.
    pub lead: Option<LeadId>,
    /// In words, without what the lead says.
    pub what: String,
}

/// How far a comparison has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    pub events: u64,
    /// Events that there are to read, as far as is known.
    pub expected: u64,
    /// Leads, places in lists and memories of routes that were put back as the log says.
    pub mended: u64,
    pub took: Duration,
}

/// What a route last remembered: the id of the event, and the value.
type Memories = HashMap<(Partition, String), (String, String)>;

/// A place in a queue where a lead is to stand, and with which score.
struct Place {
    what: &'static str,
    key: String,
    member: String,
    score: Option<i64>,
}

impl Board {
    /// Holds every lead against its last event, what routes remember against all
    /// of them, and the agents' lists against the leads. What is on its way to the log is no difference. `mend`: puts
    /// back as the log says what differs.
    pub async fn verify(
        &self,
        mend: bool,
        told: &mut (dyn FnMut(Verified) + Send),
    ) -> Result<(Verified, Vec<Difference>), BoardError> {
        let (begun, mut done) = (Instant::now(), Verified::default());
        let partitions: Vec<Partition> = Partition::all(self.partitions).collect();
        let ends = partitions.iter().copied().map(|partition| self.log.end(partition));
        let ends: Vec<_> = stream::iter(ends).buffer_unordered(16).try_collect().await?;
        let until = ends.into_iter().map(|end| end.sequence).max().unwrap_or(0);
        let (expected, windows) = self.log.read_on::<Remembered>(&partitions, 0, until).await?;
        done.expected = expected;
        let (mut suspects, mut memories) = (Vec::new(), Memories::new());
        let mut windows = std::pin::pin!(windows);
        while let Some(window) = windows.try_next().await? {
            done.events += window.len() as u64;
            suspects.extend(self.suspects(window, &mut memories).await?);
            done.took = begun.elapsed();
            told(done);
        }
        let mut found = Vec::new();
        for (entity, lead) in suspects {
            found.extend(self.differences(&entity, &lead).await?);
            if mend && self.mend(&entity, &lead).await? {
                done.mended += 1;
            }
        }
        let mut more = self.forgotten(memories, mend).await?;
        // Behind the leads: what those say counts.
        for partition in partitions {
            more.extend(self.strays(partition, mend).await?);
        }
        if mend {
            done.mended += more.len() as u64;
        }
        found.extend(more);
        found.sort_unstable();
        found.dedup();
        done.took = begun.elapsed();
        Ok((done, found))
    }

    /// How the lead differs from what the log says, looked at now.
    pub async fn differences(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Vec<Difference>, BoardError> {
        let partition = self.partition(entity);
        let Some(past) = Past::of(self.log.history(partition, entity, lead).await?) else {
            return Ok(Vec::new());
        };
        let found = self.compare(partition, std::slice::from_ref(&past)).await?;
        let difference =
            |what| Difference { entity: entity.clone(), lead: Some(lead.clone()), what };
        Ok(found.into_iter().flatten().map(difference).collect())
    }

    /// Puts a lead back as the log says, however right it seems to stand. Answers
    /// whether that was done; what is on its way to the log is left alone.
    pub async fn mend(&self, entity: &EntityId, lead: &LeadId) -> Result<bool, BoardError> {
        let partition = self.partition(entity);
        let Some(past) = Past::of(self.log.history(partition, entity, lead).await?) else {
            return Ok(false);
        };
        Ok(self.repair(partition, std::slice::from_ref(&past), "", true).await? > 0)
    }

    /// Leads of a window that may stand otherwise than it says.
    async fn suspects(
        &self,
        window: Vec<(Partition, Logged<Remembered>)>,
        memories: &mut Memories,
    ) -> Result<Vec<(EntityId, LeadId)>, BoardError> {
        let chunks: Vec<_> = past::by_lead(window, LEADS_AT_ONCE).collect();
        for (partition, pasts) in &chunks {
            for past in pasts {
                remember(memories, *partition, past);
            }
        }
        let looking = chunks.into_iter().map(|(partition, pasts)| async move {
            let found = self.compare(partition, &pasts).await?;
            let suspects =
                pasts.iter().zip(found).filter(|(_, differences)| !differences.is_empty());
            let names = suspects
                .map(|(past, _)| (past.last.event.entity.clone(), past.last.event.lead.clone()));
            Ok::<_, BoardError>(names.collect::<Vec<_>>())
        });
        let found: Vec<_> = stream::iter(looking).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// For each of these pasts how the board differs from it; nothing where the
    /// board has later events, or some that are on their way to the log.
    async fn compare(
        &self,
        partition: Partition,
        pasts: &[Past],
    ) -> Result<Vec<Vec<String>>, BoardError> {
        let (keys, Some(first)) = (Keys(partition), pasts.first()) else { return Ok(Vec::new()) };
        let now = self.time(&first.last.event.entity).await?;
        let oldest = now.timestamp_millis() - LOOK_BACK;
        let has_aged_out =
            |past: &Past| self.kept.is_some_and(|kept| is_over(&past.last.event.after, now - kept));
        let places: Vec<Vec<Place>> = pasts.iter().map(|past| places(keys, past, oldest)).collect();
        let mut all = redis::pipe();
        // A lead and its queues at one moment.
        all.atomic();
        for (past, places) in pasts.iter().zip(&places) {
            all.hgetall(keys.lead(&past.last.event.lead));
            for place in places {
                all.zscore(&place.key, &place.member);
            }
        }
        let said: Vec<Value> = all.query_async(&mut self.redis.clone()).await?;
        let mut said = said.into_iter();
        let mut found = Vec::with_capacity(pasts.len());
        for (past, places) in pasts.iter().zip(places) {
            let fields: Vec<(String, String)> =
                redis::from_redis_value(said.next().unwrap_or(Value::Nil))
                    .map_err(RedisError::from)?;
            let scores: Vec<Option<f64>> = said
                .by_ref()
                .take(places.len())
                .map(redis::from_redis_value)
                .collect::<Result<_, _>>()
                .map_err(RedisError::from)?;
            if fields.is_empty() && has_aged_out(past) {
                found.push(Vec::new());
                continue;
            }
            found.push(differ(past, &fields, places.iter().zip(scores)));
        }
        Ok(found)
    }

    /// Memories of routes that are not as the last event left them; `mend` puts them back.
    async fn forgotten(
        &self,
        memories: Memories,
        mend: bool,
    ) -> Result<Vec<Difference>, BoardError> {
        let mut found = Vec::new();
        for ((partition, thing), (id, value)) in memories {
            let turns = Keys(partition).turns();
            let mut both = redis::pipe();
            both.hget(&turns, &thing).hget(&turns, format!("at:{thing}"));
            let (has, at): (Option<String>, Option<String>) =
                both.query_async(&mut self.redis.clone()).await?;
            let is_newer = at.as_deref().is_some_and(|at| later(at, &id));
            if !is_newer && has.unwrap_or_default() != value {
                let Some((_, whose)) = thing.split_once(':') else { continue };
                let Some(entity) = whose.split('|').next().and_then(|it| it.parse().ok()) else {
                    continue;
                };
                let what = format!("the memory `{thing}` is not as its last event left it");
                found.push(Difference { entity, lead: None, what });
                if mend {
                    self.remind(partition, &thing, &value, &id).await?;
                }
            }
        }
        Ok(found)
    }

    /// A later event may have changed it meanwhile; then that counts.
    async fn remind(
        &self,
        partition: Partition,
        thing: &str,
        value: &str,
        id: &str,
    ) -> Result<(), BoardError> {
        let verb = &self.scripts.remind;
        let mut remind = verb.on(&[Keys(partition).turns()]);
        remind.arg(thing).arg(value).arg(id);
        let said: String = self.run_anyway(partition, &remind).await?;
        match said.as_str() {
            "reminded" | "newer" => Ok(()),
            other => Err(verb.unknown(other)),
        }
    }
}

fn remember(memories: &mut Memories, partition: Partition, past: &Past) {
    let entity = &past.last.event.entity;
    for four in past.memory.chunks_exact(4) {
        let [what, route, value, id] = four else { continue };
        let thing = (partition, format!("{what}:{entity}|{route}"));
        let newest = memories.entry(thing).or_default();
        if newest.0.is_empty() || later(id, &newest.0) {
            *newest = (id.clone(), value.clone());
        }
    }
}

/// Whether an id of the outbox comes after another one.
fn later(id: &str, other: &str) -> bool {
    let read = |id: &str| -> Option<(u64, u64)> {
        let (ms, number) = id.split_once('-')?;
        Some((ms.parse().ok()?, number.parse().ok()?))
    };
    read(id) > read(other)
}

/// Where the lead is to stand by its last event.
fn places(keys: Keys, past: &Past, oldest: i64) -> Vec<Place> {
    let event = &past.last.event;
    let (entity, lead, after) = (&event.entity, &event.lead, &event.after);
    let at = |what, key, member, score| Place { what, key, member, score };
    let mut places = Vec::new();
    // What became an inquiry on another lead stands among the leads only if it was let go before.
    let (list, key) = if after.duplicate_of.is_none() || after.released.is_some() {
        ("the list of leads", keys.leads(entity))
    } else {
        ("the inquiries", keys.inquiries(entity))
    };
    let received = after.received_at.timestamp_millis();
    places.push(at(list, key, lead.to_string(), Some(received)));
    let due = match after.state {
        State::Offered if after.pending.is_empty() => Some(None),
        State::Offered => Some(after.until),
        State::Assigned => after.act_by.map(Some),
        State::Held => after.until.or(after.released.map(|_| after.t0)).map(Some),
        State::Pooled | State::Closed => None,
    };
    if let Some(due) = due {
        let due = due.map(|at| at.timestamp_millis());
        places.push(at("the deadlines", keys.deadlines(), lead.to_string(), due));
    }
    for agent in &after.pending {
        let member = member(entity, agent, lead);
        if after.pending.len() == 1 && !after.jump_ball {
            places.push(at("the reserved places", keys.reserved(), member.clone(), None));
        }
        places.push(at("the agent's offers", keys.offers(), member, None));
    }
    let may_undo = after.undo.iter().filter(|_| !after.jump_ball);
    places.extend(may_undo.map(|one| {
        at("the reserved places", keys.reserved(), member(entity, &one.agent, lead), None)
    }));
    // What goes on by itself lies nowhere but among the deadlines.
    let waits = after.state == State::Held && after.why.is_some() && after.until.is_none();
    if after.state == State::Pooled || waits {
        places.push(at("its pond", keys.pool(entity), resting(lead, after), None));
    }
    if let (State::Assigned, Some(agent)) = (after.state, &after.agent) {
        places.push(at("the agent's leads", keys.owned(), member(entity, agent, lead), None));
    }
    for [agent, since, how, counted] in &past.given {
        let counts = from_word::<How>(how).is_some_and(How::is_by_routing) || !counted.is_empty();
        if counts && since.parse().is_ok_and(|since: i64| since > oldest) {
            let member = format!("{entity}|{agent}|{since}|{lead}");
            places.push(at("what limits count", keys.taken(), member, None));
        }
    }
    places
}

/// In words how one lead differs.
fn differ<'a>(
    past: &Past,
    fields: &[(String, String)],
    places: impl Iterator<Item = (&'a Place, Option<f64>)>,
) -> Vec<String> {
    let Logged { sequence, event } = &past.last;
    let read = Fields::of(fields);
    let has = read.parsed::<u64>("seq").ok().flatten().unwrap_or(0);
    if has > *sequence || read.text("unsent").is_some() {
        return Vec::new();
    }
    if fields.is_empty() {
        return vec!["it is not on the board".to_owned()];
    }
    let mut found = Vec::new();
    if has < *sequence {
        found.push(format!("the board is at {has} in the log, and its last event at {sequence}"));
    }
    let version = read.parsed::<u64>("version").ok().flatten();
    if version != Some(event.version) {
        let version = version.unwrap_or(0);
        found.push(format!("its version is {version}, and {} in the log", event.version));
    }
    if read.text("entity") != Some(event.entity.as_str()) {
        found.push("it belongs to another entity".to_owned());
    }
    let mut after = event.after.clone();
    // What the route was to remember is not the lead's.
    after.memory = None;
    match read.after() {
        Err(unreadable) => found.push(format!("it cannot be read: {unreadable}")),
        Ok(has) if has == after => {}
        Ok(has) if has.state != after.state => {
            found.push(format!("it is {:?}, and {:?} in the log", has.state, after.state));
        }
        Ok(has) if has.agent != after.agent => found.push("another agent has it".to_owned()),
        Ok(_) => found.push("it stands otherwise than its last event left it".to_owned()),
    }
    for (place, score) in places {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since the epoch")]
        let score = score.map(|score| score as i64);
        if score.is_none() || place.score.is_some_and(|wanted| score != Some(wanted)) {
            found.push(format!("it does not stand where it should in {}", place.what));
        }
    }
    found
}
