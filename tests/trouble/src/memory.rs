//! How much memory the services take, as time goes by.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::service::Kind;
use crate::system::System;

const EVERY: Duration = Duration::from_secs(10);

/// Of the first process of each service, in MB, from the beginning to the end.
#[derive(Debug, Default)]
pub struct Memory(Mutex<BTreeMap<Kind, Vec<u64>>>);

/// What it took in the first fifth of the time, in the last, and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub kind: Kind,
    pub first: u64,
    pub last: u64,
    pub most: u64,
}

impl Memory {
    /// Looks again and again, until it is dropped.
    pub async fn watch(&self, system: &System) {
        let mut every = interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let mut seen = Vec::new();
            for service in &system.services {
                let service = service.lock().await;
                let is_first = seen.iter().all(|(kind, _)| *kind != service.kind);
                if let Some(megabytes) = service.memory().await.filter(|_| is_first) {
                    seen.push((service.kind, megabytes));
                }
            }
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (kind, megabytes) in seen {
                all.entry(kind).or_default().push(megabytes);
            }
        }
    }

    /// What was seen.
    pub fn taken(&self) -> Vec<Taken> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter_map(|(kind, seen)| taken(*kind, seen)).collect()
    }
}

fn taken(kind: Kind, seen: &[u64]) -> Option<Taken> {
    let fifth = seen.len().div_ceil(5);
    let (first, last) = (seen.get(..fifth)?, seen.get(seen.len() - fifth..)?);
    Some(Taken { kind, first: middle(first)?, last: middle(last)?, most: *seen.iter().max()? })
}

fn middle(seen: &[u64]) -> Option<u64> {
    let mut seen = seen.to_vec();
    seen.sort_unstable();
    seen.get(seen.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_is_seen_to_grow() {
        let seen: Vec<u64> = (1..=50).collect();
        let Taken { first, last, most, .. } = taken(Kind::Api, &seen).unwrap();
        assert_eq!((first, last, most), (6, 46, 50));
        assert_eq!(taken(Kind::Api, &[]), None);
    }
}
