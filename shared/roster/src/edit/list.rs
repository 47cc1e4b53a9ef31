//! Edits of an entity's list of routes.
//!
//! Every edit of a route goes together with the order of the list, as one
//! write that is refused when the order changed since it was looked at. So of
//! all edits of a list one comes after the other, whoever makes them, and what
//! holds for the list as a whole (such as that no title is used twice) is
//! checked on the list as it is when the edit is made. The version of the order
//! is the version of the list.

use std::sync::Arc;

use tipoff_domain::{EntityId, EntityView, RouteId};

use super::{Expect, encode};
use crate::bucket::Write;
use crate::keys::Key;
use crate::{EditError, Roster};

/// How often somebody else may come first.
const ATTEMPTS: usize = 16;
const THE_LIST: &str = "the list of routes";

/// A list of routes as it stands.
pub(super) struct Listed {
    pub(super) view: Arc<EntityView>,
    /// The default route is not among them.
    pub(super) order: Vec<RouteId>,
    /// 0: never written.
    pub(super) version: u64,
}

/// What becomes of it.
pub(super) struct ListEdit {
    /// What is written beside the order.
    pub(super) write: Option<Write>,
    pub(super) order: Vec<RouteId>,
}

impl Roster {
    /// Changes a list as `decide` says, which may be asked several times.
    /// Answers the version of the list; what was written beside it has the
    /// version before.
    pub(super) async fn edit_list(
        &self,
        entity: &EntityId,
        decide: impl Fn(&Listed) -> Result<ListEdit, EditError>,
    ) -> Result<u64, EditError> {
        // Edits of this process wait for each other rather than get in each other's way.
        let _turn = self.list_edits.lock().await;
        let mut conflict = None;
        for _ in 0..ATTEMPTS {
            let listed = self.listed(entity)?;
            let edit = decide(&listed)?;
            let list = Write {
                key: Key::Order(entity.clone()).to_string(),
                what: THE_LIST.to_owned(),
                value: Some(encode(&edit.order)?),
                expect: match listed.version {
                    0 => Expect::Absent,
                    version => Expect::Version(version),
                },
            };
            let writes: Vec<Write> = edit.write.into_iter().chain([list]).collect();
            match self.entities.commit(&writes, &self.author).await {
                Err(EditError::Conflict { what, version }) if what == THE_LIST => {
                    self.entities.is_seen(version).await;
                    conflict = Some(EditError::Conflict { what, version });
                }
                outcome => return outcome,
            }
        }
        Err(conflict.unwrap_or(EditError::NotFound { what: THE_LIST.to_owned() }))
    }

    fn listed(&self, entity: &EntityId) -> Result<Listed, EditError> {
        let view = self.view_of(entity)?;
        let (order, version) = self.within(entity, |slot| {
            let order = slot.routes_in_order().iter().map(|route| route.id.clone()).collect();
            (order, slot.order.as_ref().map_or(0, |order| order.version))
        })?;
        Ok(Listed { view, order, version })
    }
}

impl Listed {
    /// Refuses an edit that was based on another version of the list.
    pub(super) fn must_be(&self, expect: Expect) -> Result<(), EditError> {
        match expect {
            Expect::Anything => Ok(()),
            Expect::Absent if self.version == 0 => Ok(()),
            Expect::Version(version) if version == self.version => Ok(()),
            Expect::Absent | Expect::Version(_) => {
                Err(EditError::Conflict { what: THE_LIST.to_owned(), version: self.version })
            }
        }
    }
}
