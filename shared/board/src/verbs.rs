//! What services may ask of the board.

use chrono::{DateTime, Utc};
use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_runtime::{Nats, Redis};
use tipoff_wire::Event;

use crate::{Actor, Assign, BoardError, Claim, OnBoard, Page, Pass, Return};

/// The board. Cheap to clone.
#[derive(Clone)]
pub struct Board {}

#[expect(unused_variables, clippy::unused_async, reason = "to be written")]
impl Board {
    pub fn new(redis: Redis, nats: Nats, partitions: u16) -> Self {
        todo!()
    }
    /// The board's clock for an entity: what deadlines are compared with.
    pub async fn time(&self, entity: &EntityId) -> Result<DateTime<Utc>, BoardError> {
        todo!()
    }
    /// `round`: the round the agent was asked in. Left out, whatever is open
    /// now counts, the pool included. `request` makes a retry harmless.
    pub async fn claim(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        request: &str,
    ) -> Result<Claim, BoardError> {
        todo!()
    }
    pub async fn pass(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        reason: Option<&str>,
        request: &str,
    ) -> Result<Pass, BoardError> {
        todo!()
    }
    pub async fn assign(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        by: &Actor,
        request: &str,
    ) -> Result<Assign, BoardError> {
        todo!()
    }
    /// An agent may send back only what they have; an admin anything.
    pub async fn give_back(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        by: &Actor,
        reason: Option<&str>,
        request: &str,
    ) -> Result<Return, BoardError> {
        todo!()
    }
    pub async fn lead(&self, entity: &EntityId, lead: &LeadId) -> Result<Option<OnBoard>, BoardError> {
        todo!()
    }
    /// What the agent may claim now.
    pub async fn offers_to(&self, entity: &EntityId, agent: &AgentId) -> Result<Vec<OnBoard>, BoardError> {
        todo!()
    }
    /// What the agent has.
    pub async fn leads_of(&self, entity: &EntityId, agent: &AgentId) -> Result<Vec<OnBoard>, BoardError> {
        todo!()
    }
    pub async fn pool(&self, entity: &EntityId, after: Option<&str>, limit: usize) -> Result<Page, BoardError> {
        todo!()
    }
    pub async fn leads(&self, entity: &EntityId, after: Option<&str>, limit: usize) -> Result<Page, BoardError> {
        todo!()
    }
    /// Everything that happened to the lead, oldest first, from the log.
    pub async fn timeline(&self, entity: &EntityId, lead: &LeadId) -> Result<Vec<Event>, BoardError> {
        todo!()
    }
}
