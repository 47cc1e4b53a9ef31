//! Browsers that want to be told.

use tipoff_domain::{AgentId, EntityId};

use super::{Expect, not_found};
use crate::keys::{Key, short};
use crate::{EditError, PushSubscription, Roster};

impl Roster {
    pub async fn add_push_subscription(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        subscription: PushSubscription,
    ) -> Result<(), EditError> {
        let known = self.within(entity, |slot| slot.agents.contains_key(agent))?;
        if !known {
            return Err(not_found(format!("agent `{agent}`")));
        }
        let key = Key::Push(entity.clone(), agent.clone(), short(&subscription.endpoint));
        self.write(&key, "the push subscription", subscription, true, Expect::Anything)
            .await
            .map(drop)
    }

    /// For an endpoint that its push service no longer knows.
    pub async fn remove_push_subscription(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        endpoint: &str,
    ) -> Result<(), EditError> {
        let endpoint = short(endpoint);
        let known =
            self.within(entity, |slot| slot.push.contains_key(&(agent.clone(), endpoint.clone())))?;
        let key = Key::Push(entity.clone(), agent.clone(), endpoint);
        self.remove(&key, "the push subscription", known, Expect::Anything).await
    }

    /// All of one agent's.
    pub(super) async fn remove_push_subscriptions(
        &self,
        entity: &EntityId,
        agent: &AgentId,
    ) -> Result<(), EditError> {
        let endpoints: Vec<String> = self.within(entity, |slot| {
            slot.push_of(agent).map(|(endpoint, _)| endpoint.to_owned()).collect()
        })?;
        for endpoint in endpoints {
            let key = Key::Push(entity.clone(), agent.clone(), endpoint);
            self.remove(&key, "the push subscription", true, Expect::Anything).await?;
        }
        Ok(())
    }
}
