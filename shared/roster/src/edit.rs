//! Edits: checked as a whole, then written with the version they were based on.

mod entities;
mod list;
mod people;
mod ponds;
mod push;
mod reach;
mod rooms;
mod routes;
mod seen;
mod templates;
mod webhooks;

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tipoff_domain::{EntityId, EntityView, Invalid};

use crate::bucket::Write;
use crate::entities::Slot;
use crate::keys::Key;
use crate::{Deployment, Roster};

/// On what an edit is based.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Whatever is there.
    Anything,
    /// Nothing is there yet.
    Absent,
    /// Exactly this version (`If-Match`).
    Version(u64),
}

/// What an edit made, and its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited<T> {
    pub value: T,
    pub version: u64,
    pub created: bool,
}

/// Why an edit was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("{0}")]
    Invalid(Invalid),
    #[error("{what} does not exist")]
    NotFound { what: String },
    #[error("{what} was changed by somebody else; it is at version {version} now")]
    Conflict { what: String, version: u64 },
    #[error("the roster could not be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Roster {
    /// For how many days leads stay on the board once they are over; 0: for ever. Every
    /// process goes by that from its next start on.
    pub async fn keep_on_board(&self, days: u16) -> Result<(), EditError> {
        let (key, what) = (Key::Deployment, "the deployment");
        let entry = self.entities.get(&key.to_string()).await?;
        let entry = entry.ok_or_else(|| not_found(what.to_owned()))?;
        let deployment = Deployment { board_days: days, ..self.deployment().clone() };
        let expect = Expect::Version(entry.revision);
        self.write(&key, what, deployment, true, expect).await.map(drop)
    }

    /// The view of an entity that must exist.
    fn view_of(&self, entity: &EntityId) -> Result<Arc<EntityView>, EditError> {
        self.view(entity).ok_or_else(|| not_found(format!("entity `{entity}`")))
    }

    /// Looks at an entity that must exist.
    fn within<V>(&self, entity: &EntityId, look: impl FnOnce(&Slot) -> V) -> Result<V, EditError> {
        let entities = self.entities.read();
        let slot = entities.slot(entity).ok_or_else(|| not_found(format!("entity `{entity}`")))?;
        Ok(look(slot))
    }

    /// Writes something that was checked.
    async fn write<T: Serialize>(
        &self,
        key: &Key,
        what: &str,
        value: T,
        existed: bool,
        expect: Expect,
    ) -> Result<Edited<T>, EditError> {
        if let Expect::Version(_) = expect
            && !existed
        {
            return Err(not_found(what.to_owned()));
        }
        let write = Write {
            key: key.to_string(),
            what: what.to_owned(),
            value: Some(encode(&value)?),
            expect,
        };
        let version = self.entities.commit(&[write], &self.author).await?;
        Ok(Edited { value, version, created: !existed })
    }

    /// Deletes something; `existed` says whether it was there.
    async fn remove(
        &self,
        key: &Key,
        what: &str,
        existed: bool,
        expect: Expect,
    ) -> Result<(), EditError> {
        if !existed {
            return Err(not_found(what.to_owned()));
        }
        let (key, what) = (key.to_string(), what.to_owned());
        let write = Write { key, what, value: None, expect };
        self.entities.commit(&[write], &self.author).await.map(drop)
    }
}

pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Bytes, EditError> {
    match serde_json::to_vec(value) {
        Ok(text) => Ok(Bytes::from(text)),
        Err(error) => Err(EditError::Unavailable(Box::new(error))),
    }
}

pub(crate) fn not_found(what: String) -> EditError {
    EditError::NotFound { what }
}

pub(crate) fn refused(checked: Result<(), Invalid>) -> Result<(), EditError> {
    checked.map_err(EditError::Invalid)
}
