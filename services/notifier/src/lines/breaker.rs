//! When a provider is left alone, and when it is tried again.

use std::time::Duration;

use tokio::time::Instant;

/// Over so long a time it is counted how messages went,
const WINDOW: Duration = Duration::from_secs(10);
/// so many must have gone somehow,
const FEWEST: u32 = 20;
/// and for so long a provider is left alone, until one message tries it again.
const PAUSE: Duration = Duration::from_secs(5);

/// What a message's fate changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Opened,
    Closed,
}

/// Opens when half of the messages of a window met trouble. Then one message in
/// every pause tries; the first that goes well closes it.
#[derive(Debug, Clone)]
pub(super) struct Breaker {
    since: Instant,
    well: u32,
    badly: u32,
    /// While open: when the next message may try.
    open_until: Option<Instant>,
}

impl Breaker {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, well: 0, badly: 0, open_until: None }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open_until.is_some()
    }

    /// Whether a message may try now; if not, how long it is until one may.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        match self.open_until {
            Some(until) if now < until => Err(until - now),
            Some(_) => {
                self.open_until = Some(now + PAUSE);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes note of how a message went that was admitted.
    pub(super) fn learn(&mut self, in_trouble: bool, now: Instant) -> Option<Change> {
        match (self.open_until, in_trouble) {
            (Some(_), true) => None,
            (Some(_), false) => {
                *self = Self::new(now);
                Some(Change::Closed)
            }
            (None, _) => self.count(in_trouble, now),
        }
    }

    fn count(&mut self, in_trouble: bool, now: Instant) -> Option<Change> {
        if now - self.since >= WINDOW {
            *self = Self::new(now);
        }
        let counted = if in_trouble { &mut self.badly } else { &mut self.well };
        *counted = counted.saturating_add(1);
        let opens = in_trouble && self.well + self.badly >= FEWEST && self.badly >= self.well;
        opens.then(|| {
            self.open_until = Some(now + PAUSE);
            Change::Opened
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(now);
        let changes: Vec<_> = (0..20).filter_map(|_| breaker.learn(true, now)).collect();
        assert_eq!(changes, [Change::Opened]);
        breaker
    }

    #[tokio::test]
    async fn it_opens_when_half_of_twenty_met_trouble_within_ten_seconds() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        for number in 0..19 {
            assert_eq!(breaker.learn(number % 2 == 0, now), None);
            assert_eq!(breaker.admit(now), Ok(()));
        }
        assert_eq!(breaker.learn(true, now), Some(Change::Opened));
        assert_eq!(breaker.admit(now + SECOND), Err(4 * SECOND));
    }

    #[tokio::test]
    async fn trouble_that_comes_now_and_then_does_not_open_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        for number in 0..100 {
            assert_eq!(breaker.learn(true, now + number * SECOND), None);
        }
        let mut breaker = Breaker::new(now);
        for number in 0..100 {
            assert_eq!(breaker.learn(number % 3 == 0, now), None);
        }
    }

    #[tokio::test]
    async fn after_a_pause_one_message_tries_and_closes_it_if_it_goes_well() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + 5 * SECOND;
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later), Err(5 * SECOND), "one at a time");
        assert_eq!(breaker.learn(true, later), None);
        assert_eq!(breaker.admit(later + 5 * SECOND), Ok(()));
        assert_eq!(breaker.learn(false, later + 5 * SECOND), Some(Change::Closed));
        assert_eq!(breaker.admit(later + 5 * SECOND), Ok(()));
    }
}
