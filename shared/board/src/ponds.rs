//! What nobody has: the pool, ponds, and what is held.

use std::collections::BTreeMap;

use tipoff_domain::{EntityId, LeadId, PondId};
use tipoff_wire::After;
use tipoff_wire::event::State;

use crate::keys::{self, Keys};
use crate::lists::lead_of;
use crate::{Board, BoardError, Page};

/// What the entity's own pool, and what is held, are called among the ponds.
pub(crate) const POOL: &str = "pool";
pub(crate) const HELD: &str = "held";

/// How many leads rest where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestCounts {
    pub pool: usize,
    pub held: usize,
    pub ponds: BTreeMap<PondId, usize>,
}

impl Board {
    /// What rests in a pond, latest first; `pond` left out: in the entity's pool.
    pub async fn pool(
        &self,
        entity: &EntityId,
        pond: Option<&PondId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, BoardError> {
        self.resting(entity, pond.map_or(POOL, |pond| pond.as_str()), after, limit).await
    }

    /// What is held (D-26, D-27), latest first.
    pub async fn held(
        &self,
        entity: &EntityId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, BoardError> {
        self.resting(entity, HELD, after, limit).await
    }

    /// How many leads rest in the pool, in each of `ponds`, and held.
    pub async fn rest_counts(
        &self,
        entity: &EntityId,
        ponds: &[PondId],
    ) -> Result<RestCounts, BoardError> {
        let partition = self.partition(entity);
        let key = Keys(partition).pool(entity);
        let counts: Vec<usize> = self
            .read(partition, |all| {
                for pond in [POOL, HELD].into_iter().chain(ponds.iter().map(PondId::as_str)) {
                    let (from, to) = keys::of_pond(pond);
                    all.cmd("ZLEXCOUNT").arg(&key).arg(from).arg(to);
                }
            })
            .await?;
        let in_ponds = ponds.iter().cloned().zip(counts.iter().skip(2).copied());
        let count = |place: usize| counts.get(place).copied().unwrap_or(0);
        Ok(RestCounts { pool: count(0), held: count(1), ponds: in_ponds.collect() })
    }

    async fn resting(
        &self,
        entity: &EntityId,
        pond: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, BoardError> {
        let partition = self.partition(entity);
        let (from, mut to) = keys::of_pond(pond);
        if let Some((ms, lead)) = after.and_then(|after| after.split_once('.')) {
            to = format!("({pond}|{ms}|{lead}");
        }
        let mut range = redis::cmd("ZRANGE");
        range.arg(Keys(partition).pool(entity)).arg(to).arg(from).arg("BYLEX").arg("REV");
        range.arg("LIMIT").arg(0).arg(limit + 1);
        let mut found: Vec<String> = self.read_one(partition, &range).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let place = |member: &String| {
            let (rest, lead) = member.rsplit_once('|')?;
            Some((rest.rsplit_once('|')?.1.to_owned(), lead.to_owned()))
        };
        let next = found.last().filter(|_| more).and_then(place);
        let leads: Vec<LeadId> = found.iter().filter_map(|member| lead_of(member)).collect();
        let next = next.map(|(ms, lead)| format!("{ms}.{lead}"));
        Ok(Page { leads: self.load(partition, &leads).await?, next })
    }
}

/// Where a lead that nobody has stands in `pool`.
pub(crate) fn resting(lead: &LeadId, now_is: &After) -> String {
    let pond = match now_is.state {
        State::Held => HELD,
        _ => now_is.pond.as_ref().map_or(POOL, |pond| pond.as_str()),
    };
    let since = now_is.rested_at.map_or(0, |at| at.timestamp_millis());
    format!("{pond}|{since:013}|{lead}")
}
