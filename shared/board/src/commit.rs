//! A change is decided by a script and committed by the log; until then nobody
//! is told that it is done.

use tipoff_domain::{EntityId, LeadId};
use tipoff_wire::{Event, EventKind, Partition};
use tracing::{error, warn};

use crate::keys::Keys;
use crate::log::{Appended, Logged};
use crate::reply::Reply;
use crate::scripts::{REPAIR, SETTLE};
use crate::{Board, BoardError, read};

impl Board {
    /// Ships every event of the reply's lead that the log does not have yet,
    /// oldest first, and clears them from the outbox.
    pub(crate) async fn commit(&self, entity: &EntityId, reply: &Reply) -> Result<(), BoardError> {
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
        let appended = self.log.append(partition, &events, reply.sequence).await;
        match appended.map_err(|error| BoardError::Log(Box::new(error)))? {
            Appended::At(sequence) => {
                self.settle(partition, &reply.lead, sequence, &reply.unsent).await
            }
            Appended::Conflict(last) => self.give_in(partition, &events, *last).await,
        }
    }

    async fn settle(
        &self,
        partition: Partition,
        lead: &LeadId,
        sequence: u64,
        shipped: &[String],
    ) -> Result<(), BoardError> {
        let keys = Keys(partition);
        let mut settle = SETTLE.on(&[keys.lead(lead), keys.outbox()]);
        settle.arg(sequence).arg(shipped);
        let _: String = settle.invoke_async(&mut self.redis.clone()).await?;
        Ok(())
    }

    /// Redis and the log tell different stories, so Redis has forgotten
    /// something that was acknowledged. The log wins (invariant 1).
    async fn give_in(
        &self,
        partition: Partition,
        ours: &[Event],
        last: Logged,
    ) -> Result<(), BoardError> {
        let lead = &last.event.lead;
        error!(
            lead.id = %lead,
            board.version = ours.last().map(|event| event.version),
            log.version = last.event.version,
            "the board and the log disagree; the board is repaired from the log"
        );
        self.repair(partition, &last).await?;
        Err(BoardError::Recovering { lead: lead.clone() })
    }

    /// Puts a lead back as its last event says.
    pub(crate) async fn repair(
        &self,
        partition: Partition,
        last: &Logged,
    ) -> Result<(), BoardError> {
        let event = &last.event;
        // An inquiry's payload is not the lead's.
        let payload = event.payload.as_ref().filter(|_| event.kind == EventKind::Received);
        let payload = payload.map(ToString::to_string).unwrap_or_default();
        let mut repair = REPAIR.on(&Keys(partition).of_lead(&event.entity, &event.lead));
        repair.arg(event.lead.as_str()).arg(last.sequence);
        repair.arg(event.after.memory.as_deref().unwrap_or_default()).arg(payload);
        for (field, value) in read::to_fields(event) {
            repair.arg(field).arg(value);
        }
        let reply = REPAIR.run(&repair, &self.redis).await?;
        match reply.word.as_str() {
            "repaired" => {
                warn!(lead.id = %event.lead, version = event.version, "repaired from the log");
            }
            "newer" => {}
            _ => return Err(REPAIR.unknown(reply.word)),
        }
        Ok(())
    }

    pub(crate) fn unreadable(lead: &LeadId, what: &dyn std::fmt::Display) -> BoardError {
        BoardError::Unreadable { lead: lead.clone(), what: what.to_string() }
    }
}
