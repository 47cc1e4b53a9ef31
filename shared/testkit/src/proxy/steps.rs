//! How often something may still be said.

use tokio::sync::watch;

/// What a process has left to say to anybody: one step is one piece as it comes over
/// the wire. What others see of a crash is only after which of them it came. Clones share
/// what is left.
#[derive(Debug, Clone)]
pub struct Steps(watch::Sender<Count>);

#[derive(Debug, Clone, Copy)]
struct Count {
    left: u64,
    taken: u64,
}

impl Steps {
    /// As many as anybody wants.
    pub fn without_end() -> Self {
        Self(watch::Sender::new(Count { left: u64::MAX, taken: 0 }))
    }

    /// From now on so many more.
    pub fn allow(&self, steps: u64) {
        self.0.send_modify(|count| count.left = steps);
    }

    /// How many were taken so far.
    pub fn taken(&self) -> u64 {
        self.0.borrow().taken
    }

    /// Waits until none is left.
    pub async fn over(&self) {
        let mut counted = self.0.subscribe();
        // It lasts as long as we do.
        drop(counted.wait_for(|count| count.left == 0).await);
    }

    /// Takes one, if one is left.
    pub(super) fn take(&self) -> bool {
        self.0.send_if_modified(|count| {
            let any = count.left > 0;
            if any {
                *count = Count { left: count.left - 1, taken: count.taken + 1 };
            }
            any
        })
    }
}
