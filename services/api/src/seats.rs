//! How many requests are worked on at once. Each may hold a body of a megabyte and what
//! was looked up for it, and waits for Redis and NATS. Connections alone do not bound
//! that: what may change something goes on when whoever asked has hung up, and the next
//! asks in their place.
//!
//! Whoever finds no seat waits for one, in turn, with the head of the request and little
//! more: a crowd that claims one lead is answered one after the other, and not turned
//! away. A live stream leaves its seat once it is open, and has one among the live
//! connections then.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::problem::Problem;

/// Unless told otherwise. At 25 ms an answer these are 20,000 a second, far more than a
/// process gives, so nobody waits while all is well; with the largest body each they
/// hold half a gigabyte.
pub(crate) const SEATS: usize = 512;
/// A third of the time that an answer may take. By then a process that works has
/// answered as many as there are connections.
const PATIENCE: Duration = Duration::from_secs(10);
/// Asked by whoever decides whether this process is left running, most of all when it is crowded.
const WITHOUT: [&str; 2] = ["/livez", "/readyz"];

/// A request that is worked on, until this is dropped.
pub(crate) type Seat = OwnedSemaphorePermit;

/// Seats for requests. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Seats(Arc<Semaphore>);

impl Seats {
    /// So many; one at least.
    pub(crate) fn new(seats: usize) -> Self {
        Self(Arc::new(Semaphore::new(seats.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// The next seat, for what is asked at `path`; `None`: it needs none.
    pub(crate) async fn take(&self, path: &str) -> Result<Option<Seat>, Problem> {
        if WITHOUT.contains(&path) {
            return Ok(None);
        }
        match timeout(PATIENCE, self.0.clone().acquire_owned()).await {
            Ok(Ok(seat)) => Ok(Some(seat)),
            Ok(Err(_)) | Err(_) => Err(crowded()),
        }
    }
}

fn crowded() -> Problem {
    Problem::unavailable(
        "crowded",
        "Too many requests at once",
        "nothing was done; ask again in a moment",
    )
}
