//! Catching up: whatever the log has and the board may lack is brought back
//! before anything is decided.
//!
//! A server that lost its last writes still has a beginning of what was written
//! to it, so all events up to `logged` are known there (see `settle.lua`), and
//! only those behind it are read again. An empty one reads everything. Two who
//! catch up at once do no harm: what stands as the log says is left alone, and
//! nothing older replaces anything newer.

use std::collections::HashMap;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use tipoff_domain::EntityId;
use tipoff_wire::Partition;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::gate::{Looked, Stand};
use crate::keys::Keys;
use crate::past::{Gathering, Past};
use crate::replay::End;
use crate::{Board, BoardError};

/// Leads put back in one call.
const LEADS_AT_ONCE: usize = 64;
/// Leads that wait, because more may follow of them soon.
const WAITING: usize = 10_000;
/// What is no further away than so many events of everybody is read along.
const NEAR: u64 = 20_000;
/// Calls at once.
const CALLS_AT_ONCE: usize = 8;
/// How often to say that we are still at it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// Partitions looked at or opened at once.
const AT_ONCE: usize = 16;

/// How far catching up has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// Partitions that were shut, and are open now.
    pub partitions: usize,
    /// Events that were read again.
    pub events: u64,
    /// Events of all partitions that are to be read, as far as is known.
    pub expected: u64,
    /// Leads that stood otherwise on the board, or not at all.
    pub repaired: u64,
    pub took: Duration,
}

/// How the gates of all partitions stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gates {
    pub open: usize,
    /// Shut, and the board lacks something that the log has, as far as is known.
    pub behind: usize,
    /// Shut, and nothing is missing: whoever asks first opens it.
    pub idle: usize,
}

/// A partition that is for us to open.
struct Behind {
    partition: Partition,
    looked: Looked,
    /// The last event that the log has of it.
    end: End,
}

/// Partitions that nobody else is to catch up, and when we last said so.
struct Held {
    partitions: Vec<Partition>,
    said: Instant,
}

impl Held {
    fn new(partitions: Vec<Partition>) -> Self {
        Self { partitions, said: Instant::now() }
    }
}

impl Board {
    /// How the gates stand. Looking opens none.
    pub async fn gates(&self) -> Result<Gates, BoardError> {
        let looking = Partition::all(self.partitions).map(|partition| async move {
            let looked = self.look(partition, "").await?;
            if looked.stand == Stand::Open {
                return Ok::<_, BoardError>(Gates { open: 1, ..Gates::default() });
            }
            let behind = self.log.end(partition).await?.sequence > looked.logged;
            Ok(Gates { open: 0, behind: usize::from(behind), idle: usize::from(!behind) })
        });
        let all = stream::iter(looking).buffer_unordered(AT_ONCE);
        all.try_fold(Gates::default(), |sum, one| {
            let (open, behind) = (sum.open + one.open, sum.behind + one.behind);
            std::future::ready(Ok(Gates { open, behind, idle: sum.idle + one.idle }))
        })
        .await
    }

    /// Waits until something can be decided about the entity's leads, but not for long.
    pub async fn ready(&self, entity: &EntityId) -> Result<(), BoardError> {
        self.read(self.partition(entity), |_| ()).await
    }

    /// Shuts every partition, reads the whole log again and puts every lead back
    /// as it says, however right it seems to stand; `told` hears how far that has
    /// come. What is on its way to the log stays.
    pub async fn rebuild(
        &self,
        told: &mut (dyn FnMut(CaughtUp) + Send),
    ) -> Result<CaughtUp, BoardError> {
        let _turn = self.gate.turn.lock().await;
        let verb = &self.scripts.shut_down;
        for partition in Partition::all(self.partitions) {
            let mut call = verb.on(&[Keys(partition).clock()]);
            call.arg(&self.gate.name);
            let done = call.command("EVAL", &verb.fitted("").text);
            let _: String = done.query_async(&mut self.redis.clone()).await?;
        }
        self.catch_up(true, told).await
    }

