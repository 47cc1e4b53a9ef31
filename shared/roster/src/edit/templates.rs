//! An entity's own templates of notices. Whoever writes one has checked it.

use std::sync::Arc;

use tipoff_domain::{EntityId, Locale};

use super::{Edited, Expect};
use crate::keys::Key;
use crate::{EditError, Roster};

impl Roster {
    /// The entity's own template of a piece, as in `offer.sms`.
    pub fn template(&self, entity: &EntityId, piece: &str, locale: Locale) -> Option<Arc<str>> {
        let entities = self.entities.read();
        let template = entities.slot(entity)?.templates.get(&(piece.to_owned(), locale))?;
        Some(template.value.clone())
    }

    /// For `ETag`; `None`: the entity has none of its own.
    pub fn template_version(&self, entity: &EntityId, piece: &str, locale: Locale) -> Option<u64> {
        let entities = self.entities.read();
        Some(entities.slot(entity)?.templates.get(&(piece.to_owned(), locale))?.version)
    }

    pub async fn put_template(
        &self,
        entity: &EntityId,
        piece: &str,
        locale: Locale,
        template: String,
        expect: Expect,
    ) -> Result<Edited<String>, EditError> {
        let place = (piece.to_owned(), locale);
        let existed = self.within(entity, |slot| slot.templates.contains_key(&place))?;
        let key = Key::Template(entity.clone(), place.0, locale);
        self.write(&key, &named(piece, locale), template, existed, expect).await
    }

    pub async fn remove_template(
        &self,
        entity: &EntityId,
        piece: &str,
        locale: Locale,
        expect: Expect,
    ) -> Result<(), EditError> {
        let place = (piece.to_owned(), locale);
        let existed = self.within(entity, |slot| slot.templates.contains_key(&place))?;
        let key = Key::Template(entity.clone(), place.0, locale);
        self.remove(&key, &named(piece, locale), existed, expect).await
    }
}

fn named(piece: &str, locale: Locale) -> String {
    format!("template `{piece}` in `{}`", locale.as_str())
}
