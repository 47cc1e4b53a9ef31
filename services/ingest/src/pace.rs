//! How fast leads may come: so many per second from each source and to each
//! entity, with a minute's worth at once after a quiet time. And how fast they
//! may come to wait in line with everybody's: what comes to an entity beyond that
//! is taken in as well, but nobody else waits behind it.
//!
//! Each process counts for itself, in memory: what is protected is this process
//! and what it writes to. So a source may send as much to each of several
//! processes; and a lead is taken in as long as there is NATS, whatever else is
//! away.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use tipoff_domain::{EntityId, EntityView, SourceId};
use tipoff_runtime::pace::{Allowance, Meter, Standing};
use tipoff_wire::Line;

/// Meters to keep before those are forgotten that stand at zero.
const MANY: usize = 10_000;

/// Whose pace it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    /// `None`: whoever sends for the whole entity.
    Source(EntityId, Option<SourceId>),
    Entity(EntityId),
    /// What waits with everybody's leads.
    Prompt(EntityId),
}

/// Somebody sends faster than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{whose} sends more than {} leads per second", allowed.per_second)]
pub(crate) struct TooFast {
    /// `source` or `entity`.
    pub(crate) whose: &'static str,
    pub(crate) allowed: Allowance,
    pub(crate) wait: Duration,
}

/// Who sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) entity: &'a EntityView,
    pub(crate) source: Option<&'a SourceId>,
}

pub(crate) struct Paces {
    /// Per second; `None`: as fast as they can.
    source: Option<NonZeroU32>,
    entity: Option<NonZeroU32>,
    /// `None`: all leads wait in one line.
    prompt: Option<NonZeroU32>,
    meters: Mutex<HashMap<Whose, Meter>>,
    refused: Counter<u64>,
    bulk: Counter<u64>,
}

impl Paces {
    /// Leads per second, 0 for no limit.
    pub(crate) fn new(source: u32, entity: u32, prompt: u32) -> Self {
        let meter = global::meter("tipoff-ingest");
        let refused = meter
            .u64_counter("tipoff_intake_too_fast")
            .with_description("Leads that came faster than their source or entity may send");
        let bulk = meter
            .u64_counter("tipoff_intake_bulk")
            .with_description("Leads that came faster than others wait behind them");
        Self {
            source: NonZeroU32::new(source),
            entity: NonZeroU32::new(entity),
            prompt: NonZeroU32::new(prompt),
            meters: Mutex::default(),
            refused: refused.build(),
            bulk: bulk.build(),
        }
    }

    /// Where one more lead of the entity waits.
    pub(crate) fn line(&self, entity: &EntityId, now: DateTime<Utc>) -> Line {
        let Some(allowed) = self.prompt.map(Allowance::per_second) else { return Line::Prompt };
        let mut meters = self.lock(now);
        let meter = meters.entry(Whose::Prompt(entity.clone())).or_default();
        if meter.wait(allowed, now).is_some() {
            self.bulk.add(1, &[]);
            return Line::Bulk;
        }
        meter.take(allowed, now);
        Line::Prompt
    }

    /// Counts one lead, or nothing at all.
    pub(crate) fn take(&self, sender: Sender<'_>, now: DateTime<Utc>) -> Result<(), TooFast> {
        let limits = self.limits(sender);
        let mut meters = self.lock(now);
        for (word, whose, allowed) in &limits {
            let meter = meters.entry(whose.clone()).or_default();
            if let Some(wait) = meter.wait(*allowed, now) {
                self.refused.add(1, &[KeyValue::new("limit", *word)]);
                return Err(TooFast { whose: word, allowed: *allowed, wait });
            }
        }
        for (_, whose, allowed) in limits {
            meters.entry(whose).or_default().take(allowed, now);
        }
        Ok(())
    }

    /// As [`Paces::take`] for one who can be asked to come later: those who are
    /// put off are expected back one after the other.
    pub(crate) fn take_or_return(
        &self,
        sender: Sender<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), Duration> {
        let Err(too_fast) = self.take(sender, now) else { return Ok(()) };
        let slow = self.limits(sender).into_iter().find(|(word, ..)| *word == too_fast.whose);
        let mut meters = self.lock(now);
        Err(slow.map_or(too_fast.wait, |(_, whose, allowed)| {
            meters.entry(whose).or_default().put_off(allowed, now)
        }))
    }

    /// How everybody stands whose limit it is.
    pub(crate) fn standing(
        &self,
        sender: Sender<'_>,
        now: DateTime<Utc>,
    ) -> Vec<(&'static str, Allowance, Standing)> {
        let limits = self.limits(sender);
        let mut meters = self.lock(now);
        let stand = |(word, whose, allowed)| {
            (word, allowed, meters.entry(whose).or_default().standing(allowed, now))
        };
        limits.into_iter().map(stand).collect()
    }

    fn limits(&self, sender: Sender<'_>) -> Vec<(&'static str, Whose, Allowance)> {
        let Sender { entity, source } = sender;
        let own = source.and_then(|source| entity.sources.get(source)?.leads_per_second);
        let of_source = own.or(self.source).map(Allowance::per_second);
        let of_entity = self.entity.map(Allowance::per_second);
        let whose = Whose::Source(entity.id.clone(), source.cloned());
        let source = of_source.map(|allowed| ("source", whose, allowed));
        let entity = of_entity.map(|allowed| ("entity", Whose::Entity(entity.id.clone()), allowed));
        source.into_iter().chain(entity).collect()
    }

    fn lock(&self, now: DateTime<Utc>) -> MutexGuard<'_, HashMap<Whose, Meter>> {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        if meters.len() >= MANY && meters.len() == meters.capacity() {
            meters.retain(|_, meter| !meter.is_at_zero(now));
        }
        meters
    }
}

#[cfg(test)]
mod tests;
