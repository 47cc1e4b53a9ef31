//! How a server misbehaves, for as long as it is told to.

use tokio::sync::watch;

use super::mailbox::PATIENCE;

/// The present fault of a server, and how often clients met one. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Faults<F> {
    now: watch::Sender<Option<F>>,
    struck: watch::Sender<u64>,
}

impl<F> Default for Faults<F> {
    fn default() -> Self {
        Self { now: watch::Sender::new(None), struck: watch::Sender::new(0) }
    }
}

impl<F: Copy + PartialEq + Send + Sync> Faults<F> {
    /// From now on misbehaves so, or behaves.
    pub(super) fn set(&self, fault: impl Into<Option<F>>) {
        self.now.send_replace(fault.into());
    }

    /// What a client meets now; it is counted.
    pub(super) fn strike(&self) -> Option<F> {
        let fault = *self.now.borrow();
        if fault.is_some() {
            self.struck.send_modify(|struck| *struck += 1);
        }
        fault
    }

    /// Waits until the server does not misbehave so any more.
    pub(super) async fn outlast(&self, fault: F) {
        // The sender is ours, so it cannot be gone.
        self.now.subscribe().wait_for(|now| *now != Some(fault)).await.map(drop).ok();
    }

    /// Waits until clients have met a fault this often, all in all.
    pub(super) async fn struck(&self, times: u64) {
        let mut struck = self.struck.subscribe();
        let enough = struck.wait_for(|so_far| *so_far >= times);
        let waited = tokio::time::timeout(PATIENCE, enough).await;
        assert!(waited.is_ok(), "no client met a fault {times} times within {PATIENCE:?}");
    }
}
