//! What the queues say, held against the leads' own entries (D-37).

use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tipoff_domain::audit::{Fault, Seen, check};
use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_wire::{After, Partition};

use crate::keys::{self, Keys};
use crate::lists::lead_of;
use crate::ponds::resting;
use crate::standings::Stands;
use crate::{Board, BoardError};

/// Leads, and places that limits hold, looked at in one go: few, as everything
/// else waits for Redis meanwhile.
const CHUNK: usize = 100;

/// A lead that is not in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub entity: EntityId,
    pub lead: LeadId,
    pub fault: Fault,
}

/// One chunk of an audit: how many leads it looked at, and which are not in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    pub examined: usize,
    pub found: Vec<Found>,
}

/// A lead's version, and its places in `deadlines`, `pool` and `owned`.
type Standing = (Option<u64>, Option<f64>, Option<f64>, Option<f64>);

/// Where an audit goes on: the entity, and when its next lead came in.
pub type Place = (EntityId, DateTime<Utc>);

impl Board {
    /// Looks a whole partition over, a chunk at a time: the leads of its
    /// `entities` that came in before `until`, then the places that limits hold.
    /// How fast it goes is up to whoever asks for the next chunk.
    pub fn look_over(
        &self,
        partition: Partition,
        entities: Vec<EntityId>,
        until: DateTime<Utc>,
    ) -> impl Stream<Item = Result<Looked, BoardError>> + Send + use<> {
        let board = self.clone();
        let leads = stream::iter(entities).flat_map(move |entity| {
            let chunks = board.standings_by(CHUNK, &entity, DateTime::UNIX_EPOCH, until);
            let board = board.clone();
            chunks.and_then(move |chunk| {
                let (board, entity) = (board.clone(), entity.clone());
                async move { board.looked(&entity, &chunk).await }
            })
        });
        leads.chain(self.reservations(partition))
    }

    /// Looks over the leads of `entities`, which stand in order, from a place on
    /// until `most` or more were looked at, some of them again. `look` hears of
    /// every chunk. Answers where to go on; `None`: that was all.
    pub async fn audit_part(
        &self,
        entities: &[EntityId],
        from: Option<Place>,
        most: usize,
        mut look: impl FnMut(Looked),
    ) -> Result<Option<Place>, BoardError> {
        let mut examined = 0;
        for entity in entities {
            let since = match &from {
                Some((at, _)) if entity < at => continue,
                Some((at, since)) if entity == at => *since,
                _ => DateTime::UNIX_EPOCH,
            };
            if examined >= most {
                return Ok(Some((entity.clone(), since)));
            }
            let mut chunks =
                std::pin::pin!(self.standings(entity, since, DateTime::<Utc>::MAX_UTC));
            while let Some(chunk) = chunks.try_next().await? {
                examined += chunk.len();
                look(self.looked(entity, &chunk).await?);
                if let Some(next) = edge_of(&chunk).filter(|_| examined >= most) {
                    return Ok(Some((entity.clone(), next)));
                }
            }
        }
        Ok(None)
    }

    async fn looked(&self, entity: &EntityId, chunk: &[Stands]) -> Result<Looked, BoardError> {
        Ok(Looked { examined: chunk.len(), found: self.audit(entity, chunk).await? })
    }

    /// Those of `leads` that are not in order. One that has moved on since it
    /// was read is left for the next time.
    async fn audit(&self, entity: &EntityId, leads: &[Stands]) -> Result<Vec<Found>, BoardError> {
        if leads.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.time(entity).await?;
        let keys = Keys(self.partition(entity));
        let mut all = redis::pipe();
        // The entry and the queues at one moment.
        all.atomic();
        for stands in leads {
            let agent = stands.now_is.agent.as_ref().map_or("", |agent| agent.as_str());
            all.hget(keys.lead(&stands.id), "version");
            all.zscore(keys.deadlines(), stands.id.as_str());
            all.zscore(keys.pool(entity), resting(&stands.id, &stands.now_is));
            all.zscore(keys.owned(), format!("{entity}|{agent}|{}", stands.id));
        }
        let said: Vec<Standing> = all.query_async(&mut self.redis.clone()).await?;
        let mut found = Vec::new();
        for (stands, (version, due, rests, owned)) in leads.iter().zip(said) {
            let seen = seen(&stands.now_is, due, rests.is_some(), owned.is_some());
            let is_same = version == Some(stands.version);
            if let Some(fault) = check(&seen, now).filter(|_| is_same) {
                found.push(Found { entity: entity.clone(), lead: stands.id.clone(), fault });
            }
        }
        Ok(found)
    }

