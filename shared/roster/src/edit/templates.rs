//! An entity's own templates of notices. Whoever writes one has checked it.

use std::sync::Arc;

use tipoff_domain::{EntityId, Locale};

use super::Expect;
use crate::keys::Key;
use crate::{EditError, Roster};

impl Roster {
    /// The entity's own template of a piece, as in `offer.sms`.
    pub fn template(&self, entity: &EntityId, piece: &str, locale: Locale) -> Option<Arc<str>> {
        let entities = self.entities.read();
        entities.slot(entity)?.templates.get(&(piece.to_owned(), locale)).cloned()
    }

    pub async fn put_template(
        &self,
        entity: &EntityId,
        piece: &str,
        locale: Locale,
        source: &str,
    ) -> Result<(), EditError> {
        self.within(entity, |_| ())?;
        let key = Key::Template(entity.clone(), piece.to_owned(), locale);
        self.write(&key, "the template", source, true, Expect::Anything).await.map(drop)
    }

    pub async fn remove_template(
        &self,
        entity: &EntityId,
        piece: &str,
        locale: Locale,
    ) -> Result<(), EditError> {
        let named = (piece.to_owned(), locale);
        let existed = self.within(entity, |slot| slot.templates.contains_key(&named))?;
        let key = Key::Template(entity.clone(), named.0, locale);
        self.remove(&key, "the template", existed, Expect::Anything).await
    }
}
