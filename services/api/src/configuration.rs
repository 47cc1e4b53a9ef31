//! Configuration: entities and what belongs to them, and keys.
//!
//! The roster checks and writes; these handlers say who may, on what version
//! an edit is based, and how the result is shown.

pub(crate) mod agents;
pub(crate) mod entities;
pub(crate) mod keys;
pub(crate) mod lenders;
pub(crate) mod links;
pub(crate) mod pauses;
pub(crate) mod ponds;
pub(crate) mod routes;
mod snapshot;
pub(crate) mod sources;
pub(crate) mod trail;
pub(crate) mod versions;

use std::sync::Arc;

use serde::Serialize;
use tipoff_domain::{EntityId, EntityView};
use tipoff_roster::Edited;

use crate::Api;
use crate::etag::Versioned;
use crate::problem::Problem;

/// A configured thing under its name.
#[derive(Debug, Serialize)]
pub(crate) struct Named<Id, T> {
    pub(crate) id: Id,
    #[serde(flatten)]
    pub(crate) value: T,
    pub(crate) version: u64,
}

impl<Id, T> Named<Id, T> {
    /// What an edit made of it.
    fn edited(id: Id, edited: Edited<T>) -> Versioned<Self> {
        let Edited { value, version, created } = edited;
        Versioned::edited(created, version, Self { id, value, version })
    }

    /// As it stands.
    fn shown(self) -> Versioned<Self> {
        Versioned::ok(self.version, self)
    }
}

impl<Id: Clone, T: Clone> Named<Id, T> {
    /// `None`: it is not there, or not yet everywhere.
    fn found(id: &Id, value: Option<&Arc<T>>, version: Option<u64>) -> Option<Self> {
        Some(Self { id: id.clone(), value: value?.as_ref().clone(), version: version? })
    }
}

/// How often a read-change-write is tried again when others edit the same
/// thing, where the caller did not name a version.
const ATTEMPTS: usize = 5;

impl Api {
    pub(crate) fn entity_view(&self, entity: &EntityId) -> Result<Arc<EntityView>, Problem> {
        self.roster.view(entity).ok_or_else(|| Problem::not_found(&format!("entity `{entity}`")))
    }
}
