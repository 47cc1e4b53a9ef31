//! What people and programs may ask of the board.

use chrono::{DateTime, Utc};
use tipoff_domain::{AgentId, Cap, EntityId, LeadId};
use tipoff_runtime::{Nats, Redis};
use tipoff_wire::{Event, Partition};

use crate::keys::Keys;
use crate::log::Log;
use crate::reply::Reply;
use crate::scripts::{ASSIGN, CLAIM, GIVE_BACK, PASS, Verb};
use crate::{Actor, Assign, BoardError, Claim, OnBoard, Pass, Return, place};

/// The board. Cheap to clone.
#[derive(Clone)]
pub struct Board {
    pub(crate) redis: Redis,
    pub(crate) nats: Nats,
    pub(crate) log: Log,
    pub(crate) partitions: u16,
}

impl Board {
    /// A board of that many partitions, as the roster records it.
    pub fn new(redis: Redis, nats: Nats, partitions: u16) -> Self {
        Self { redis, log: Log::new(nats.clone()), nats, partitions }
    }

    /// Claims `lead` for `agent`, who has no limits. `round`: the round the
    /// agent was asked in. Left out, whatever is open now counts, the pool
    /// included. `request` makes a retry hear the first answer.
    pub async fn claim(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        request: &str,
    ) -> Result<Claim, BoardError> {
        self.claim_under(&[], entity, lead, agent, round, request).await
    }

    /// The same under the agent's limits, which count where the offer has not
    /// reserved a place (D-22).
    pub async fn claim_under(
        &self,
        caps: &[Cap],
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        request: &str,
    ) -> Result<Claim, BoardError> {
        let caps = place::caps(caps);
        let round = round.map(|round| round.to_string()).unwrap_or_default();
        let reply =
            self.change(&CLAIM, entity, lead, &[agent.as_str(), &round, request, &caps]).await?;
        Ok(match reply.word.as_str() {
            "won" => Claim::Won(self.expect_lead(entity, lead).await?),
            "already_yours" => Claim::AlreadyYours(self.expect_lead(entity, lead).await?),
            "taken" => Claim::Taken,
            "too_late" => Claim::TooLate,
            "withdrawn" => Claim::Withdrawn,
            "passed" => Claim::Passed,
            "not_offered" => Claim::NotOffered,
            "limit_reached" => Claim::LimitReached,
            "unknown" => Claim::Unknown,
            _ => return Err(CLAIM.unknown(reply.word)),
        })
    }

    /// `agent` does not want `lead`. When nobody is left who was asked, it moves on at once.
    pub async fn pass(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        reason: Option<&str>,
        request: &str,
    ) -> Result<Pass, BoardError> {
        let round = round.map(|round| round.to_string()).unwrap_or_default();
        let reason = quoted(reason);
        let reply =
            self.change(&PASS, entity, lead, &[agent.as_str(), &round, request, &reason]).await?;
        Ok(match reply.word.as_str() {
            "passed" => Pass::Passed,
            "passed_by_all" => {
                self.wake(self.partition(entity)).await;
                Pass::Passed
            }
            "already_yours" => Pass::AlreadyYours,
            "taken" => Pass::Taken,
            "too_late" => Pass::TooLate,
            "withdrawn" => Pass::Withdrawn,
            "not_offered" => Pass::NotOffered,
            "unknown" => Pass::Unknown,
            _ => return Err(PASS.unknown(reply.word)),
        })
    }

    /// A person gives `lead` to `agent`, wherever it stands.
    pub async fn assign(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        by: &Actor,
        request: &str,
    ) -> Result<Assign, BoardError> {
        let reply =
            self.change(&ASSIGN, entity, lead, &[agent.as_str(), by.name(), request]).await?;
        Ok(match reply.word.as_str() {
            "assigned" => Assign::Assigned(self.expect_lead(entity, lead).await?),
            "closed" => Assign::Closed,
            "unknown" => Assign::Unknown,
            _ => return Err(ASSIGN.unknown(reply.word)),
        })
    }

    /// Sends `lead` to the pool: an agent what they have, an admin anything.
    pub async fn give_back(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        by: &Actor,
        reason: Option<&str>,
        request: &str,
    ) -> Result<Return, BoardError> {
        let agent = match by {
            Actor::Agent(agent) => agent.as_str(),
            Actor::Admin => "",
        };
        let reason = quoted(reason);
        let reply =
            self.change(&GIVE_BACK, entity, lead, &[agent, by.name(), request, &reason]).await?;
        Ok(match reply.word.as_str() {
            "returned" => Return::Returned(self.expect_lead(entity, lead).await?),
            "not_yours" => Return::NotYours,
            "unknown" => Return::Unknown,
            _ => return Err(GIVE_BACK.unknown(reply.word)),
        })
    }

    /// Everything that happened to the lead, oldest first, from the log.
    pub async fn timeline(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Vec<Event>, BoardError> {
        let history = self.log.history(self.partition(entity), entity, lead).await;
        let history = history.map_err(|error| BoardError::Log(Box::new(error)))?;
        Ok(history.into_iter().map(|logged| logged.event).collect())
    }

    /// The board's clock: what the deadlines of `entity` are compared with.
    pub async fn time(&self, entity: &EntityId) -> Result<DateTime<Utc>, BoardError> {
        let clock = Keys(self.partition(entity)).clock();
        let mut both = redis::pipe();
        both.hget(&clock, "high").cmd("TIME");
        let (high, (seconds, micros)): (Option<i64>, (i64, i64)) =
            both.query_async(&mut self.redis.clone()).await?;
        let now = (seconds * 1_000 + micros / 1_000).max(high.unwrap_or(0));
        Ok(DateTime::from_timestamp_millis(now).unwrap_or_default())
    }

    /// Runs a script that changes a lead, and commits what it changed.
    async fn change(
        &self,
        verb: &'static Verb,
        entity: &EntityId,
        lead: &LeadId,
        args: &[&str],
    ) -> Result<Reply, BoardError> {
        let mut invocation = verb.on(&Keys(self.partition(entity)).of_lead(entity, lead));
        invocation.arg(lead.as_str());
        for arg in args {
            invocation.arg(arg);
        }
        let reply = verb.run(&invocation, &self.redis).await?;
        self.commit(entity, &reply).await?;
        Ok(reply)
    }

    async fn expect_lead(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Box<OnBoard>, BoardError> {
        let found = self.lead(entity, lead).await?;
        found
            .map(Box::new)
            .ok_or_else(|| Self::unreadable(lead, &"it vanished after it was changed"))
    }

    pub(crate) fn partition(&self, entity: &EntityId) -> Partition {
        Partition::of(entity, self.partitions)
    }
}

impl Actor {
    /// As it stands in events.
    fn name(&self) -> &str {
        match self {
            Self::Agent(agent) => agent.as_str(),
            Self::Admin => "admin",
        }
    }
}

/// What a person wrote, as JSON, so that no character of it can mean anything on the way.
fn quoted(text: Option<&str>) -> String {
    text.map(|text| serde_json::Value::from(text).to_string()).unwrap_or_default()
}
