//! Browsers and telephones that want to be told.

use tipoff_domain::{AgentId, EntityId, Invalid};

use super::{Expect, not_found};
use crate::keys::{Key, short};
use crate::{Device, EditError, PushSubscription, Roster};

/// Browsers and telephones of one agent: each is called for every notice.
const MOST_DEVICES: usize = 20;

impl Roster {
    pub async fn add_push_subscription(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        subscription: PushSubscription,
    ) -> Result<(), EditError> {
        self.add_device(entity, agent, subscription.into()).await
    }

    /// A browser or a telephone of the agent.
    pub async fn add_device(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        device: Device,
    ) -> Result<(), EditError> {
        let device_id = short(device.address());
        let (known, others) = self.within(entity, |slot| {
            let others = slot.push_of(agent).filter(|(one, _)| *one != device_id).count();
            (slot.agents.contains_key(agent), others)
        })?;
        if !known {
            return Err(not_found(format!("agent `{agent}`")));
        }
        if others >= MOST_DEVICES {
            let problem =
                format!("you have {MOST_DEVICES} browsers and telephones: let one go first");
            return Err(EditError::Invalid(Invalid::one("", problem)));
        }
        let key = Key::Push(entity.clone(), agent.clone(), device_id);
        self.write(&key, "the push subscription", device, true, Expect::Anything).await.map(drop)
    }

    /// For a device that its push service no longer knows; `address` as
    /// [`Device::address`] gives it.
    pub async fn remove_push_subscription(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        address: &str,
    ) -> Result<(), EditError> {
        let device = short(address);
        let of_agent = (agent.clone(), device.clone());
        let has_it = |home: &EntityId| {
            self.within(home, |slot| slot.push.contains_key(&of_agent)).unwrap_or_default()
        };
        let home = self.homes(entity, agent).into_iter().find(has_it);
        let key = Key::Push(home.clone().unwrap_or(entity.clone()), agent.clone(), device);
        self.remove(&key, "the push subscription", home.is_some(), Expect::Anything).await
    }

    /// All of one agent's.
    pub(super) async fn remove_push_subscriptions(
        &self,
        entity: &EntityId,
        agent: &AgentId,
    ) -> Result<(), EditError> {
        let devices: Vec<String> = self.within(entity, |slot| {
            slot.push_of(agent).map(|(device, _)| device.to_owned()).collect()
        })?;
        for device in devices {
            let key = Key::Push(entity.clone(), agent.clone(), device);
            self.remove(&key, "the push subscription", true, Expect::Anything).await?;
        }
        Ok(())
    }
}
