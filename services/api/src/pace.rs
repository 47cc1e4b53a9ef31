//! How fast callers may ask: each key, all of an entity together, and claims of
//! one agent, who is to be no faster than a person. Each process counts for
//! itself, in memory, as intake does. Operators are not counted.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::{DateTime, Utc};
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use tipoff_domain::{AgentId, EntityId};
use tipoff_roster::{Access, Role};
use tipoff_runtime::pace::{self, Allowance, Meter, Standing};

/// Meters to keep before those are forgotten that stand at zero.
const MANY: usize = 10_000;

/// Whose pace it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Key(String),
    Entity(EntityId),
    Claims(EntityId, AgentId),
}

/// Somebody asks faster than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooFast {
    pub(crate) whose: &'static str,
    pub(crate) allowed: Allowance,
    pub(crate) wait: Duration,
}

/// What is left to the caller, of everything that was counted.
pub(crate) type Left = Vec<(&'static str, Allowance, Standing)>;

#[derive(Debug)]
pub(crate) struct Paces {
    /// Per second; `None`: as fast as they can.
    key: Option<NonZeroU32>,
    entity: Option<NonZeroU32>,
    claims: Option<NonZeroU32>,
    meters: Mutex<HashMap<Whose, Meter>>,
    refused: Counter<u64>,
}

impl Paces {
    /// Per second, 0 for no limit.
    pub(crate) fn new(key: u32, entity: u32, claims: u32) -> Self {
        let meter = global::meter("tipoff-api");
        let refused = meter
            .u64_counter("tipoff_api_too_fast")
            .with_description("Requests that came faster than their key, entity or agent may ask");
        Self {
            key: NonZeroU32::new(key),
            entity: NonZeroU32::new(entity),
            claims: NonZeroU32::new(claims),
            meters: Mutex::default(),
            refused: refused.build(),
        }
    }

    /// Counts one request, or nothing at all.
    pub(crate) fn take(
        &self,
        access: &Access,
        is_claim: bool,
        now: DateTime<Utc>,
    ) -> Result<Left, TooFast> {
        let limits = self.limits(access, is_claim);
        let mut meters = self.lock(now);
        for (whose, meter, allowed) in &limits {
            if let Some(wait) = meters.entry(meter.clone()).or_default().wait(*allowed, now) {
                self.refused.add(1, &[KeyValue::new("limit", *whose)]);
                return Err(TooFast { whose, allowed: *allowed, wait });
            }
        }
        let count = |(whose, meter, allowed)| {
            let meter = meters.entry(meter).or_default();
            meter.take(allowed, now);
            (whose, allowed, meter.standing(allowed, now))
        };
        Ok(limits.into_iter().map(count).collect())
    }

    fn limits(&self, access: &Access, is_claim: bool) -> Vec<(&'static str, Whose, Allowance)> {
        if access.role == Role::Operator {
            return Vec::new();
        }
        let key = self.key.map(|rate| ("key", Whose::Key(access.key_id.clone()), rate));
        let entity = self.entity.zip(access.entity.clone());
        let entity = entity.map(|(rate, entity)| ("entity", Whose::Entity(entity), rate));
        let agent = access.entity.clone().zip(access.agent.clone()).filter(|_| is_claim);
        let claims = self.claims.zip(agent);
        let claims =
            claims.map(|(rate, (entity, agent))| ("claims", Whose::Claims(entity, agent), rate));
        let all = [claims, key, entity].into_iter().flatten();
        all.map(|(word, whose, rate)| (word, whose, Allowance::per_second(rate))).collect()
    }

    fn lock(&self, now: DateTime<Utc>) -> MutexGuard<'_, HashMap<Whose, Meter>> {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        if meters.len() >= MANY && meters.len() == meters.capacity() {
            meters.retain(|_, meter| !meter.is_at_zero(now));
        }
        meters
    }
}

/// Says with the answer how much more may be asked.
pub(crate) fn say(headers: &mut HeaderMap, left: &Left) {
    for (name, value) in pace::headers(left) {
        if let Ok(value) = HeaderValue::from_str(&value)
            && !value.is_empty()
        {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn ana(key: &str) -> Access {
        Access {
            key_id: key.to_owned(),
            role: Role::Agent,
            entity: Some("acme".parse().unwrap()),
            agent: Some("ana".parse().unwrap()),
            source: None,
        }
    }

    fn start() -> DateTime<Utc> {
        "2026-11-22T09:30:00Z".parse().unwrap()
    }

    fn let_in(paces: &Paces, access: &Access, is_claim: bool, now: DateTime<Utc>) -> usize {
        (0..1_000).filter(|_| paces.take(access, is_claim, now).is_ok()).count()
    }

    #[test]
    fn two_keys_of_an_agent_claim_no_faster_than_one() {
        let paces = Paces::new(0, 0, 1);
        assert_eq!(let_in(&paces, &ana("one"), true, start()), 60);
        assert_eq!(let_in(&paces, &ana("two"), true, start()), 0);
        assert_eq!(let_in(&paces, &ana("two"), true, start() + TimeDelta::seconds(3)), 3);
        assert_eq!(let_in(&paces, &ana("one"), false, start()), 1_000, "looking is no claim");
    }

    #[test]
    fn who_is_refused_is_told_whose_limit_it_is_and_uses_up_nothing_else() {
        let paces = Paces::new(1, 2, 0);
        assert_eq!(let_in(&paces, &ana("one"), false, start()), 60);
        let refused = paces.take(&ana("one"), false, start()).unwrap_err();
        assert_eq!((refused.whose, refused.wait), ("key", Duration::from_secs(1)));
        assert_eq!(let_in(&paces, &ana("two"), false, start()), 60);
        assert_eq!(paces.take(&ana("three"), false, start()).unwrap_err().whose, "entity");
    }

    #[test]
    fn operators_are_not_counted() {
        let operator = Access { role: Role::Operator, entity: None, agent: None, ..ana("one") };
        assert_eq!(let_in(&Paces::new(1, 1, 1), &operator, true, start()), 1_000);
    }
}
