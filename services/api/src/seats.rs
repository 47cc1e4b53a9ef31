//! How many requests are worked on at once. Each may hold a body of a megabyte and what
//! was looked up for it, and waits for Redis and NATS. Connections alone do not bound
//! that: what may change something goes on when whoever asked has hung up, and the next
//! asks in their place.
//!
//! Whoever finds no seat waits for one, in turn, with the head of the request and little
//! more: a crowd that claims one lead is answered one after the other, and not turned
//! away. A live stream leaves its seat once it is open, and has one among the live
//! connections then.
//!
//! A large body is waited for in a seat, as its key comes first. Few seats are for those,
//! so that nobody who lets them drip, with a key of their own, keeps all others waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::problem::Problem;

/// Unless told otherwise. At 25 ms an answer these are 20,000 a second, far more than a
/// process gives, so nobody waits while all is well; with the largest bodies that they
/// may have they hold a hundred megabytes.
pub(crate) const SEATS: usize = 512;
/// A third of the time that an answer may take. By then a process that works has
/// answered as many as there are connections.
const PATIENCE: Duration = Duration::from_secs(10);
/// Asked by whoever decides whether this process is left running, most of all when it is crowded.
const WITHOUT: [&str; 2] = ["/livez", "/readyz"];

/// One seat of so many may be taken with a large body.
const LARGE: usize = 8;

/// A request that is worked on, until this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    _seat: OwnedSemaphorePermit,
    _large: Option<OwnedSemaphorePermit>,
}

/// How much comes with a request once it has its seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// Nothing, or it is here.
    Small,
    /// Up to a megabyte, sooner or later.
    Large,
}

/// Seats for requests. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Seats {
    all: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Seats {
    /// So many; one at least.
    pub(crate) fn new(seats: usize) -> Self {
        let seats = seats.clamp(1, Semaphore::MAX_PERMITS);
        let large = seats.div_ceil(LARGE);
        Self { all: Arc::new(Semaphore::new(seats)), large: Arc::new(Semaphore::new(large)) }
    }

    /// The next seat, for what is asked at `path`; `None`: it needs none.
    pub(crate) async fn take(&self, path: &str, size: Size) -> Result<Option<Seat>, Problem> {
        if WITHOUT.contains(&path) {
            return Ok(None);
        }
        timeout(PATIENCE, self.next(size)).await.ok().flatten().map(Some).ok_or_else(crowded)
    }

    /// Whoever waits for a large one takes none from others meanwhile.
    async fn next(&self, size: Size) -> Option<Seat> {
        let large = match size {
            Size::Large => Some(self.large.clone().acquire_owned().await.ok()?),
            Size::Small => None,
        };
        Some(Seat { _seat: self.all.clone().acquire_owned().await.ok()?, _large: large })
    }
}

fn crowded() -> Problem {
    Problem::unavailable(
        "crowded",
        "Too many requests at once",
        "nothing was done; ask again in a moment",
    )
}
