//! Whose message goes next. Entities take turns, so that one with ten thousand
//! messages does not keep another waiting with one.
//!
//! So many messages go at once (seats). Others wait in line, one line per
//! entity, and the lines are served in turn. No entity sits on more than three
//! quarters of the seats: its provider may be the slow one. Whoever has more
//! than their part of the waiting room in line is put off, so that there is
//! always room for somebody new.

mod lines;
mod rate;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tipoff_domain::EntityId;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use self::lines::{Class, Joined, STANDSTILL, Waiting};
use self::rate::Rate;

/// Messages that wait in a process for their turn, over all entities.
const ROOM: usize = 4_096;

/// Why a message has no turn now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTurn {
    /// The entity has enough in line; there may be a place after this long.
    Crowded(Duration),
    /// The process stops.
    Stopping,
}

/// Hands out turns. Clones share the seats.
#[derive(Debug, Clone)]
pub struct Turns {
    waiting: Arc<Mutex<Waiting<oneshot::Sender<Turn>>>>,
    rate: Arc<Rate>,
    stop: CancellationToken,
}

impl Turns {
    /// `per_second`: at most so many; `None`: as many as there are seats for.
    pub fn new(at_once: usize, per_second: Option<NonZeroU32>, stop: CancellationToken) -> Self {
        Self::with_room(at_once, ROOM, per_second, stop)
    }

    /// With room for so many to wait, where each of them may be large.
    pub fn with_room(
        at_once: usize,
        room: usize,
        per_second: Option<NonZeroU32>,
        stop: CancellationToken,
    ) -> Self {
        let waiting = Waiting::new(at_once.max(1), room);
        Self { waiting: Arc::new(Mutex::new(waiting)), rate: Arc::new(Rate::new(per_second)), stop }
    }

    /// Messages that a worker should have in hand: those that go and those that wait.
    pub fn in_hand(&self) -> usize {
        self.lock().size()
    }

    /// Waits for the next turn of `entity`; the seat is free again when it is dropped.
    pub async fn take(&self, entity: &EntityId) -> Result<Turn, NoTurn> {
        let turn = self.seat(entity, Class::Patient).await?;
        self.in_pace(turn, None).await.ok_or(NoTurn::Stopping)
    }

    /// Waits for a seat, and not for the rate yet.
    async fn seat(&self, entity: &EntityId, class: Class) -> Result<Turn, NoTurn> {
        let joined = {
            let (tell, told) = oneshot::channel();
            (self.lock().join(entity, class, tell, Instant::now()), told)
        };
        match joined {
            (Joined::Seated, _) => Ok(self.turn(entity.clone())),
            (Joined::InLine, told) => tokio::select! {
                biased;
                turn = told => turn.map_err(|_| NoTurn::Stopping),
                () = self.stop.cancelled() => Err(NoTurn::Stopping),
            },
            (Joined::Crowded(again_in), _) => Err(NoTurn::Crowded(again_in)),
        }
    }

    /// Waits until the rate lets `turn` go. `None`: not before `end`, which is known
    /// at once, or the process stops.
    async fn in_pace(&self, turn: Turn, end: Option<Instant>) -> Option<Turn> {
        tokio::select! {
            biased;
            in_time = self.rate.ready(end) => in_time.then_some(turn),
            () = self.stop.cancelled() => None,
        }
    }

    /// A turn of `entity` if there is one within that time, going by how fast
    /// seats become free lately and by the rate; somebody who has another way need
    /// not wait longer, nor for seats of which none becomes free any more. Most
    /// seats that become free go to those who wait here.
    pub async fn soon(&self, entity: &EntityId, within: Duration) -> Option<Turn> {
        let end = Instant::now() + within;
        let turn = self.seat_before(entity, end).await?;
        self.in_pace(turn, Some(end)).await
    }

    async fn seat_before(&self, entity: &EntityId, end: Instant) -> Option<Turn> {
        let mut look = Instant::now();
        if self.lock().wait(entity, look) > end - look {
            return None;
        }
        let mut taking = std::pin::pin!(self.seat(entity, Class::Pressing));
        while look < end {
            look = (look + STANDSTILL).min(end);
            match timeout_at(look, &mut taking).await {
                Ok(turn) => return turn.ok(),
                Err(_) if self.lock().stands_still(Instant::now()) => return None,
                Err(_) => {}
            }
        }
        None
    }

    fn turn(&self, entity: EntityId) -> Turn {
        Turn { turns: self.clone(), entity }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<oneshot::Sender<Turn>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a seat that became free to the next in line. One who does not wait
    /// any more hands it back at once, and the next is asked.
    fn pass_on(&self, entity: &EntityId) {
        let next = self.lock().leave(entity, Instant::now());
        for (entity, tell) in next {
            // What comes back unread is dropped, and leaves as every turn does.
            drop(tell.send(self.turn(entity)));
        }
    }
}

/// One seat, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    entity: EntityId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.clone().pass_on(&self.entity);
    }
}

#[cfg(test)]
mod tests;
