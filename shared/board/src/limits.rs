//! Who is at a limit, for whoever only wants to know.

use tipoff_domain::{AgentId, Cap, EntityId};

use crate::keys::{Keys, of_agent};
use crate::{Board, BoardError};

impl Board {
    /// Which of these are at one of their limits now, places that offers hold
    /// included (D-20, D-22). Nothing is held for the others.
    pub async fn at_limit(
        &self,
        entity: &EntityId,
        agents: &[(AgentId, Vec<Cap>)],
    ) -> Result<Vec<AgentId>, BoardError> {
        let limited = || agents.iter().filter(|(_, caps)| !caps.is_empty());
        if limited().next().is_none() {
            return Ok(Vec::new());
        }
        let partition = self.partition(entity);
        let keys = Keys(partition);
        let count = |counts: &mut redis::Pipeline| {
            for (agent, caps) in limited() {
                let (from, to) = of_agent(entity, agent);
                counts.cmd("ZLEXCOUNT").arg(keys.reserved()).arg(&from).arg(&to);
                for cap in caps {
                    let since = cap.since.map(|since| since.timestamp_millis().to_string());
                    let key = if since.is_some() { keys.taken() } else { keys.owned() };
                    let from = format!("{from}{}", since.unwrap_or_default());
                    counts.cmd("ZLEXCOUNT").arg(key).arg(from).arg(&to);
                }
            }
        };
        let counts: Vec<u64> = self.read(partition, count).await?;
        let mut counts = counts.into_iter();
        let mut next = || counts.next().unwrap_or_default();
        let mut full = Vec::new();
        for (agent, caps) in limited() {
            let reserved = next();
            let had: Vec<u64> = caps.iter().map(|_| next()).collect();
            if caps.iter().zip(had).any(|(cap, had)| had + reserved >= u64::from(cap.count)) {
                full.push(agent.clone());
            }
        }
        Ok(full)
    }
}
