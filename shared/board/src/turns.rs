//! What routes remember from lead to lead.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use tipoff_domain::model::turns as played;
use tipoff_domain::{AgentId, EntityId, LenderId, RouteId};

use crate::keys::Keys;
use crate::log::Logged;
use crate::past::{Past, Remembered};
use crate::{Board, BoardError};

/// How many offers in a row an agent let run out.
const MISSED: &str = "missed";
/// Stories that are read at once.
const AT_ONCE: usize = 16;

/// The memory of one route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turns {
    /// Who is next, and the list on which they stood (D-7).
    pub next: Option<AgentId>,
    pub list: Vec<AgentId>,
    /// The same for roll-ons that have a turn of their own.
    pub next_roll_on: Option<AgentId>,
    pub roll_on_list: Vec<AgentId>,
    /// Who was first for the lead before (D-8).
    pub first: Option<AgentId>,
    /// How near everybody has come (D-11).
    pub near: BTreeMap<AgentId, i64>,
    /// Who is owed a lead, and until when that counts; longest first.
    pub owed: Vec<(AgentId, DateTime<Utc>)>,
    /// Who went along with the lead before, by role.
    pub along: BTreeMap<String, LenderId>,
}

impl Board {
    /// What the routes of an entity remember; those that have chosen nobody yet
    /// are left out.
    pub async fn turns(&self, entity: &EntityId) -> Result<BTreeMap<RouteId, Turns>, BoardError> {
        let partition = self.partition(entity);
        let (mut all, mut cursor) = (BTreeMap::<RouteId, Turns>::new(), 0_u64);
        loop {
            let mut scan = redis::cmd("HSCAN");
            scan.arg(Keys(partition).turns()).arg(cursor);
            scan.arg("MATCH").arg(format!("*:{entity}|*")).arg("COUNT").arg(1_000);
            let (next, found): (u64, Vec<(String, String)>) =
                self.read_one(partition, &scan).await?;
            for (field, value) in found {
                let Some((what, route)) = field.split_once(&format!(":{entity}|")) else {
                    continue;
                };
                // Beside each there is when it was changed, and what agents missed.
                let Ok(route) = route.parse().map_err(drop) else { continue };
                if !what.starts_with("at:") && what != MISSED {
                    all.entry(route).or_default().read(what, &value);
                }
            }
            cursor = next;
            if cursor == 0 {
                return Ok(all);
            }
        }
    }

    /// How many offers in a row these agents have let run out; those who answered
    /// the last one are left out.
    pub async fn misses(
        &self,
        entity: &EntityId,
        agents: &[AgentId],
    ) -> Result<BTreeMap<AgentId, u32>, BoardError> {
        if agents.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut read = redis::cmd("HMGET");
        read.arg(Keys(self.partition(entity)).turns());
        for agent in agents {
            read.arg(format!("{MISSED}:{entity}|{agent}"));
        }
        let counts: Vec<Option<u32>> = self.read_one(self.partition(entity), &read).await?;
        let missed = agents.iter().zip(counts);
        Ok(missed.filter_map(|(agent, count)| Some((agent.clone(), count?))).collect())
    }

    /// The next offer that the agent lets run out is the first.
    pub async fn forget_misses(
        &self,
        entity: &EntityId,
        agent: &AgentId,
    ) -> Result<(), BoardError> {
        let mut forget = redis::cmd("HDEL");
        forget.arg(Keys(self.partition(entity)).turns()).arg(format!("{MISSED}:{entity}|{agent}"));
        let _: u64 = forget.query_async(&mut self.redis.clone()).await?;
        Ok(())
    }

    /// What they remembered at that instant, as far as the stories of the last
    /// `leads` before it tell.
    pub async fn turns_at(
        &self,
        entity: &EntityId,
        instant: DateTime<Utc>,
        leads: usize,
    ) -> Result<BTreeMap<RouteId, Turns>, BoardError> {
        let before = format!("{}.", instant.timestamp_millis());
        let page = self.leads(entity, Some(&before), leads).await?;
        let ids: Vec<_> = page.leads.into_iter().map(|lead| lead.id).collect();
        let partition = self.partition(entity);
        let stories = stream::iter(ids)
            .map(|lead| async move { self.log.history(partition, entity, &lead).await });
        let stories: Vec<Vec<Logged<Remembered>>> =
            stories.buffer_unordered(AT_ONCE).try_collect().await?;
        let mut latest = BTreeMap::new();
        for mut story in stories {
            story.retain(|logged| logged.event.at < instant);
            let memory = Past::of(story).map(|past| past.memory).unwrap_or_default();
            for [what, route, value, id] in memory.as_chunks().0 {
                let (ms, number) = id.split_once('-').unwrap_or_default();
                let place: (u64, u64) =
                    (ms.parse().unwrap_or_default(), number.parse().unwrap_or_default());
                let newest = latest
                    .entry((route.clone(), what.clone()))
                    .or_insert_with(|| (place, value.clone()));
                if newest.0 < place {
                    *newest = (place, value.clone());
                }
            }
        }
        let mut all = BTreeMap::<RouteId, Turns>::new();
        for ((route, what), (_, value)) in latest {
            if let Ok(route) = route.parse() {
                all.entry(route).or_default().read(&what, &value);
            }
        }
        Ok(all)
    }
}

/// As plays and tries take it.
pub fn in_play(all: BTreeMap<RouteId, Turns>) -> played::Turns {
    let mut turns = played::Turns::default();
    for (route, memory) in all {
        if let Some(next) = memory.next {
            turns.next.insert(route.clone(), played::Turn { next, list: memory.list });
        }
        if let Some(next) = memory.next_roll_on {
            let list = memory.roll_on_list;
            turns.roll_ons.insert(route.clone(), played::Turn { next, list });
        }
        turns.first.extend(memory.first.map(|first| (route.clone(), first)));
        turns.near.insert(route.clone(), memory.near);
        turns.along.insert(route.clone(), memory.along);
        turns.owed.insert(route, memory.owed);
    }
    turns
}

impl Turns {
    fn read(&mut self, what: &str, value: &str) {
        let names = || value.split(',').filter_map(|name| name.parse().ok()).collect();
        match what {
            "next" => self.next = value.parse().ok(),
            "list" => self.list = names(),
            "roll" => self.next_roll_on = value.parse().ok(),
            "round" => self.roll_on_list = names(),
            "first" => self.first = value.parse().ok(),
            "near" => self.near = pairs(value).collect(),
            "credit" => {
                let until = |(agent, ms)| Some((agent, DateTime::from_timestamp_millis(ms)?));
                self.owed = pairs(value).filter_map(until).collect();
            }
            _ => {
                // Anything else is of a later release.
                let role = what.strip_prefix("along_").map(str::to_owned);
                self.along.extend(role.zip(value.parse().ok()));
            }
        }
    }
}

/// `ana:3,ben:-3`.
fn pairs(text: &str) -> impl Iterator<Item = (AgentId, i64)> {
    let read = |pair: &str| {
        let (agent, number) = pair.split_once(':')?;
        Some((agent.parse().ok()?, number.parse().ok()?))
    };
    text.split(',').filter_map(read)
}
