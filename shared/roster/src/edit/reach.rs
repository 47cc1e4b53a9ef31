//! Which channels of an agent work, and which do not.

use tipoff_domain::{AgentId, Channel, EntityId};

use super::{Expect, not_found};
use crate::keys::Key;
use crate::reach::Reach;
use crate::{EditError, Roster};

impl Roster {
    /// What is known of the agent's present address for `channel`.
    pub fn reach(&self, entity: &EntityId, agent: &AgentId, channel: Channel) -> Option<Reach> {
        let view = self.view(entity)?;
        let address = channel.address_of(view.agents.get(agent)?)?;
        let entities = self.entities.read();
        let reach = entities.slot(entity)?.reach.get(&(agent.clone(), channel))?;
        reach.is_about(address).then(|| reach.clone())
    }

    /// Notes what was found out about a channel of an agent.
    pub async fn put_reach(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        channel: Channel,
        reach: Reach,
    ) -> Result<(), EditError> {
        if !self.view(entity).is_some_and(|view| view.agents.contains_key(agent)) {
            return Err(not_found(format!("agent `{agent}`")));
        }
        let key = Key::Reach(entity.clone(), agent.clone(), channel);
        self.write(&key, "what is known of the channel", reach, true, Expect::Anything)
            .await
            .map(drop)
    }

    /// Forgets what is known of one agent's channels.
    pub(super) async fn forget_reach(
        &self,
        entity: &EntityId,
        agent: &AgentId,
    ) -> Result<(), EditError> {
        let channels: Vec<Channel> = self.within(entity, |slot| {
            let known = slot.reach.keys().filter(|(whose, _)| whose == agent);
            known.map(|(_, channel)| *channel).collect()
        })?;
        for channel in channels {
            let key = Key::Reach(entity.clone(), agent.clone(), channel);
            self.remove(&key, "what is known of the channel", true, Expect::Anything).await?;
        }
        Ok(())
    }
}
