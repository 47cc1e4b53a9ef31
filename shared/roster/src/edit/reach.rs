//! Which channels of an agent work, and which do not.

use tipoff_domain::{AgentId, Channel, EntityId};

use super::{Expect, not_found};
use crate::keys::Key;
use crate::reach::Reach;
use crate::{EditError, Roster};

impl Roster {
    /// What is known of the agent's present address for `channel`; of their
    /// browsers and telephones, of any that they still have.
    pub fn reach(&self, entity: &EntityId, agent: &AgentId, channel: Channel) -> Option<Reach> {
        let home = self.home(entity, agent)?;
        self.entities.read().slot(&home)?.reach_of(agent, channel).cloned()
    }

    /// Where `channel` leads to the agent: one address, or one for each device.
    pub fn addresses(&self, entity: &EntityId, agent: &AgentId, channel: Channel) -> Vec<String> {
        if channel == Channel::Push {
            return self
                .devices(entity, agent)
                .iter()
                .map(|one| one.address().to_owned())
                .collect();
        }
        let view = self.view(entity);
        let known = view.as_ref().and_then(|view| view.agents.get(agent));
        known.and_then(|known| channel.address_of(known)).map(str::to_owned).into_iter().collect()
    }

    /// Notes what was found out about a channel of an agent, where their entry stands.
    pub async fn put_reach(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        channel: Channel,
        reach: Reach,
    ) -> Result<(), EditError> {
        let Some(home) = self.home(entity, agent) else {
            return Err(not_found(format!("agent `{agent}`")));
        };
        let key = Key::Reach(home, agent.clone(), channel);
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