    /// Places that limits hold for offers which are not pending (D-22), in a
    /// whole partition.
    pub async fn idle_reservations(&self, partition: Partition) -> Result<Vec<Found>, BoardError> {
        let found = self.reservations(partition).map_ok(|looked| looked.found);
        found.try_concat().await
    }

    /// The same, a chunk at a time; it looks at no leads.
    fn reservations(
        &self,
        partition: Partition,
    ) -> impl Stream<Item = Result<Looked, BoardError>> + Send + use<> {
        let board = self.clone();
        stream::try_unfold(Some("-".to_owned()), move |from| {
            let board = board.clone();
            async move {
                let Some(from) = from else { return Ok(None) };
                let (found, next) = board.reserved_from(Keys(partition), &from).await?;
                Ok(Some((Looked { examined: 0, found }, next)))
            }
        })
    }

    /// What is idle of the next chunk, and from where on the one after it goes on.
    async fn reserved_from(
        &self,
        keys: Keys,
        from: &str,
    ) -> Result<(Vec<Found>, Option<String>), BoardError> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(keys.reserved()).arg(from).arg("+").arg("BYLEX");
        range.arg("LIMIT").arg(0).arg(CHUNK);
        let members: Vec<String> = range.query_async(&mut self.redis.clone()).await?;
        let next = members.last().filter(|_| members.len() == CHUNK);
        Ok((self.idle_among(keys, &members).await?, next.map(|last| format!("({last}"))))
    }

    async fn idle_among(&self, keys: Keys, members: &[String]) -> Result<Vec<Found>, BoardError> {
        let read = |member: &String| {
            let (entity, agent) = keys::whose(member)?;
            Some((entity, agent, lead_of(member)?, member.clone()))
        };
        let places: Vec<(EntityId, AgentId, LeadId, String)> =
            members.iter().filter_map(read).collect();
        let mut all = redis::pipe();
        all.atomic();
        for (_, _, lead, member) in &places {
            all.cmd("HMGET").arg(keys.lead(lead)).arg("pending").arg("undo");
            all.zscore(keys.reserved(), member);
        }
        let mut said: Vec<Holding> = Vec::new();
        if !places.is_empty() {
            said = all.query_async(&mut self.redis.clone()).await?;
        }
        let idle = places.into_iter().zip(said).filter(|((_, agent, ..), (named, still))| {
            // Who passed and may take it back stands in the second list, as in `ana:1795357647143`.
            let lists = [&named.0, &named.1].map(|list| list.as_deref().unwrap_or_default());
            let mut names = lists.into_iter().flat_map(|list| list.split([',', ':']));
            still.is_some() && !names.any(|name| name == agent.as_str())
        });
        let fault = Fault::IdleReservation;
        Ok(idle.map(|((entity, _, lead, _), _)| Found { entity, lead, fault }).collect())
    }
}

/// Who is asked about a lead, who may take a pass back, and whether the place is still held.
type Holding = ((Option<String>, Option<String>), Option<f64>);

/// From when on another part goes on after `chunk`. Its last millisecond comes
/// again: others may have come in then. `None`: all did, so that would not end.
fn edge_of(chunk: &[Stands]) -> Option<DateTime<Utc>> {
    let arrived = |stands: &Stands| stands.now_is.received_at;
    let (first, last) = (chunk.first().map(arrived)?, chunk.last().map(arrived)?);
    (first < last).then_some(last)
}

fn seen(now_is: &After, due: Option<f64>, rests: bool, is_owned: bool) -> Seen {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since the epoch")]
    let due = due.and_then(|ms| DateTime::<Utc>::from_timestamp_millis(ms as i64));
    Seen {
        state: now_is.state,
        due,
        rests,
        has_agent: now_is.agent.is_some(),
        is_owned,
        must_be_worked: now_is.act_by.is_some(),
        goes_on: now_is.released.is_some() || now_is.until.is_some(),
    }
}
