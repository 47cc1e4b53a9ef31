//! When a source last sent a lead, to the hour.

use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};
use tipoff_domain::{EntityId, SourceId};

use super::Expect;
use crate::keys::Key;
use crate::{EditError, Roster};

/// How exactly it is known: a busy source must not write all the time.
const TO_WITHIN: TimeDelta = TimeDelta::hours(1);

impl Roster {
    /// `None`: nothing ever came from it.
    pub fn last_seen(&self, entity: &EntityId, source: &SourceId) -> Option<DateTime<Utc>> {
        self.entities.read().slot(entity)?.seen.get(source).copied()
    }

    /// Whether it is worth noting that a lead came from the source.
    pub fn is_news(&self, entity: &EntityId, source: &SourceId, at: DateTime<Utc>) -> bool {
        self.last_seen(entity, source).is_none_or(|known| at >= known + TO_WITHIN)
    }

    /// Notes that a lead came from the source, if that is news.
    pub async fn note_seen(
        &self,
        entity: &EntityId,
        source: &SourceId,
        at: DateTime<Utc>,
    ) -> Result<(), EditError> {
        if !self.is_news(entity, source, at) {
            return Ok(());
        }
        // Of a crowd of leads the first writes.
        let this = (entity.clone(), source.clone());
        let noting = || self.noting.lock().unwrap_or_else(PoisonError::into_inner);
        if !noting().insert(this.clone()) {
            return Ok(());
        }
        let key = Key::Seen(entity.clone(), source.clone());
        let written = self.write(&key, "when a source was seen", at, true, Expect::Anything).await;
        noting().remove(&this);
        written.map(drop)
    }
}
