//! How work arrives.
//!
//! Closed: so much at once, the next when one is done; that finds out how much
//! can be done. Open: at a constant rate, whatever becomes of it, and every
//! time is counted from when the work was due and not from when somebody got
//! round to it (coordinated omission); that finds out how long people wait.

use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use super::progress::Progress;

#[derive(Debug, Clone, Copy)]
pub(super) enum Arrivals {
    Closed { at_once: usize },
    Open { per_s: f64 },
}

impl Arrivals {
    /// Open where there is a rate.
    pub(super) fn new(rate: Option<f64>, at_once: usize) -> Self {
        match rate {
            Some(per_s) => Self::Open { per_s: per_s.max(0.001) },
            None => Self::Closed { at_once: at_once.max(1) },
        }
    }

    /// Of parcels of `lines` leads, where `rate` is in leads.
    pub(super) fn of_parcels(rate: Option<f64>, lines: usize, at_once: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "batches are small")]
        let lines = lines.max(1) as f64;
        Self::new(rate.map(|rate| rate / lines), at_once)
    }

    /// As it stands in a result.
    pub(super) fn name(self) -> String {
        match self {
            Self::Closed { at_once } => format!("closed, {at_once} at once"),
            Self::Open { per_s } => format!("open, {per_s} per s"),
        }
    }

    /// Does `count` pieces of work; answers what each came to and how long
    /// after it was due. The first that fails ends it.
    pub(super) async fn drive<F, T>(
        self,
        count: usize,
        progress: &Progress,
        work: impl Fn(usize) -> F,
    ) -> anyhow::Result<Vec<Done<T>>>
    where
        F: Future<Output = anyhow::Result<T>>,
    {
        self.drive_from(Instant::now(), count, progress, work).await
    }

    /// The same, where the first piece of an open load was or will be due at `began`.
    pub(super) async fn drive_from<F, T>(
        self,
        began: Instant,
        count: usize,
        progress: &Progress,
        work: impl Fn(usize) -> F,
    ) -> anyhow::Result<Vec<Done<T>>>
    where
        F: Future<Output = anyhow::Result<T>>,
    {
        let timed = |number: usize, due: Instant| {
            let work = work(number);
            async move { Ok(Done { number, result: work.await?, took: due.elapsed() }) }
        };
        let (mut done, mut next) = (Vec::new(), 0);
        let mut running = FuturesUnordered::new();
        while done.len() < count {
            let due = self.due(began, next, running.len());
            // A timer takes a millisecond at least, and so a closed load would be one of a thousand a second.
            if let Some(due) = due.filter(|due| next < count && *due <= Instant::now()) {
                running.push(timed(next, due));
                next += 1;
                continue;
            }
            tokio::select! {
                biased;
                Some(one) = running.next() => {
                    let one: anyhow::Result<Done<T>> = one;
                    done.push(one?);
                    progress.inc(1);
                }
                () = until(due), if next < count => {
                    running.push(timed(next, due.unwrap_or_else(Instant::now)));
                    next += 1;
                }
            }
        }
        Ok(done)
    }

    /// `None`: not before something else is done.
    fn due(self, began: Instant, number: usize, running: usize) -> Option<Instant> {
        match self {
            Self::Closed { at_once } => (running < at_once).then(Instant::now),
            #[expect(clippy::cast_precision_loss, reason = "counts of leads are far below 2^52")]
            Self::Open { per_s } => Some(began + Duration::from_secs_f64(number as f64 / per_s)),
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// One piece of work.
pub(super) struct Done<T> {
    pub(super) number: usize,
    pub(super) result: T,
    /// Since it was due.
    pub(super) took: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_open_load_counts_from_when_work_was_due() {
        let gate = tokio::sync::Semaphore::new(1);
        // One at a time, 10 ms each, ten times as many as that: the last waits for all the others.
        let work = |_| async {
            let _turn = gate.acquire().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(())
        };
        let open = Arrivals::Open { per_s: 1_000.0 };
        let done = open.drive(20, &Progress::none(), work).await.expect("nothing fails");
        let longest = done.iter().map(|done| done.took).max().unwrap_or_default();
        assert!(longest >= Duration::from_millis(180), "{longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_due_before_the_load_began_counts_from_then() {
        let due = Instant::now();
        tokio::time::advance(Duration::from_millis(35)).await;
        // One every 10 ms: four of them are late.
        let open = Arrivals::Open { per_s: 100.0 };
        let done = open.drive_from(due, 6, &Progress::none(), async |_| Ok(())).await;
        let done = done.expect("nothing fails").into_iter();
        let mut took: Vec<_> = done.map(|one| (one.number, one.took.as_millis())).collect();
        took.sort_unstable();
        assert_eq!(took, [(0, 35), (1, 25), (2, 15), (3, 5), (4, 0), (5, 0)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_load_that_is_due_later_is_waited_for() {
        let (began, later) = (Instant::now(), Duration::from_hours(1));
        let open = Arrivals::Open { per_s: 100.0 };
        let done = open.drive_from(began + later, 1, &Progress::none(), async |_| Ok(())).await;
        assert_eq!(done.expect("nothing fails")[0].took.as_millis(), 0);
        assert!(began.elapsed() >= later, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_load_begins_the_next_piece_without_waiting() {
        // Timers end with a whole millisecond.
        tokio::time::advance(Duration::from_micros(500)).await;
        let began = Instant::now();
        let closed = Arrivals::Closed { at_once: 64 };
        let done = closed.drive(1_000, &Progress::none(), async |_| Ok(())).await;
        assert_eq!(done.expect("nothing fails").len(), 1_000);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_load_has_no_more_at_once_than_it_says() {
        let seats = tokio::sync::Semaphore::new(3);
        let work = |_| async {
            let _seat = seats.try_acquire()?;
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(())
        };
        let done = Arrivals::Closed { at_once: 3 }.drive(50, &Progress::none(), work).await;
        assert_eq!(done.expect("never more than three").len(), 50);
    }
}
