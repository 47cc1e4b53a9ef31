//! Partitions whose Redis server did not answer a moment ago.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tipoff_wire::Partition;
use tokio::time::Instant;

/// How long nobody else asks a server that did not answer.
pub(crate) const REST: Duration = Duration::from_secs(1);

/// Where one server of many is away, each lead for it would wait for an answer,
/// and take the seat of one that could be placed. So one asks, and the others
/// wait outside. Clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Away(Arc<Mutex<BTreeMap<Partition, Instant>>>);

impl Away {
    /// Its server did not answer.
    pub(crate) fn found(&self, partition: Partition) {
        self.lock().insert(partition, Instant::now() + REST);
    }

    /// Whether it is too early to ask again. The first who asks when it is not,
    /// asks for all.
    pub(crate) fn rests(&self, partition: Partition) -> bool {
        let (mut away, now) = (self.lock(), Instant::now());
        match away.get_mut(&partition) {
            Some(until) if *until > now => true,
            Some(until) => {
                *until = now + REST;
                false
            }
            None => false,
        }
    }

    /// Its server answered.
    pub(crate) fn is_back(&self, partition: Partition) {
        self.lock().remove(&partition);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Partition, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn of_a_server_that_did_not_answer_one_asks_a_second() {
        let away = Away::default();
        away.found(Partition(3));
        assert!(away.rests(Partition(3)));
        assert!(!away.rests(Partition(4)), "another server");
        advance(REST).await;
        assert!(!away.rests(Partition(3)), "the first asks");
        assert!(away.rests(Partition(3)), "for the others");
    }

    #[tokio::test(start_paused = true)]
    async fn when_a_server_is_back_everybody_asks_it() {
        let away = Away::default();
        away.found(Partition(3));
        away.is_back(Partition(3));
        assert!(!away.rests(Partition(3)) && !away.rests(Partition(3)));
    }
}
