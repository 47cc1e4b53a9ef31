//! A key of a sender's own that comes with another lead than before.
//!
//! Ingest refuses that for as long as JetStream knows the first one. Later the
//! sender hears that it was accepted, and the board has a lead of that id
//! already. So that it is not gone without a word, it is kept where what cannot
//! be a lead is kept, with the reason.

use tipoff_board::{Board, BoardError};
use tipoff_domain::{EntityId, Invalid, LeadId};
use tipoff_runtime::{Clock, Delivery, PublishError, Publisher, rejected};
use tipoff_wire::intake::OWN_KEY;
use tipoff_wire::{Accepted, EventKind, Rejected, Stream};
use tracing::warn;

/// Why it is not known whether a key was used again, or was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    #[error("what came with the key first cannot be read")]
    First(#[from] BoardError),
    #[error("it could not be set aside")]
    Publish(#[from] PublishError),
}

/// Keeps leads that came with a key of another.
#[derive(Clone)]
pub(crate) struct Reused {
    pub(crate) board: Board,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Clock,
}

impl Reused {
    /// `delivery` is about a lead that the board has already: keeps what came
    /// now, if its key is the sender's own and came with something else first.
    pub(crate) async fn keep(&self, delivery: &Delivery) -> Result<(), NotKept> {
        if delivery.headers.get(OWN_KEY).is_none() {
            return Ok(());
        }
        let Ok(accepted) = serde_json::from_slice(&delivery.body) else { return Ok(()) };
        let Accepted { id, entity, source, lead, .. } = accepted;
        let (Some(first), Ok(now)) = (self.first(&entity, &id).await?, serde_json::to_value(&lead))
        else {
            return Ok(());
        };
        if first == now {
            return Ok(());
        }
        warn!(lead.id = %id, entity.id = %entity, "a lead came with the `Idempotency-Key` of another and is set aside");
        let problems = Invalid::one(
            "",
            format!(
                "its `Idempotency-Key` came with another lead before ({id}); send it again with a key of its own"
            ),
        );
        let (at, body) = (self.clock.now(), now.to_string());
        let rejected = Rejected { at, problems, body, body_is_base64: false };
        let name = format!("rejected:{}:{}", Stream::Leads.name(), delivery.sequence);
        let source = source.as_ref().map_or("_", |source| source.as_str());
        rejected::write(&self.publisher, (entity.as_str(), source), rejected, &name).await?;
        Ok(())
    }

    /// What the lead was when it came in; `None`: the person was forgotten, or it
    /// is an inquiry on another lead.
    async fn first(
        &self,
        entity: &EntityId,
        lead: &LeadId,
    ) -> Result<Option<serde_json::Value>, BoardError> {
        let timeline = self.board.timeline(entity, lead).await?;
        let received = timeline.into_iter().find(|event| event.kind == EventKind::Received);
        Ok(received.and_then(|event| event.payload))
    }
}
