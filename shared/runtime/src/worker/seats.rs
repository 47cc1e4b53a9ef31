//! How many messages are in hand at once: always as many, or as many as come
//! through soon.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Parts of a seat. There is one more of them for each message that came through
/// in time, so a tenth more of all seats when each had one,
const PARTS: usize = 10;
/// and so many fewer for each that did not: what is too many goes sooner than it came.
const FEWER: usize = 2;

/// How many messages a worker has in hand at once.
///
/// More only wait for each other, and everybody else who wants anything of the
/// same servers waits with them; with fewer, a server that syncs for all who
/// wait does so for few. So there are as many as come through within a certain
/// time: more and more while two of three do, and fewer and fewer while they do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFlight {
    least: usize,
    most: usize,
    within: Duration,
}

impl InFlight {
    /// From `least` to so many times as many.
    pub fn up_to(least: usize, times: usize, within: Duration) -> Self {
        let least = least.max(1);
        let most = least.saturating_mul(times.max(1)).clamp(least, usize::MAX / PARTS);
        Self { least, most, within }
    }
}

impl From<usize> for InFlight {
    /// Always so many, one at least.
    fn from(count: usize) -> Self {
        Self::up_to(count, 1, Duration::ZERO)
    }
}

/// A message's place while it is in hand.
pub(super) type Seat = OwnedSemaphorePermit;

/// Seats for messages.
pub(super) struct Seats {
    free: Arc<Semaphore>,
    allowed: InFlight,
    room: Mutex<Room>,
}

struct Room {
    /// How many parts of seats there ought to be.
    wanted: usize,
    /// How many there are, taken or free.
    seats: usize,
}

impl Seats {
    pub(super) fn new(allowed: InFlight) -> Self {
        let seats = allowed.least;
        let room = Mutex::new(Room { wanted: seats * PARTS, seats });
        Self { free: Arc::new(Semaphore::new(seats)), allowed, room }
    }

    /// Waits for one.
    pub(super) async fn take(&self) -> Option<Seat> {
        self.free.clone().acquire_owned().await.ok()
    }

    /// How many there are, taken or free.
    pub(super) fn count(&self) -> usize {
        self.room.lock().unwrap_or_else(PoisonError::into_inner).seats
    }

    /// The message is out of hand; `done_in`: how long that took, if it was done.
    /// Answers how many seats there are from now on, if that is another number.
    pub(super) fn leave(&self, seat: Seat, done_in: Option<Duration>) -> Option<usize> {
        let InFlight { least, most, within } = self.allowed;
        // Where seats are empty, more of them help nobody.
        let full = self.free.available_permits() == 0;
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = match done_in {
            Some(took) if took <= within && full => room.wanted + 1,
            Some(took) if took <= within => room.wanted,
            _ => room.wanted.saturating_sub(FEWER),
        };
        room.wanted = wanted.clamp(least * PARTS, most * PARTS);
        match (room.wanted / PARTS).cmp(&room.seats) {
            Ordering::Equal => return None,
            Ordering::Less => {
                room.seats -= 1;
                seat.forget();
            }
            Ordering::Greater => {
                room.seats += 1;
                self.free.add_permits(1);
            }
        }
        Some(room.seats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(40);

    /// What it does to the number of seats that so many messages come through,
    /// one after the other; `others` have a seat meanwhile.
    async fn after(seats: &Seats, messages: usize, done_in: Option<Duration>) -> usize {
        for _ in 0..messages {
            let mut taken = Vec::new();
            while seats.free.available_permits() > 0 {
                taken.push(seats.take().await.unwrap());
            }
            seats.leave(taken.pop().unwrap(), done_in);
        }
        seats.count()
    }

    #[tokio::test]
    async fn there_are_more_while_messages_come_through_soon_and_never_more_than_the_most() {
        let seats = Seats::new(InFlight::up_to(8, 4, SOON));
        assert_eq!(after(&seats, 100, Some(SOON / 2)).await, 18);
        assert_eq!(after(&seats, 1_000, Some(SOON / 2)).await, 32);
    }

    #[tokio::test]
    async fn there_are_fewer_while_they_do_not_and_never_fewer_than_the_least() {
        let seats = Seats::new(InFlight::up_to(8, 4, SOON));
        after(&seats, 1_000, Some(SOON / 2)).await;
        assert_eq!(after(&seats, 50, Some(SOON * 2)).await, 22);
        assert_eq!(after(&seats, 20, None).await, 18, "what is not done came through late");
        assert_eq!(after(&seats, 1_000, Some(SOON * 2)).await, 8);
        assert_eq!(seats.free.available_permits(), 8, "those that are left are free again");
    }

    #[tokio::test]
    async fn seats_that_stay_empty_do_not_become_more() {
        let seats = Seats::new(InFlight::up_to(8, 4, SOON));
        for _ in 0..1_000 {
            let seat = seats.take().await.unwrap();
            seats.leave(seat, Some(Duration::ZERO));
        }
        assert_eq!(seats.count(), 8);
    }

    #[tokio::test]
    async fn where_there_are_always_as_many_nothing_makes_them_more_or_fewer() {
        let seats = Seats::new(InFlight::from(4));
        assert_eq!(after(&seats, 100, Some(Duration::ZERO)).await, 4);
        assert_eq!(after(&seats, 100, None).await, 4);
        assert_eq!(Seats::new(InFlight::from(0)).count(), 1);
    }
}
