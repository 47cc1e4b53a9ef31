//! What is done again and again, beside everything else.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

/// Ticks at `first`, and then with so much time between any two.
pub(crate) fn every(first: Instant, period: Duration) -> Interval {
    let mut every = interval_at(first, period);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every
}

/// Goes a round with every tick until `stop` is cancelled. `fails` hears of a round that
/// did not succeed; the next one comes all the same.
pub(crate) async fn in_rounds<F, E>(
    mut every: Interval,
    stop: &CancellationToken,
    round: impl Fn() -> F,
    fails: impl Fn(E),
) where
    F: Future<Output = Result<(), E>>,
{
    while stop.run_until_cancelled(every.tick()).await.is_some() {
        match stop.run_until_cancelled(round()).await {
            Some(done) => done.unwrap_or_else(&fails),
            None => break,
        }
    }
}
