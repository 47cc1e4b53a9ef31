//! Ageing out: leads with which nobody has anything to do any more leave the
//! board after a while, and only the log has them. So Redis holds what is going
//! on and not all that ever was.
//!
//! Nothing happens to a lead by that: whoever asks for it by its name finds it, as
//! it is put back from the log. Lists and reports do not go that far back.

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use tipoff_domain::{EntityId, LeadId};
use tipoff_wire::After;
use tipoff_wire::event::State;

use crate::keys::Keys;
use crate::log::Logged;
use crate::past::Remembered;
use crate::{Board, BoardError};

/// Leads taken off at once.
const AT_ONCE: usize = 8;
/// Inquiries read in one go.
const CHUNK: usize = 500;

impl Board {
    /// The same board, which leads leave so many days after they are over; 0: never.
    pub fn aging_out_after(self, days: u16) -> Self {
        Self { kept: (days > 0).then(|| TimeDelta::days(days.into())), ..self }
    }

    /// Takes all leads of the entity off the board that have been over for long
    /// enough. Answers how many.
    pub async fn age_out(&self, entity: &EntityId) -> Result<u64, BoardError> {
        let Some(kept) = self.kept else { return Ok(0) };
        let (before, mut gone) = (self.time(entity).await? - kept, 0);
        let chunks = self.standings(entity, DateTime::UNIX_EPOCH, before);
        let mut chunks = std::pin::pin!(chunks);
        while let Some(chunk) = chunks.try_next().await? {
            let over = chunk.into_iter().filter(|stands| is_over(&stands.now_is, before));
            let over = over.map(|stands| stands.id).collect();
            gone += self.take_all_off(entity, over, before).await?;
        }
        loop {
            let inquiries = self.inquiries(entity, before).await?;
            match self.take_all_off(entity, inquiries, before).await? {
                // Of those that are left something is on its way to the log.
                0 => return Ok(gone),
                some => gone += some,
            }
        }
    }

    /// Some that were part of another lead when they came in, before then.
    async fn inquiries(
        &self,
        entity: &EntityId,
        before: DateTime<Utc>,
    ) -> Result<Vec<LeadId>, BoardError> {
        let partition = self.partition(entity);
        let mut range = redis::cmd("ZRANGE");
        range.arg(Keys(partition).inquiries(entity)).arg("-inf");
        range.arg(format!("({}", before.timestamp_millis())).arg("BYSCORE");
        range.arg("LIMIT").arg(0).arg(CHUNK);
        let found: Vec<String> = self.read_one(partition, &range).await?;
        Ok(found.iter().filter_map(|lead| lead.parse().ok()).collect())
    }

    /// Answers how many are gone.
    async fn take_all_off(
        &self,
        entity: &EntityId,
        leads: Vec<LeadId>,
        before: DateTime<Utc>,
    ) -> Result<u64, BoardError> {
        let taking = leads.into_iter().map(|lead| async move {
            Ok::<_, BoardError>(u64::from(self.take_off(entity, &lead, before).await?))
        });
        let taken = stream::iter(taking).buffer_unordered(AT_ONCE);
        taken.try_fold(0, |sum, one| std::future::ready(Ok(sum + one))).await
    }

    /// `false`: somebody has had to do with it meanwhile.
    async fn take_off(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        before: DateTime<Utc>,
    ) -> Result<bool, BoardError> {
        let partition = self.partition(entity);
        let verb = &self.scripts.age_out;
        let mut call = verb.on(&Keys(partition).of_lead(entity, lead));
        call.arg(lead.as_str()).arg(before.timestamp_millis());
        let said: String = self.run(partition, &call).await?;
        match said.as_str() {
            "gone" => Ok(true),
            "stays" => Ok(false),
            _ => Err(verb.unknown(said)),
        }
    }

    /// Whether a lead is not on the board because only the log has it by now.
    pub async fn has_aged_out(&self, entity: &EntityId, lead: &LeadId) -> Result<bool, BoardError> {
        let Some(kept) = self.kept else { return Ok(false) };
        let history: Vec<Logged<Remembered>> =
            self.log.history(self.partition(entity), entity, lead).await?;
        let before = self.time(entity).await? - kept;
        Ok(history.last().is_some_and(|last| is_over(&last.event.after, before)))
    }

    /// Puts a lead back that only the log has. `false`: the log has no such lead
    /// either, or leads do not leave this board.
    pub(crate) async fn recall(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<bool, BoardError> {
        if self.kept.is_none() || !self.log.knows(self.partition(entity), entity, lead).await? {
            return Ok(false);
        }
        Ok(self.put_back_one(entity, lead).await?.is_some())
    }
}

/// Whether nobody has had anything to do with a lead since `before`, as `is_over`
/// in `moves.lua`: it is closed, or its agent has had it all that time.
pub(crate) fn is_over(after: &After, before: DateTime<Utc>) -> bool {
    let is_done = match after.state {
        State::Closed => true,
        State::Assigned => after.act_by.is_none() && after.since.is_some_and(|at| at < before),
        State::Held | State::Offered | State::Pooled => false,
    };
    is_done && after.received_at < before
}
