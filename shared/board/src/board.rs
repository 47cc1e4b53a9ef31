//! The board itself, and how a change goes through.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use opentelemetry::global;
use opentelemetry::metrics::Counter;
use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_runtime::{Nats, Redis};
use tipoff_wire::{Event, Line, Partition};

use crate::gate::Gate;
use crate::keys::Keys;
use crate::lists::on_board;
use crate::log::{Log, Logged};
use crate::reply::Reply;
use crate::scripts::{Scripts, Verb};
use crate::{BoardError, OnBoard};

/// The board. Cheap to clone.
#[derive(Clone)]
pub struct Board {
    pub(crate) redis: Redis,
    pub(crate) nats: Nats,
    pub(crate) log: Log,
    pub(crate) scripts: Arc<Scripts>,
    pub(crate) partitions: u16,
    pub(crate) gate: Arc<Gate>,
    /// For how long leads stay here that are over; `None`: for ever.
    pub(crate) kept: Option<TimeDelta>,
    /// How often the log told otherwise than the board.
    pub(crate) conflicts: Counter<u64>,
}

/// Who asks for a change, as it stands in the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    Agent(AgentId),
    Admin,
}

impl Board {
    /// A board of that many partitions, as the roster records it.
    pub fn new(redis: Redis, nats: Nats, partitions: u16) -> Self {
        let conflicts = global::meter("tipoff-board")
            .u64_counter("tipoff_history_conflict")
            .with_description("Leads on which the board and the log disagreed; the log won")
            .build();
        // Nobody else has such an address.
        let gate = Arc::new(Gate::new(nats.client.new_inbox()));
        let (log, scripts) = (Log::new(nats.clone()), Scripts::as_written());
        Self { redis, nats, log, scripts, partitions, gate, kept: None, conflicts }
    }

    /// The same board for those for whom nobody waits: it gives the log more time.
    pub fn patient(self) -> Self {
        Self { log: self.log.patient(), ..self }
    }

    /// The same board for the leads of that line: their events keep nobody else's waiting.
    #[must_use]
    pub fn of(self, line: Line) -> Self {
        Self { log: self.log.of(line), ..self }
    }

    /// The same board with its scripts edited: so that a test can break them on
    /// purpose and see whether anybody notices.
    #[doc(hidden)]
    pub fn with_scripts(self, edit: impl Fn(&str) -> String) -> Self {
        Self { scripts: Arc::new(Scripts::edited(edit)), ..self }
    }

    /// Each script's name, and the hash under which Redis' own statistics know it, as far as it was run.
    pub fn scripts(&self) -> Vec<(&'static str, String)> {
        self.scripts.hashes()
    }

    /// Everything that happened to the lead, oldest first, from the log.
    pub async fn timeline(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Vec<Event>, BoardError> {
        let history: Vec<Logged<Event>> =
            self.log.history(self.partition(entity), entity, lead).await?;
        Ok(history.into_iter().map(|logged| logged.event).collect())
    }

    /// The board's clock: what the deadlines of `entity` are compared with.
    pub async fn time(&self, entity: &EntityId) -> Result<DateTime<Utc>, BoardError> {
        let clock = Keys(self.partition(entity)).clock();
        let mut both = redis::pipe();
        both.hget(&clock, "high").cmd("TIME");
        let (high, time) = both.query_async(&mut self.redis.clone()).await?;
        Ok(by_clock(high, time))
    }

    /// How a lead stands, if it is there, and the board's clock: in one round trip.
    pub async fn lead_now(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<(Option<OnBoard>, DateTime<Utc>), BoardError> {
        let partition = self.partition(entity);
        let keys = Keys(partition);
        let (high, time, fields, payload): (_, _, Vec<(String, String)>, Option<String>) = self
            .read(partition, |all| {
                all.hget(keys.clock(), "high").cmd("TIME");
                all.hgetall(keys.lead(lead)).get(keys.payload(lead));
            })
            .await?;
        let found = (!fields.is_empty()).then(|| on_board(lead, &fields, payload.as_deref()));
        let found = found.transpose()?.filter(|found| found.entity == *entity);
        Ok((found, by_clock(high, time)))
    }

    /// Runs a script that changes a lead, and commits what it changed.
    pub(crate) async fn change(
        &self,
        verb: &Verb,
        entity: &EntityId,
        lead: &LeadId,
        args: &[&str],
    ) -> Result<Reply, BoardError> {
        let partition = self.partition(entity);
        let mut call = verb.on(&Keys(partition).of_lead(entity, lead));
        call.arg(lead.as_str());
        for arg in args {
            call.arg(arg);
        }
        let mut reply: Reply = self.run(partition, &call).await?;
        if reply.word == "unknown" && self.recall(entity, lead).await? {
            reply = self.run(partition, &call).await?;
        }
        self.commit(entity, &reply).await?;
        Ok(reply)
    }

    pub(crate) async fn expect_lead(
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

/// The server's time, or what the clock has reached already.
fn by_clock(high: Option<i64>, (seconds, micros): (i64, i64)) -> DateTime<Utc> {
    let now = (seconds * 1_000 + micros / 1_000).max(high.unwrap_or(0));
    DateTime::from_timestamp_millis(now).unwrap_or_default()
}

impl Actor {
    /// As it stands in events.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Agent(agent) => agent.as_str(),
            Self::Admin => "admin",
        }
    }
}
