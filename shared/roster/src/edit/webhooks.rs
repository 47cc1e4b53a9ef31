//! Endpoints that are told what happens.

use chrono::{DateTime, Utc};
use tipoff_domain::{EntityId, WebhookId};

use super::{Edited, Expect};
use crate::entities::Versioned;
use crate::keys::Key;
use crate::{EditError, Roster, Webhook};

impl Roster {
    /// An endpoint of the entity and its version.
    pub fn webhook(&self, entity: &EntityId, id: &WebhookId) -> Option<(Webhook, u64)> {
        let entities = self.entities.read();
        let Versioned { version, value } = entities.slot(entity)?.webhooks.get(id)?;
        Some((value.as_ref().clone(), *version))
    }

    /// All endpoints of the entity, each with its version.
    pub fn webhooks(&self, entity: &EntityId) -> Vec<(WebhookId, Webhook, u64)> {
        let entities = self.entities.read();
        let Some(slot) = entities.slot(entity) else { return Vec::new() };
        let whole = slot.webhooks.iter();
        whole.map(|(id, one)| (id.clone(), one.value.as_ref().clone(), one.version)).collect()
    }

    /// Every endpoint of every entity that something is sent to.
    pub fn webhooks_of_all(&self) -> Vec<(EntityId, WebhookId)> {
        let entities = self.entities.read();
        let all = entities.ids().into_iter().flat_map(|entity| {
            let slot = entities.slot(&entity);
            let on = slot.into_iter().flat_map(|slot| slot.webhooks.iter());
            let on = on.filter(|(_, one)| one.value.is_on()).map(|(id, _)| id.clone());
            on.map(|id| (entity.clone(), id)).collect::<Vec<_>>()
        });
        all.collect()
    }

    /// Since when there are endpoints, those that are switched off included;
    /// `None`: there is none.
    pub fn webhooks_since(&self) -> Option<DateTime<Utc>> {
        let entities = self.entities.read();
        let slots = entities.ids().into_iter().filter_map(|entity| entities.slot(&entity));
        slots.flat_map(|slot| slot.webhooks.values()).map(|one| one.value.created_at).min()
    }

    /// Writes an endpoint that was checked.
    pub async fn put_webhook(
        &self,
        entity: &EntityId,
        id: &WebhookId,
        webhook: Webhook,
        expect: Expect,
    ) -> Result<Edited<Webhook>, EditError> {
        let existed = self.within(entity, |slot| slot.webhooks.contains_key(id))?;
        let key = Key::Webhook(entity.clone(), id.clone());
        self.write(&key, &format!("webhook `{id}`"), webhook, existed, expect).await
    }

    pub async fn delete_webhook(
        &self,
        entity: &EntityId,
        id: &WebhookId,
        expect: Expect,
    ) -> Result<(), EditError> {
        let existed = self.within(entity, |slot| slot.webhooks.contains_key(id))?;
        let key = Key::Webhook(entity.clone(), id.clone());
        self.remove(&key, &format!("webhook `{id}`"), existed, expect).await
    }
}
