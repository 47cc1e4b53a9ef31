//! A change is decided by a script and committed by the log; until then nobody
//! is told that it is done.

use tipoff_domain::{EntityId, LeadId};
use tipoff_wire::{Event, EventKind, Partition};
use tracing::{error, warn};

use crate::keys::Keys;
use crate::log::{Appended, Logged};
use crate::reply::Reply;
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
        match self.log.append(partition, &events, reply.sequence).await? {
            Appended::At(sequence) => {
                self.settle(partition, &reply.lead, sequence, &reply.unsent).await
            }
            Appended::Conflict(last) => self.give_in(partition, &events, &last).await,
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
        let mut settle = self.scripts.settle.on(&[keys.lead(lead), keys.outbox()]);
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
        last: &Logged,
    ) -> Result<(), BoardError> {
        let lead = &last.event.lead;
        error!(
            lead.id = %lead,
            board.version = ours.last().map(|event| event.version),
            log.version = last.event.version,
            "the board and the log disagree; the board is repaired from the log"
        );
        self.repair(partition, std::slice::from_ref(last)).await?;
        Err(BoardError::Recovering { lead: lead.clone() })
    }

    /// Puts a lead back as the log says, whatever the board has of it: after
    /// Redis was lost. Answers whether the log knows it.
    pub async fn recover(&self, entity: &EntityId, lead: &LeadId) -> Result<bool, BoardError> {
        let partition = self.partition(entity);
        let history = self.log.history(partition, entity, lead).await?;
        self.repair(partition, &history).await?;
        Ok(!history.is_empty())
    }

    /// Puts a lead back as the last of its events says; the others tell what
    /// else was to be remembered.
    async fn repair(&self, partition: Partition, history: &[Logged]) -> Result<(), BoardError> {
        let Some(last) = history.last() else { return Ok(()) };
        let (event, verb) = (&last.event, &self.scripts.repair);
        let events = || history.iter().map(|logged| &logged.event);
        let mut repair = verb.on(&Keys(partition).of_lead(&event.entity, &event.lead));
        repair.arg(event.lead.as_str()).arg(last.sequence);
        repair.arg(events().rev().find_map(own_payload).unwrap_or_default());
        let memory: Vec<String> = events().flat_map(memory).collect();
        let given: Vec<String> = events().filter_map(given).flatten().collect();
        repair.arg(memory.len()).arg(memory).arg(given.len()).arg(given);
        for (field, value) in read::to_fields(event) {
            repair.arg(field).arg(value);
        }
        let reply = verb.run(&repair, &self.redis).await?;
        match reply.word.as_str() {
            "repaired" => {
                warn!(lead.id = %event.lead, version = event.version, "repaired from the log");
            }
            "newer" => {}
            _ => return Err(verb.unknown(reply.word)),
        }
        Ok(())
    }

    pub(crate) fn unreadable(lead: &LeadId, what: &dyn std::fmt::Display) -> BoardError {
        BoardError::Unreadable { lead: lead.clone(), what: what.to_string() }
    }
}

/// The lead as it was sent; what came with a later inquiry is not the lead's.
fn own_payload(event: &Event) -> Option<String> {
    let own = matches!(event.kind, EventKind::Received | EventKind::Released);
    event.payload.as_ref().filter(|_| own).map(ToString::to_string)
}

/// What the event made its route remember, as `repair.lua` takes it.
fn memory(event: &Event) -> Vec<String> {
    let (Some(memory), Some(route)) = (&event.after.memory, &event.after.route) else {
        return Vec::new();
    };
    let things = memory.split(';').filter_map(|thing| thing.split_once('='));
    // The partition comes first; within it, ids only go up.
    let id = event.id.split_once('-').map_or("0-0", |(_, id)| id);
    let words =
        |(what, value): (&str, &str)| [what.into(), route.to_string(), value.into(), id.to_owned()];
    things.flat_map(words).collect()
}

/// Who had the lead after the event, as limits count it.
fn given(event: &Event) -> Option<[String; 4]> {
    let after = &event.after;
    let counted = if after.counted { "1" } else { "" };
    let since = after.since?.timestamp_millis().to_string();
    Some([after.agent.as_ref()?.to_string(), since, read::to_word(&after.how?), counted.into()])
}
