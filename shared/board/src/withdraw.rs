//! Taking offers back while the lead stays in routing.

use futures::{StreamExt, stream};
use tipoff_domain::standing::Withdrawal;
use tipoff_domain::{AgentId, EntityId, LeadId};
use tipoff_wire::Partition;

use crate::agents::in_words;
use crate::board::quoted;
use crate::keys::{self, Keys};
use crate::read::to_word;
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
        let args = [agent.as_str(), &in_words(round), &quoted(Some(&to_word(&why)))];
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

    /// Everybody who is being asked about any lead of a partition.
    pub async fn asked(
        &self,
        partition: Partition,
    ) -> Result<Vec<(EntityId, AgentId)>, BoardError> {
        let (offers, mut redis) = (Keys(partition).offers(), self.redis.clone());
        let (mut asked, mut from) = (Vec::new(), "-".to_owned());
        loop {
            let mut range = redis::cmd("ZRANGE");
            range.arg(&offers).arg(from).arg("+").arg("BYLEX").arg("LIMIT").arg(0).arg(1);
            let next: Vec<String> = range.query_async(&mut redis).await?;
            let Some((entity, agent)) = next.first().and_then(|member| whose(member)) else {
                return Ok(asked);
            };
            // Past everything that is on offer to the same agent.
            (_, from) = keys::of_agent(&entity, &agent);
            from.replace_range(..1, "[");
            asked.push((entity, agent));
        }
    }
}

/// Whose a member of `offers` is.
fn whose(member: &str) -> Option<(EntityId, AgentId)> {
    let mut parts = member.split('|');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
