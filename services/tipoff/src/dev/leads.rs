//! Made-up leads at a steady pace, so that there is something to see.

use std::time::Duration;

use tipoff_domain::Span;
use tipoff_runtime::Clock;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::addresses::Addresses;
use crate::send::{Sender, sample};

/// Sends one every `every` to each source of each demo team in turn, until stopped.
pub(super) async fn send(
    addresses: Addresses,
    every: Span,
    clock: Clock,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let keys = addresses.entities.values().flat_map(|team| team.source_keys.values());
    let senders =
        keys.map(|key| Sender::new(&addresses.intake, key)).collect::<Result<Vec<_>, _>>()?;
    let mut pace = interval(Duration::from_secs(u64::from(every.as_seconds().max(1))));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for sender in senders.iter().cycle() {
        if stop.run_until_cancelled(pace.tick()).await.is_none() {
            break;
        }
        if let Err(error) = sender.send(&sample(clock.now(), 0)).await {
            warn!(error = &*error as &dyn std::error::Error, "a made-up lead was not taken");
        }
    }
    Ok(())
}
