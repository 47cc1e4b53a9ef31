//! The leads of one partition that are on their way.

use std::collections::BTreeMap;
use std::time::Duration;

use tipoff_domain::LeadId;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// Leads of one partition in hand. A busy machine takes a second for one, so it
/// takes many to be on time; how many move at once is the router's to say.
const AT_MOST: usize = 200;
/// The log confirms something within this long, however much there is to do;
/// where it does not, it is away.
const HELD_UP: Duration = Duration::from_secs(2);

/// When a lead of any partition came through last. Clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Progress(watch::Sender<Instant>);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Instant::now()))
    }
}

/// What is moved on: no sweep waits for it, and none takes it up twice.
pub(super) struct Hand<T, E> {
    moving: JoinSet<Result<T, E>>,
    leads: BTreeMap<LeadId, AbortHandle>,
    progress: Progress,
    /// When the first of those in hand was taken up.
    since: Instant,
}

impl<T: Send + 'static, E: Send + 'static> Hand<T, E> {
    pub(super) fn new(progress: Progress) -> Self {
        Self { moving: JoinSet::new(), leads: BTreeMap::new(), progress, since: Instant::now() }
    }

    /// Those of `due` that are not in hand.
    pub(super) fn fresh(&mut self, due: Vec<LeadId>) -> Vec<LeadId> {
        self.leads.retain(|_, task| !task.is_finished());
        due.into_iter().filter(|lead| !self.leads.contains_key(lead)).collect()
    }

    /// How many more may be taken up.
    pub(super) fn room(&self) -> usize {
        AT_MOST.saturating_sub(self.leads.len())
    }

    pub(super) fn take(
        &mut self,
        lead: LeadId,
        moving: impl Future<Output = Result<T, E>> + Send + 'static,
    ) {
        if self.moving.is_empty() {
            self.since = Instant::now();
        }
        self.leads.insert(lead, self.moving.spawn(moving));
    }

    /// What became of the next one that is done; never while there is none.
    pub(super) async fn next(&mut self) -> Option<Result<T, E>> {
        let Some(done) = self.moving.join_next().await else { return std::future::pending().await };
        if let Ok(Ok(_)) = done {
            self.progress.0.send_replace(Instant::now());
        }
        // One that panicked is due again, and was told of.
        done.ok()
    }

    /// Whether there is much room again.
    pub(super) fn has_room(&self) -> bool {
        self.moving.len() <= AT_MOST / 2
    }

    /// Whether none of those in hand comes through, and none of another partition.
    pub(super) fn is_held_up(&self) -> bool {
        let last = self.since.max(*self.progress.0.borrow());
        !self.moving.is_empty() && last.elapsed() > HELD_UP
    }

    /// Waits until all are done.
    pub(super) async fn emptied(mut self) {
        while self.moving.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tokio::time::advance;

    use super::*;

    fn leads(count: u8) -> Vec<LeadId> {
        let name = |number| format!("lead_{number:032x}");
        (0..count).map(|number| name(number).parse().unwrap()).collect()
    }

    type Moved = Result<u8, oneshot::error::RecvError>;

    #[tokio::test]
    async fn what_is_in_hand_is_not_taken_up_again_until_it_is_done() {
        let (mut hand, two) = (Hand::new(Progress::new()), leads(2));
        let (done, waits) = oneshot::channel::<u8>();
        hand.take(two[0].clone(), waits);
        assert_eq!(hand.fresh(two.clone()), two[1..]);
        done.send(7).unwrap();
        assert_eq!(hand.next().await.unwrap().unwrap(), 7);
        assert_eq!(hand.fresh(two.clone()), two, "it is due again");
    }

    #[tokio::test]
    async fn there_is_room_again_for_as_many_as_are_done() {
        let (mut hand, many) = (Hand::new(Progress::new()), leads(200));
        let (done, waits) = oneshot::channel();
        hand.take(many[0].clone(), waits);
        for lead in hand.fresh(many.clone()) {
            hand.take(lead, std::future::pending::<Moved>());
        }
        assert_eq!((hand.room(), hand.has_room()), (0, false));
        done.send(7).unwrap();
        hand.next().await.unwrap().unwrap();
        assert_eq!((hand.fresh(many.clone()), hand.room()), (many[..1].to_vec(), 1));
    }

    #[tokio::test]
    async fn a_lead_whose_move_panicked_is_taken_up_again() {
        let (mut hand, one) = (Hand::new(Progress::new()), leads(1));
        let panics = async { if true { panic!("on purpose") } else { Moved::Ok(1) } };
        hand.take(one[0].clone(), panics);
        assert!(hand.next().await.is_none());
        assert_eq!(hand.fresh(one.clone()), one);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_held_up_when_nothing_comes_through_and_not_when_something_does() {
        let progress = Progress::new();
        let (mut hand, three) = (Hand::new(progress.clone()), leads(3));
        let (done, waits) = oneshot::channel();
        let (fails, trouble) = oneshot::channel();
        hand.take(three[0].clone(), waits);
        hand.take(three[1].clone(), trouble);
        hand.take(three[2].clone(), std::future::pending::<Moved>());
        advance(HELD_UP).await;
        assert!(!hand.is_held_up());
        done.send(7).unwrap();
        hand.next().await.unwrap().unwrap();
        advance(HELD_UP).await;
        assert!(!hand.is_held_up(), "one came through");
        drop(fails);
        hand.next().await.unwrap().unwrap_err();
        advance(HELD_UP).await;
        assert!(hand.is_held_up(), "one failed");
        progress.0.send_replace(Instant::now());
        assert!(!hand.is_held_up(), "one of another partition came through");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_nothing_in_hand_is_not_held_up() {
        let mut hand = Hand::new(Progress::new());
        advance(HELD_UP * 5).await;
        assert!(!hand.is_held_up());
        hand.take(leads(1).remove(0), std::future::pending::<Moved>());
        assert!(!hand.is_held_up(), "it was only just taken up");
    }
}
