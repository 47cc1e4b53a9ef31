//! What an endpoint is told: the event as everybody sees it, with contact
//! details only where that is allowed.

use serde_json::json;
use tipoff_board::{Board, BoardError};
use tipoff_letters::plain::without_contact;
use tipoff_wire::{Changed, Event, Log};

/// What happened to a lead, or what changed of the configuration.
pub(super) enum Told {
    Event(Box<Event>),
    Changed(Box<Changed>),
}

impl Told {
    /// `None`: a later release wrote it.
    pub(super) fn read(log: Log, body: &[u8]) -> Option<Self> {
        match log {
            Log::Events => serde_json::from_slice(body).ok().map(Self::Event),
            Log::Changes => serde_json::from_slice(body).ok().map(Self::Changed),
        }
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Self::Event(event) => &event.id,
            Self::Changed(changed) => &changed.id,
        }
    }

    /// As in `lead.claimed`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Event(event) => event.kind.as_str(),
            Self::Changed(changed) => changed.kind.as_str(),
        }
    }

    /// The body, as it is signed and sent. The lead itself goes along only with
    /// `contact`; where the event does not hold it, the board does.
    pub(super) async fn body(self, board: &Board, contact: bool) -> Result<String, BoardError> {
        let kind = self.kind();
        let body = match self {
            Self::Event(event) => {
                let event = with_lead(*event, board, contact).await?;
                json!({"type": kind, "timestamp": event.at, "data": event})
            }
            Self::Changed(changed) => {
                json!({"type": kind, "timestamp": changed.at, "data": changed})
            }
        };
        Ok(body.to_string())
    }
}

/// Of whoever was forgotten there is nothing any more, and nothing goes along.
async fn with_lead(event: Event, board: &Board, contact: bool) -> Result<Event, BoardError> {
    if !contact {
        return Ok(event.without_contact(without_contact));
    }
    let mut event = event.without_requests();
    if event.payload.is_none() {
        let lead = board.lead(&event.entity, &event.lead).await?;
        event.payload = lead.and_then(|lead| serde_json::to_value(lead.lead).ok());
    }
    Ok(event)
}
