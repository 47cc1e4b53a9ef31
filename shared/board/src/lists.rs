//! Reading the board: one lead, an agent's leads, everything.

use std::error::Error;

use redis::{RedisError, Value};
use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_wire::Partition;
use tracing::error;

use crate::keys::{self, Keys};
use crate::read::{Fields, place_in_json};
use crate::{Board, BoardError, OnBoard, Page};

/// Leads that may share their millisecond with the edge of a page; where more do,
/// it is read again with twice the reach.
const TIES: usize = 100;

/// Offers looked at in one go to find out who is asked.
const ASKED: usize = 500;

impl Board {
    /// One lead, as it stands; also one that has aged out.
    pub async fn lead(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Option<OnBoard>, BoardError> {
        let mut found = self.here(entity, lead).await?;
        if found.is_none() && self.recall(entity, lead).await? {
            found = self.here(entity, lead).await?;
        }
        Ok(found)
    }

    async fn here(&self, entity: &EntityId, lead: &LeadId) -> Result<Option<OnBoard>, BoardError> {
        let found = self.load_each(self.partition(entity), std::slice::from_ref(lead)).await?.pop();
        Ok(found.transpose()?.filter(|found| found.entity == *entity))
    }

    /// These leads of the entity, read together; what is not on the board is left out.
    pub async fn leads_named(
        &self,
        entity: &EntityId,
        leads: &[LeadId],
    ) -> Result<Vec<OnBoard>, BoardError> {
        if leads.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.load(self.partition(entity), leads).await?;
        found.retain(|found| found.entity == *entity);
        Ok(found)
    }

    /// What the agent may claim now.
    pub async fn offers_to(
        &self,
        entity: &EntityId,
        agent: &AgentId,
    ) -> Result<Vec<OnBoard>, BoardError> {
        let partition = self.partition(entity);
        let offers = Keys(partition).offers();
        let leads = self.names_of_agent(&offers, entity, agent).await?;
        self.load(partition, &leads).await
    }

    /// What the agent has, in the order of the leads' ids and from `from` on; also a
    /// page of none tells where the next one begins.
    pub async fn leads_of(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        from: Option<&LeadId>,
        limit: usize,
    ) -> Result<Page, BoardError> {
        let ((first, to), partition) = (keys::of_agent(entity, agent), self.partition(entity));
        let from = from.map_or(first, |lead| format!("[{}", keys::member(entity, agent, lead)));
        let mut range = redis::cmd("ZRANGE");
        range.arg(Keys(partition).owned()).arg(from).arg(to).arg("BYLEX");
        range.arg("LIMIT").arg(0).arg(limit + 1);
        let found: Vec<String> = self.read_one(partition, &range).await?;
        let mut leads: Vec<LeadId> = found.iter().filter_map(|member| lead_of(member)).collect();
        let next = leads.get(limit).map(ToString::to_string);
        leads.truncate(limit);
        Ok(Page { leads: self.load(partition, &leads).await?, next })
    }

    /// All leads of the entity, latest first.
    pub async fn leads(
        &self,
        entity: &EntityId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, BoardError> {
        let leads = Keys(self.partition(entity)).leads(entity);
        self.page(&leads, entity, after, limit).await
    }

    /// Everybody who is asked about anything in a partition.
    pub async fn asked(
        &self,
        partition: Partition,
    ) -> Result<Vec<(EntityId, AgentId)>, BoardError> {
        let (offers, mut asked, mut from) = (Keys(partition).offers(), Vec::new(), "-".to_owned());
        loop {
            let mut range = redis::cmd("ZRANGE");
            range.arg(&offers).arg(&from).arg("+").arg("BYLEX").arg("LIMIT").arg(0).arg(ASKED);
            let found: Vec<String> = self.read_one(partition, &range).await?;
            let theirs = found.iter().filter_map(|member| keys::whose(member));
            for whose in theirs {
                if asked.last() != Some(&whose) {
                    asked.push(whose);
                }
            }
            match asked.last().filter(|_| found.len() == ASKED) {
                // Whoever came last may have any number more: on to the next.
                Some((entity, agent)) => from = keys::of_agent(entity, agent).1,
                None => return Ok(asked),
            }
        }
    }

    /// The leads of an agent in `offers` or `owned`.
    pub(crate) async fn names_of_agent(
        &self,
        key: &str,
        entity: &EntityId,
        agent: &AgentId,
    ) -> Result<Vec<LeadId>, BoardError> {
        let ((from, to), partition) = (keys::of_agent(entity, agent), self.partition(entity));
        let range = redis::Cmd::zrangebylex(key, from, to);
        let members: Vec<String> = self.read_one(partition, &range).await?;
        Ok(members.iter().filter_map(|member| lead_of(member)).collect())
    }

    /// `after` is the last lead of the page before: its score and name.
    async fn page(
        &self,
        key: &str,
        entity: &EntityId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, BoardError> {
        let edge = after.and_then(|after| after.split_once('.'));
        let from = edge.map_or("+inf", |(score, _)| score);
        let mut reach = limit + 1 + if edge.is_some() { TIES } else { 0 };
        let mut found = loop {
            let mut range = redis::cmd("ZRANGE");
            range.arg(key).arg(from).arg("-inf").arg("BYSCORE").arg("REV");
            range.arg("LIMIT").arg(0).arg(reach).arg("WITHSCORES");
            let mut found: Vec<(String, String)> =
                self.read_one(self.partition(entity), &range).await?;
            let all = found.len() < reach;
            // Equal scores stand in descending order of name.
            found.retain(|(name, score)| {
                edge.is_none_or(|(at, last)| score != at || name.as_str() < last)
            });
            if all || found.len() > limit {
                break found;
            }
            reach *= 2;
        };

        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(name, score)| format!("{score}.{name}"));
        let leads: Vec<LeadId> = found.iter().filter_map(|(name, _)| name.parse().ok()).collect();
        Ok(Page { leads: self.load(self.partition(entity), &leads).await?, next })
    }

    /// These leads as they stand, in this order; those that are not there are left out, and
    /// those that this build cannot read, which must not hide all the others.
    pub(crate) async fn load(
        &self,
        partition: Partition,
        leads: &[LeadId],
    ) -> Result<Vec<OnBoard>, BoardError> {
        let read = |found: Result<OnBoard, BoardError>| {
            found
                .inspect_err(|error| error!(error = error as &dyn Error, "a lead is left out"))
                .ok()
        };
        Ok(self.load_each(partition, leads).await?.into_iter().filter_map(read).collect())
    }

    /// The same, with those that cannot be read.
    pub(crate) async fn load_each(
        &self,
        partition: Partition,
        leads: &[LeadId],
    ) -> Result<Vec<Result<OnBoard, BoardError>>, BoardError> {
        let keys = Keys(partition);
        let flat: Vec<Value> = self
            .read(partition, |all| {
                for lead in leads {
                    all.hgetall(keys.lead(lead)).get(keys.payload(lead));
                }
            })
            .await?;
        let mut found = Vec::with_capacity(leads.len());
        for (lead, pair) in leads.iter().zip(flat.chunks_exact(2)) {
            let fields: Vec<(String, String)> =
                redis::from_redis_value_ref(&pair[0]).map_err(RedisError::from)?;
            let payload: Option<String> =
                redis::from_redis_value_ref(&pair[1]).map_err(RedisError::from)?;
            if !fields.is_empty() {
                found.push(on_board(lead, &fields, payload.as_deref()));
            }
        }
        Ok(found)
    }
}

/// The last part of a member.
pub(crate) fn lead_of(member: &str) -> Option<LeadId> {
    member.rsplit('|').next().and_then(|lead| lead.parse().ok())
}

pub(crate) fn on_board(
    lead: &LeadId,
    fields: &[(String, String)],
    payload: Option<&str>,
) -> Result<OnBoard, BoardError> {
    let unreadable = |what: &dyn std::fmt::Display| Board::unreadable(lead, what);
    let read = Fields::of(fields);
    Ok(OnBoard {
        id: lead.clone(),
        entity: read.needed("entity").map_err(|what| unreadable(&what))?,
        version: read.parsed("version").map_err(|what| unreadable(&what))?.unwrap_or(0),
        now_is: read.after().map_err(|what| unreadable(&what))?,
        // A lead that was attached to another as it came in has no body of its own.
        lead: payload
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| unreadable(&place_in_json(&error)))?
            .unwrap_or_default(),
    })
}