    /// Opens every partition that is shut and that nobody else is opening.
    /// `forced`: also what seems to stand right is put back.
    pub(crate) async fn catch_up(
        &self,
        forced: bool,
        told: &mut (dyn FnMut(CaughtUp) + Send),
    ) -> Result<CaughtUp, BoardError> {
        let (begun, mut done) = (Instant::now(), CaughtUp::default());
        let mut left = self.shut_ones().await?;
        self.gate.shut.record(left.len() as u64, &[]);
        while !left.is_empty() {
            left = self.ends(left).await?;
            let (behind, level): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|one| one.looked.logged < one.end.sequence);
            done.partitions += level.len();
            let opening = level.into_iter().map(|one| async move { self.open_level(&one).await });
            stream::iter(opening).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
            left = behind;
            let mut held = Held::new(left.iter().map(|one| one.partition).collect());
            for together in near_each_other(&mut left) {
                self.read_again(together, forced, &mut held, &mut done, told).await?;
                for one in together {
                    one.looked.logged = one.end.sequence;
                }
            }
        }
        done.took = begun.elapsed();
        self.gate.shut.record(0, &[]);
        if done.partitions > 0 {
            let CaughtUp { partitions, events, repaired, took, .. } = done;
            info!(partitions, events, repaired, ?took, "caught up with the log");
        }
        told(done);
        Ok(done)
    }

    async fn shut_ones(&self) -> Result<Vec<Behind>, BoardError> {
        let looking = Partition::all(self.partitions).map(|partition| async move {
            let looked = self.look(partition, &self.gate.name).await?;
            let ours = looked.stand == Stand::Ours;
            Ok::<_, BoardError>(ours.then_some(Behind { partition, looked, end: End::default() }))
        });
        let found: Vec<_> = stream::iter(looking).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Where the log ends by now.
    async fn ends(&self, shut: Vec<Behind>) -> Result<Vec<Behind>, BoardError> {
        let asking = shut.into_iter().map(|one| async move {
            Ok::<_, BoardError>(Behind { end: self.log.end(one.partition).await?, ..one })
        });
        stream::iter(asking).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn open_level(&self, one: &Behind) -> Result<(), BoardError> {
        let (verb, keys, end) = (&self.scripts.open, Keys(one.partition), &one.end);
        let mut call = verb.on(&[keys.clock(), keys.outbox()]);
        call.arg(&*one.looked.server).arg(&self.gate.name);
        call.arg(end.sequence).arg(end.at).arg(&end.id);
        call.arg(self.gate.last_swept(one.partition));
        let (said,): (String,) = call
            .command("EVAL", &verb.fitted("").text)
            .query_async(&mut self.redis.clone())
            .await?;
        match said.as_str() {
            "opened" => Ok(()),
            // Whoever asks next begins again.
            "lost" => Err(BoardError::Shut { partition: one.partition }),
            _ => Err(verb.unknown(said)),
        }
    }

    /// Puts back what the log says behind the first place that one of them lacks.
    async fn read_again(
        &self,
        behind: &[Behind],
        forced: bool,
        held: &mut Held,
        done: &mut CaughtUp,
        told: &mut (dyn FnMut(CaughtUp) + Send),
    ) -> Result<(), BoardError> {
        let begun = Instant::now();
        let after = behind.iter().map(|one| one.looked.logged).min().unwrap_or(0);
        let until = behind.iter().map(|one| one.end.sequence).max().unwrap_or(0);
        let partitions: Vec<Partition> = behind.iter().map(|one| one.partition).collect();
        warn!(
            partitions = partitions.len(),
            after, until, "the board lacks what the log has; partitions stay shut until it is back"
        );
        let from: HashMap<Partition, u64> =
            behind.iter().map(|one| (one.partition, one.looked.logged)).collect();
        let (expected, windows) = self.log.read_on(&partitions, after, until).await?;
        done.expected += expected;
        let (mut windows, mut gathering) = (std::pin::pin!(windows), Gathering::default());
        let mut next = windows.try_next().await?;
        while let Some(mut window) = next {
            done.events += window.len() as u64;
            window.retain(|(partition, logged)| {
                from.get(partition).is_some_and(|from| logged.sequence > *from)
            });
            gathering.add(window);
            // As many are put back as came, and meanwhile the next window is read.
            let (repaired, following) = tokio::join!(
                self.put_back(gathering.all_but(WAITING, LEADS_AT_ONCE), forced),
                windows.try_next()
            );
            done.repaired += repaired?;
            done.took = begun.elapsed();
            told(*done);
            self.keep(held).await?;
            next = following?;
        }
        done.repaired += self.put_back(gathering.all_but(0, LEADS_AT_ONCE), forced).await?;
        done.took = begun.elapsed();
        Ok(())
    }

    /// Says that we are still at it, so that nobody else begins.
    async fn keep(&self, held: &mut Held) -> Result<(), BoardError> {
        if held.said.elapsed() < SIGN_OF_LIFE {
            return Ok(());
        }
        let looking = held.partitions.iter().copied().map(|partition| async move {
            match self.look(partition, &self.gate.name).await?.stand {
                Stand::Busy => Err(BoardError::Shut { partition }),
                _ => Ok(()),
            }
        });
        stream::iter(looking).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        held.said = Instant::now();
        Ok(())
    }

    /// Answers how many leads stood otherwise.
    async fn put_back(
        &self,
        leads: impl Iterator<Item = (Partition, Vec<Past>)> + Send,
        forced: bool,
    ) -> Result<u64, BoardError> {
        let calls = leads.map(|(partition, pasts)| async move {
            self.repair(partition, &pasts, &self.gate.name, forced).await
        });
        let calls = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE);
        calls.try_fold(0, |sum, repaired| std::future::ready(Ok(sum + repaired))).await
    }
}

/// Partitions whose next events lie near each other in the log are read together;
/// no other is to be read along with one that was quiet for long.
fn near_each_other(behind: &mut [Behind]) -> impl Iterator<Item = &mut [Behind]> {
    behind.sort_by_key(|one| one.looked.logged);
    let mut rest = behind;
    std::iter::from_fn(move || {
        let first = rest.first()?.looked.logged;
        let count = rest.iter().take_while(|one| one.looked.logged - first < NEAR).count();
        let (together, others) = std::mem::take(&mut rest).split_at_mut(count);
        rest = others;
        Some(together)
    })
}
