//! A change is decided by a script and committed by the log; until then nobody
//! is told that it is done.

use futures::future::BoxFuture;
use tipoff_domain::{EntityId, LeadId};
use tipoff_wire::{Event, Partition};
use tracing::{error, warn};

use crate::keys::Keys;
use crate::log::{Appended, Logged};
use crate::past::Past;
use crate::reply::Reply;
use crate::{Board, BoardError, OnBoard, read};

impl Board {
    /// Ships every event of the reply's lead that the log does not have yet,
    /// oldest first, and clears them from the outbox. Boxed, as every change
    /// goes through it: so it is compiled once.
    pub(crate) fn commit<'a>(
        &'a self,
        entity: &'a EntityId,
        reply: &'a Reply,
    ) -> BoxFuture<'a, Result<(), BoardError>> {
        Box::pin(self.ship(entity, reply))
    }

    async fn ship(&self, entity: &EntityId, reply: &Reply) -> Result<(), BoardError> {
        if reply.unsent.is_empty() {
            return Ok(());
        }
        let partition = self.partition(entity);
        let read = |entry| read::event(partition, entry);
        let events: Vec<Event> = reply
            .entries
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|what| Self::unreadable(&reply.lead, &what))?;
        match self.log.append(partition, &events, reply.sequence).await? {
            Appended::At(sequence) => {
                self.settle(entity, &reply.lead, sequence, &reply.unsent).await
            }
            Appended::Conflict(last) => self.give_in(entity, &events, &last).await,
        }
    }

    async fn settle(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        sequence: u64,
        shipped: &[String],
    ) -> Result<(), BoardError> {
        let partition = self.partition(entity);
        let (keys, verb) = (Keys(partition), &self.scripts.settle);
        let mut settle = verb.on(&[keys.lead(lead), keys.outbox(), keys.clock()]);
        settle.arg(sequence).arg(shipped);
        let said: String = self.run_anyway(partition, &settle).await?;
        match said.as_str() {
            "settled" => Ok(()),
            // Committed is committed, whatever Redis has lost since it was decided.
            "forgot" => {
                warn!(lead.id = %lead, "the board has lost what it decided; it is repaired from the log");
                self.conflicts.add(1, &[]);
                self.recover(entity, lead).await.map(drop)
            }
            _ => Err(verb.unknown(said)),
        }
    }

    /// Redis and the log tell different stories, so Redis has forgotten
    /// something that was acknowledged. The log wins (invariant 1).
    async fn give_in(
        &self,
        entity: &EntityId,
        ours: &[Event],
        last: &Logged<Event>,
    ) -> Result<(), BoardError> {
        let lead = &last.event.lead;
        error!(
            lead.id = %lead,
            board.version = ours.last().map(|event| event.version),
            log.version = last.event.version,
            "the board and the log disagree; the board is repaired from the log"
        );
        self.conflicts.add(1, &[]);
        self.recover(entity, lead).await?;
        // An inquiry that was let go before it became one stands behind its own story now.
        for inquiry in ours.iter().filter_map(|event| event.inquiry.as_ref()) {
            self.recover(entity, inquiry).await?;
        }
        Err(BoardError::Recovering { lead: lead.clone() })
    }

    /// Puts a lead back as the log says, whatever the board has of it: after
    /// Redis was lost. Answers whether the log knows it.
    pub async fn recover(&self, entity: &EntityId, lead: &LeadId) -> Result<bool, BoardError> {
        let back = self.put_back_one(entity, lead).await?;
        if let Some((version, true)) = back {
            warn!(lead.id = %lead, version, "repaired from the log");
        }
        Ok(back.is_some())
    }

    /// Puts back what the log has of a lead that is to be placed once more, unless it was placed
    /// here: of one that has only come in the log may know more. Where the partition is shut,
    /// nothing is read.
    pub async fn remember(&self, entity: &EntityId, lead: &LeadId) -> Result<(), BoardError> {
        let here = self.load_each(self.partition(entity), std::slice::from_ref(lead)).await?;
        let was_placed = |found: &Result<OnBoard, _>| !matches!(found, Ok(it) if it.version <= 1);
        if !here.iter().any(was_placed) {
            self.recover(entity, lead).await?;
        }
        Ok(())
    }

    /// Answers the version that the log has of it, if any, and whether the board had
    /// another.
    pub(crate) async fn put_back_one(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Option<(u64, bool)>, BoardError> {
        let partition = self.partition(entity);
        let history = self.log.history(partition, entity, lead).await?;
        let Some(past) = Past::of(history) else { return Ok(None) };
        let repaired = self.repair(partition, std::slice::from_ref(&past), "", false).await? > 0;
        Ok(Some((past.last.event.version, repaired)))
    }

    /// Puts leads of one partition back as the last of their events says; the
    /// others tell what else was to be remembered. `who` catches up with all of
    /// it. `forced`: also what seems to stand right. Answers how many did not.
    pub(crate) async fn repair(
        &self,
        partition: Partition,
        pasts: &[Past],
        who: &str,
        forced: bool,
    ) -> Result<u64, BoardError> {
        let Some(first) = pasts.first() else { return Ok(0) };
        let (event, verb) = (&first.last.event, &self.scripts.repair);
        let mut repair = verb.on(&Keys(partition).of_lead(&event.entity, &event.lead));
        repair.arg(who).arg(if forced { "1" } else { "" });
        // Whoever asks for one by its name gets it back, however old it is.
        let kept = self.kept.filter(|_| !who.is_empty());
        repair.arg(kept.map(|kept| kept.num_milliseconds().to_string()).unwrap_or_default());
        for past in pasts {
            repair.arg(past.words());
        }
        let (word, repaired): (String, u64) = self.run_anyway(partition, &repair).await?;
        match word.as_str() {
            "repaired" => Ok(repaired),
            "lost" => Err(BoardError::Shut { partition }),
            _ => Err(verb.unknown(word)),
        }
    }

    pub(crate) fn unreadable(lead: &LeadId, what: &dyn std::fmt::Display) -> BoardError {
        BoardError::Unreadable { lead: lead.clone(), what: what.to_string() }
    }
}
