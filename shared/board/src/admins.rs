//! What admins, and programs in their name, may ask of the board.

use tipoff_domain::standing::Released;
use tipoff_domain::{AgentId, EntityId, Lead, LeadId, PondId};

use crate::keys::Keys;
use crate::read::to_word;
use crate::words::{of_request, quoted};
use crate::{Actor, Assign, Board, BoardError, Close, Credit, Known, Release, Return, place};

impl Board {
    /// A person gives `lead` to `agent`, wherever it stands.
    pub async fn assign(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        by: &Actor,
        request: &str,
    ) -> Result<Assign, BoardError> {
        let request = of_request(request, &[agent.as_str()]);
        let args = [agent.as_str(), by.name(), &request];
        let reply = self.change(&self.scripts.assign, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "assigned" => Assign::Assigned(self.expect_lead(entity, lead).await?),
            "closed" => Assign::Closed,
            "unknown" => Assign::Unknown,
            _ => return Err(self.scripts.assign.unknown(reply.word)),
        })
    }

    /// Sends `lead` to the pond that it was taken from, if that is among `ponds`, else
    /// to the pool (D-25): an agent what they have, an admin anything.
    pub async fn give_back(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        by: &Actor,
        reason: Option<&str>,
        request: &str,
        ponds: &[PondId],
    ) -> Result<Return, BoardError> {
        let agent = match by {
            Actor::Agent(agent) => agent.as_str(),
            Actor::Admin => "",
        };
        let (reason, ponds) = (quoted(reason), place::of_ponds(ponds));
        // Ponds come and go, so a retry may bring others.
        let request = of_request(request, &[&reason]);
        let args = [agent, by.name(), &request, &reason, &ponds];
        let reply = self.change(&self.scripts.give_back, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "returned" => Return::Returned(self.expect_lead(entity, lead).await?),
            "not_yours" => Return::NotYours,
            "unknown" => Return::Unknown,
            _ => return Err(self.scripts.give_back.unknown(reply.word)),
        })
    }

    /// Closes `lead`, wherever it stands. `credit`: if an agent got it in their
    /// turn, the next one on that route is theirs.
    pub async fn close(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        by: &Actor,
        reason: Option<&str>,
        credit: bool,
        request: &str,
    ) -> Result<Close, BoardError> {
        let (reason, credit) = (quoted(reason), if credit { "1" } else { "" });
        let request = of_request(request, &[&reason, credit]);
        let args = [by.name(), &reason, credit, &request];
        let reply = self.change(&self.scripts.close, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "closed" => Close::Closed(self.expect_lead(entity, lead).await?),
            "unknown" => Close::Unknown,
            _ => return Err(self.scripts.close.unknown(reply.word)),
        })
    }

    /// The agent who got `lead` in their turn gets the next one on that route
    /// too, within 30 days; nobody else loses their place.
    pub async fn credit(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        by: &Actor,
        reason: Option<&str>,
        request: &str,
    ) -> Result<Credit, BoardError> {
        let reason = quoted(reason);
        let request = of_request(request, &[&reason]);
        let args = [by.name(), &reason, &request];
        let reply = self.change(&self.scripts.credit, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "credited" => Credit::Credited(self.expect_lead(entity, lead).await?),
            "not_routed" => Credit::NotRouted,
            "unknown" => Credit::Unknown,
            _ => return Err(self.scripts.credit.unknown(reply.word)),
        })
    }

    /// Lets a held lead go: it is routed as if it had just come in. `payload`:
    /// the lead as it is to be from now on, with the contact details that came
    /// in (D-26); the person is recognised by it (D-30).
    pub async fn release(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        payload: Option<&Lead>,
        known: Known,
        why: Released,
        request: &str,
    ) -> Result<Release, BoardError> {
        let partition = self.partition(entity);
        let (verb, keys) = (&self.scripts.release, Keys(partition));
        let marks = payload.map(|lead| known.marks(lead)).unwrap_or_default();
        let payload = payload.map(serde_json::to_string).transpose();
        let payload = payload.map_err(|what| Self::unreadable(lead, &what))?.unwrap_or_default();
        let why = to_word(&why);
        // The payload is made from what stands there, so a retry may bring another.
        let request = of_request(request, &[&why]);
        let mut release = verb.on(&keys.of_lead(entity, lead));
        for mark in &marks {
            release.key(keys.person(entity, mark));
        }
        release.arg(lead.as_str()).arg(why).arg(payload).arg(marks.len()).arg(request);
        release.arg(known.in_words().1.num_milliseconds());
        let reply = self.run(partition, &release).await?;
        self.commit(entity, &reply).await?;
        Ok(match reply.word.as_str() {
            "released" => {
                self.wake(self.partition(entity)).await;
                Release::Released(self.expect_lead(entity, lead).await?)
            }
            "already_routed" => Release::AlreadyRouted,
            "not_held" => Release::NotHeld,
            "unknown" => Release::Unknown,
            _ => return Err(verb.unknown(reply.word)),
        })
    }
}
