//! Taking offers back while the lead stays in routing.

use futures::{StreamExt, stream};
use tipoff_domain::standing::Withdrawal;
use tipoff_domain::{AgentId, EntityId, LeadId};

use crate::keys::Keys;
use crate::read::to_word;
use crate::words::{of_round, quoted};
use crate::{Board, BoardError, Withdrawn};

/// Offers taken back at once.
const AT_ONCE: usize = 16;

impl Board {
    /// Takes back the offer of `lead` to `agent`; `round`: only if it was made
    /// in that one. When nobody is left who was asked, the lead moves on.
    pub async fn withdraw(
        &self,
        entity: &EntityId,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        why: Withdrawal,
    ) -> Result<Withdrawn, BoardError> {
        let args = [agent.as_str(), &of_round(round), &quoted(Some(&to_word(&why)))];
        let reply = self.change(&self.scripts.withdraw, entity, lead, &args).await?;
        Ok(match reply.word.as_str() {
            "withdrawn" => Withdrawn::Done,
            "withdrawn_all" => {
                self.wake(self.partition(entity)).await;
                Withdrawn::Done
            }
            "not_pending" => Withdrawn::NotPending,
            "unknown" => Withdrawn::Unknown,
            _ => return Err(self.scripts.withdraw.unknown(reply.word)),
        })
    }

    /// Takes back every open offer to `agent`, as when they leave (D-23).
    /// Answers how many there were.
    pub async fn withdraw_all_of(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        why: Withdrawal,
    ) -> Result<usize, BoardError> {
        let offers = Keys(self.partition(entity)).offers();
        let leads = self.names_of_agent(&offers, entity, agent).await?;
        let withdrawing = stream::iter(leads)
            .map(|lead| async move { self.withdraw(entity, &lead, agent, None, why).await });
        let answers: Vec<_> = withdrawing.buffer_unordered(AT_ONCE).collect().await;
        let answers: Vec<Withdrawn> = answers.into_iter().collect::<Result<_, _>>()?;
        Ok(answers.iter().filter(|answer| **answer == Withdrawn::Done).count())
    }
}
