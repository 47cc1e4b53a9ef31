//! Which router sweeps which partition.
//!
//! Every router says every half second that it lives, and hears who else does.
//! From that list each works out by itself who sweeps what: every partition
//! goes to the router with the highest hash of the two names. A router that
//! falls silent is off the list 1.2 s later, and its partitions are covered
//! within two seconds. The list only spreads the work; it decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use tipoff_runtime::Nats;
use tipoff_wire::{Partition, partition::fnv1a, subject};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::Error;
use crate::age_out::Aging;
use crate::audit::Auditor;
use crate::dismissal::Dismissal;
use crate::rounds::every;
use crate::staff::{Left, Staff, What};
use crate::sweep::Mover;

const BEAT: Duration = Duration::from_millis(500);
const SILENT_TOO_LONG: Duration = Duration::from_millis(1_200);
/// However fast the roster changes, who has left is looked up only so often.
const LOOK: Duration = Duration::from_millis(50);

/// The partitions that this router sweeps at the moment.
struct Sweeping {
    mover: Mover,
    auditor: Auditor,
    aging: Aging,
    tasks: TaskTracker,
    running: BTreeMap<Partition, (Arc<Notify>, CancellationToken)>,
    /// Tells others which those are.
    mine: watch::Sender<Vec<Partition>>,
}

/// Sweeps this router's share of the partitions until `stop` is cancelled.
pub(crate) async fn share_out(
    nats: Nats,
    mover: Mover,
    mine: watch::Sender<Vec<Partition>>,
    stop: CancellationToken,
) -> Result<(), Error> {
    let router = uuid::Uuid::now_v7().simple().to_string();
    let count = mover.roster.deployment().partitions;
    let board = mover.board.clone();
    let mut staff = Staff::new(mover.roster.clone(), mover.clock.clone());
    let mut changes = mover.roster.changes();
    let auditor = Auditor::new(board.clone(), mover.roster.clone(), mover.clock.clone());
    let aging = Aging::new(board.clone(), mover.roster.clone());
    let ending = stop.child_token();
    let tasks = TaskTracker::new();
    tasks.spawn(mover.clone().serve_backlogs(mine.subscribe(), ending.clone()));
    let mut sweeping = Sweeping { mover, auditor, aging, tasks, running: BTreeMap::new(), mine };
    let mut look = every(Instant::now(), LOOK);
    let mut calls = nats.client.subscribe(subject::WAKE_ALL).await.map_err(Error::Wake)?;
    let mut beat = every(Instant::now(), BEAT);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(call) = calls.next() => sweeping.wake(&call.subject),
            Some(()) = changed(&mut changes, &mut look) => sweeping.dismiss(staff.left()),
            _ = beat.tick() => {
                sweeping.dismiss_again(staff.left_before(), &ending);
                match board.routers(&router, SILENT_TOO_LONG, false).await {
                    Ok(routers) => sweeping.take(&share(&router, &routers, count)),
                    // Better swept twice than not at all: keep what we have.
                    Err(error) => warn!(error = &error as &dyn std::error::Error, "could not say that this router lives"),
                }
            }
        }
    }
    ending.cancel();
    sweeping.take(&[]);
    sweeping.tasks.close();
    sweeping.tasks.wait().await;
    if let Err(error) = board.routers(&router, SILENT_TOO_LONG, true).await {
        debug!(
            error = &error as &dyn std::error::Error,
            "could not say goodbye; the others notice by themselves"
        );
    }
    Ok(())
}

impl Sweeping {
    /// Sweeps exactly these partitions from now on.
    fn take(&mut self, mine: &[Partition]) {
        self.running.retain(|partition, (_, stop)| {
            let keep = mine.contains(partition);
            if !keep {
                stop.cancel();
            }
            keep
        });
        for partition in mine {
            if !self.running.contains_key(partition) {
                self.start(*partition);
            }
        }
        self.mine.send_replace(mine.to_vec());
    }

    fn start(&mut self, partition: Partition) {
        let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        self.running.insert(partition, (wake.clone(), stop.clone()));
        let (mover, dismissal, ending) = (self.mover.clone(), self.dismissal(), stop.clone());
        let (auditing, aging) = (stop.clone(), stop.clone());
        self.tasks.spawn(async move { mover.sweep(partition, &wake, stop).await });
        self.tasks.spawn(async move { dismissal.look_over(partition, ending).await });
        self.tasks.spawn(self.auditor.clone().watch(partition, auditing));
        self.tasks.spawn(self.aging.clone().watch(partition, aging));
    }

    /// What the entities that this router sweeps for have no more.
    fn dismiss(&self, left: Left) {
        for (what, heard) in left {
            let partition = self.mover.roster.partition(&what.0);
            let Some((_, stop)) = self.running.get(&partition) else { continue };
            self.see_to(what, heard, stop.clone());
        }
    }

    /// Once more, and wherever: whoever sweeps there by now may not have heard of it.
    fn dismiss_again(&self, left: Left, stop: &CancellationToken) {
        for (what, heard) in left {
            self.see_to(what, heard, stop.clone());
        }
    }

    /// Beside everything else, as a board that is away keeps it waiting.
    fn see_to(&self, what: What, heard: DateTime<Utc>, stop: CancellationToken) {
        let dismissal = self.dismissal();
        self.tasks.spawn(async move { dismissal.dismiss(what, heard, stop).await });
    }

    fn dismissal(&self) -> Dismissal {
        let Mover { board, roster, clock, seeds, .. } = self.mover.clone();
        Dismissal { board, roster, clock, seeds }
    }

    fn wake(&self, subject: &str) {
        let partition =
            subject.rsplit('.').next().and_then(|token| token.parse().ok()).map(Partition);
        if let Some((wake, _)) = partition.and_then(|partition| self.running.get(&partition)) {
            wake.notify_one();
        }
    }
}

/// Waits until the roster has changed. `None`: it cannot any more.
async fn changed(
    changes: &mut watch::Receiver<Option<u64>>,
    look: &mut tokio::time::Interval,
) -> Option<()> {
    look.tick().await;
    changes.changed().await.ok()
}

/// The partitions of `router` among `routers`.
fn share(router: &str, routers: &[String], count: u16) -> Vec<Partition> {
    let claim = |name: &str, partition: Partition| {
        (fnv1a(format!("{partition}|{name}").as_bytes()), name.to_owned())
    };
    let owner = |partition| routers.iter().map(|name| claim(name, partition)).max();
    Partition::all(count)
        .filter(|partition| owner(*partition).is_some_and(|(_, name)| name == router))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn every_partition_has_one_router_and_each_router_a_fair_share() {
        let routers: Vec<String> = (0..4).map(|n| format!("router-{n}")).collect();
        let shares: Vec<_> = routers.iter().map(|router| share(router, &routers, 64)).collect();
        let mut all: Vec<_> = shares.concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 64);
        assert!(shares.iter().all(|share| (6..=28).contains(&share.len())), "{shares:?}");
    }

    #[test]
    fn when_one_leaves_only_its_partitions_move() {
        let four: Vec<String> = (0..4).map(|n| format!("router-{n}")).collect();
        let three = &four[..3];
        for router in three {
            let (before, after) = (share(router, &four, 64), share(router, three, 64));
            assert!(before.iter().all(|partition| after.contains(partition)));
        }
    }
}
