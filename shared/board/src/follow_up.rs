//! A promise to get in touch with a lead again.

use chrono::{DateTime, Utc};
use tipoff_domain::{AgentId, EntityId, LeadId};

use crate::words::{of_request, quoted};
use crate::{Board, BoardError};

/// The answer to a follow-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowUp {
    /// It stands in the log; also when the same request came before.
    Noted,
    /// Another agent has the lead, or nobody does.
    NotYours,
    Unknown,
}

impl Board {
    /// Notes that the agent who has `lead` gets in touch again at `due`: `agent`
    /// for themselves, or an admin (`None`) for whoever has it. `request` makes
    /// a retry hear the first answer.
    pub async fn follow_up(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: Option<&AgentId>,
        due: DateTime<Utc>,
        note: Option<&str>,
        request: &str,
    ) -> Result<FollowUp, BoardError> {
        let (who, by) = agent.map_or(("", "admin"), |agent| (agent.as_str(), agent.as_str()));
        let (due, note) = (due.timestamp_millis().to_string(), quoted(note));
        // When it is due may be worked out anew for every try.
        let args = [who, by, &of_request(request, &[&note]), &due, &note];
        let reply = self.change(&self.scripts.follow_up, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "noted" => FollowUp::Noted,
            "not_yours" => FollowUp::NotYours,
            "unknown" => FollowUp::Unknown,
            _ => return Err(self.scripts.follow_up.unknown(reply.word)),
        })
    }
}
