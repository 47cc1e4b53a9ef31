//! What agents may ask of the board.

use tipoff_domain::{AgentId, Cap, Claiming, EntityId, LeadId, Span};

use crate::words::{of_caps, of_pond, of_request, of_round, quoted};
use crate::{Board, BoardError, Chance, Claim, Pass, Undone, Worked};

/// A pass: who, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passing<'a> {
    pub agent: &'a AgentId,
    /// The round they were asked in; `None`: whatever is open now.
    pub round: Option<u32>,
    pub reason: Option<&'a str>,
    /// For how long they can take it back. While they can, a lead that nobody
    /// else is asked about waits.
    pub undo: Option<Span>,
    /// Makes a retry hear the first answer; may be empty.
    pub request: &'a str,
}

impl<'a> Passing<'a> {
    /// For good, on whatever is open, without a word.
    pub fn by(agent: &'a AgentId, request: &'a str) -> Self {
        Self { agent, round: None, reason: None, undo: None, request }
    }
}

impl Board {
    /// Claims `lead` on these terms (D-19, D-25, D-32).
    pub async fn claim(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        claiming: &Claiming<'_>,
    ) -> Result<Claim, BoardError> {
        let Claiming { agent, round, request, caps, ponds, pool_counts } = claiming;
        let (caps, round) = (of_caps(caps), of_round(*round));
        let ponds = ponds.iter().map(of_pond).collect::<Vec<_>>().join(";");
        let counts = if *pool_counts { "1" } else { "" };
        let request = of_request(request, &[&round]);
        let args = [agent.as_str(), &round, &request, &caps, &ponds, counts];
        let reply = self.change(&self.scripts.claim, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "won" => Claim::Won(self.expect_lead(entity, lead).await?),
            "already_yours" => Claim::AlreadyYours(self.expect_lead(entity, lead).await?),
            "taken" => Claim::Taken,
            "too_late" => Claim::TooLate,
            "withdrawn" => Claim::Withdrawn,
            "passed" => Claim::Passed,
            "not_offered" => Claim::NotOffered,
            "limit_reached" => Claim::LimitReached,
            "unknown" => Claim::Unknown,
            _ => return Err(self.scripts.claim.unknown(reply.word)),
        })
    }

    /// Whether one more lead fits under `caps`. Only a claim decides (D-22).
    pub async fn has_room(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        caps: &[Cap],
    ) -> Result<bool, BoardError> {
        let args = [agent.as_str(), &of_caps(caps)];
        let reply = self.change(&self.scripts.room, entity, lead, &args).await?;
        match reply.word.as_str() {
            "room" => Ok(true),
            "full" => Ok(false),
            _ => Err(self.scripts.room.unknown(reply.word)),
        }
    }

    /// The agent does not want `lead`. When nobody is left who was asked, it moves on.
    pub async fn pass(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        passing: &Passing<'_>,
    ) -> Result<Pass, BoardError> {
        let (round, reason) = (of_round(passing.round), quoted(passing.reason));
        let undo = passing.undo.map_or(0, Span::as_millis).to_string();
        let request = of_request(passing.request, &[&round, &reason]);
        let args = [passing.agent.as_str(), &round, &request, &reason, &undo];
        let reply = self.change(&self.scripts.pass, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "passed" => Pass::Passed,
            "passed_by_all" => {
                self.wake(self.partition(entity)).await;
                Pass::Passed
            }
            "already_yours" => Pass::AlreadyYours,
            "taken" => Pass::Taken,
            "too_late" => Pass::TooLate,
            "withdrawn" => Pass::Withdrawn,
            "not_offered" => Pass::NotOffered,
            "unknown" => Pass::Unknown,
            _ => return Err(self.scripts.pass.unknown(reply.word)),
        })
    }

    /// `agent` takes back a pass of this round, if they still can.
    pub async fn undo_pass(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        request: &str,
    ) -> Result<Undone, BoardError> {
        let args = [agent.as_str(), &of_request(request, &[])];
        let reply = self.change(&self.scripts.undo_pass, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "pending" => Undone::Pending,
            "too_late" => Undone::TooLate,
            "not_passed" => Undone::NotPassed,
            "unknown" => Undone::Unknown,
            _ => return Err(self.scripts.undo_pass.unknown(reply.word)),
        })
    }

    /// `agent` passed on `lead` or was too late, and wants it after all (D-19).
    pub async fn another_chance(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        request: &str,
    ) -> Result<Chance, BoardError> {
        let args = [agent.as_str(), &of_request(request, &[])];
        let reply = self.change(&self.scripts.another_chance, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "queued" => Chance::Queued,
            "offered" => Chance::Offered,
            "already_yours" => Chance::AlreadyYours,
            "taken" => Chance::Taken,
            "in_pool" => Chance::InPool,
            "not_offered" => Chance::NotOffered,
            "unknown" => Chance::Unknown,
            _ => return Err(self.scripts.another_chance.unknown(reply.word)),
        })
    }

    /// `agent` has begun to work `lead`: its pond does not take it back (D-25).
    pub async fn worked(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
    ) -> Result<Worked, BoardError> {
        let reply = self.change(&self.scripts.worked, entity, lead, &[agent.as_str()]).await?;
        Ok(match reply.word.as_str() {
            "worked" => Worked::Done,
            "not_yours" => Worked::NotYours,
            "unknown" => Worked::Unknown,
            _ => return Err(self.scripts.worked.unknown(reply.word)),
        })
    }
}
