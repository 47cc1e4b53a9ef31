//! Leads that stand where nobody would find them: with an agent who had left before
//! routing gave them away, or in a pond that is gone. Whatever was planned before
//! that may come to the board after it. They go to the entity's pool.

use chrono::{DateTime, Utc};
use tipoff_domain::plan::How;
use tipoff_domain::{AgentId, EntityId, LeadId, PondId};
use tipoff_wire::After;
use tipoff_wire::event::State;

use crate::keys::{self, Keys};
use crate::lists::lead_of;
use crate::ponds::{HELD, POOL};
use crate::words::quoted;
use crate::{Board, BoardError, OnBoard};

/// Leads looked at in one go.
const LOOKED_AT: usize = 100;

impl Board {
    /// Takes from `agent` what routing gave to them at `since` or later without
    /// asking them. Answers those leads as they rest in the pool now.
    pub async fn take_from(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        since: DateTime<Utc>,
    ) -> Result<Vec<OnBoard>, BoardError> {
        let owned = Keys(self.partition(entity)).owned();
        let leads = self.names_of_agent(&owned, entity, agent).await?;
        let is_stranded = |now_is: &After| was_given(now_is, agent, since);
        let taken = self.rescue(entity, &leads, "agent_gone", is_stranded).await?;
        self.leads_named(entity, &taken).await
    }

    /// Sends what rests in `pond` to the entity's pool. Answers how many leads.
    pub async fn empty_pond(&self, entity: &EntityId, pond: &PondId) -> Result<usize, BoardError> {
        let partition = self.partition(entity);
        let (pool, (from, to)) = (Keys(partition).pool(entity), keys::of_pond(pond.as_str()));
        let range = redis::Cmd::zrangebylex(pool.as_str(), from, to);
        let members: Vec<String> = self.read_one(partition, &range).await?;
        let leads: Vec<LeadId> = members.iter().filter_map(|member| lead_of(member)).collect();
        let is_stranded =
            |now_is: &After| now_is.state == State::Pooled && now_is.pond.as_ref() == Some(pond);
        Ok(self.rescue(entity, &leads, "pond_gone", is_stranded).await?.len())
    }

    /// The ponds in which anything rests, besides the entity's pool.
    pub async fn ponds_in_use(&self, entity: &EntityId) -> Result<Vec<PondId>, BoardError> {
        let partition = self.partition(entity);
        let pool = Keys(partition).pool(entity);
        let (mut ponds, mut from) = (Vec::new(), "-".to_owned());
        loop {
            let mut range = redis::cmd("ZRANGE");
            range.arg(&pool).arg(&from).arg("+").arg("BYLEX").arg("LIMIT").arg(0).arg(1);
            let found: Vec<String> = self.read_one(partition, &range).await?;
            let Some((name, _)) = found.first().and_then(|member| member.split_once('|')) else {
                return Ok(ponds);
            };
            if name != POOL && name != HELD {
                ponds.extend(name.parse::<PondId>().ok());
            }
            // Any number more may rest there: on to the next.
            from = keys::of_pond(name).1;
        }
    }

    /// Sends those of `leads` to the pool that stand like that. Answers which.
    async fn rescue(
        &self,
        entity: &EntityId,
        leads: &[LeadId],
        why: &str,
        is_stranded: impl Fn(&After) -> bool + Send + Sync,
    ) -> Result<Vec<LeadId>, BoardError> {
        let mut rescued = Vec::new();
        for some in leads.chunks(LOOKED_AT) {
            let found = self.load_each(self.partition(entity), some).await?;
            // One that cannot be read keeps no other waiting.
            for lead in found.into_iter().flatten() {
                if is_stranded(&lead.now_is) && self.rescue_one(&lead, why).await? {
                    rescued.push(lead.id);
                }
            }
        }
        Ok(rescued)
    }

    /// `false`: it has changed since it was looked at.
    async fn rescue_one(&self, lead: &OnBoard, why: &str) -> Result<bool, BoardError> {
        let verb = &self.scripts.rescue;
        let (version, why) = (lead.version.to_string(), quoted(Some(why)));
        let reply = self.change(verb, &lead.entity, &lead.id, &[&version, &why]).await?;
        match reply.word.as_str() {
            "rescued" => Ok(true),
            "stale" => Ok(false),
            _ => Err(verb.unknown(reply.word)),
        }
    }
}

/// Whether routing gave it to `agent` at `since` or later without asking them.
fn was_given(now_is: &After, agent: &AgentId, since: DateTime<Utc>) -> bool {
    now_is.state == State::Assigned
        && now_is.agent.as_ref() == Some(agent)
        && now_is.how.is_some_and(How::is_unasked)
        && now_is.since.is_some_and(|given| given >= since)
}
