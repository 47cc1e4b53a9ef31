//! Waiting longer and longer between tries.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Pauses that double up to a limit, each a little shorter than that by
/// chance, so that many processes do not try again in the same instant.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Begins with `first` and never waits longer than `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// Begins again; it worked.
    pub fn reset(&mut self) {
        self.next = self.first;
    }

    /// Waits. `false`: `stop` was cancelled meanwhile.
    pub async fn wait(&mut self, stop: &CancellationToken) -> bool {
        let pause = self.take();
        tokio::select! {
            () = stop.cancelled() => false,
            () = tokio::time::sleep(pause) => true,
        }
    }

    fn take(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.longest);
        // Seeded by the system; good enough to spread tries, not for secrets.
        let chance = u32::try_from(RandomState::new().hash_one(0_u8) % 256).unwrap_or_default();
        whole.saturating_sub(whole / 1024 * chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit_and_vary_by_a_quarter_at_most() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        for whole in [100, 200, 350, 350] {
            let pause = backoff.take();
            assert!(pause <= Duration::from_millis(whole), "{pause:?} after {whole}");
            assert!(pause >= Duration::from_millis(whole * 3 / 4), "{pause:?} after {whole}");
        }
        backoff.reset();
        assert!(backoff.take() <= Duration::from_millis(100));
    }
}
