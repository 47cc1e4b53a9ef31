//! Who changed what, and when.
//!
//! The bucket keeps the last versions of every entry with its author, also of
//! what was deleted; what an edit changed is the difference to the version before.

mod difference;
mod shown;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use tipoff_domain::{EntityId, Route, RouteId};

use crate::bucket::Edition;
use crate::cache::VERSIONS;
use crate::keys::Key;
use crate::{Author, EditError, Roster};
pub use difference::FieldChange;
use difference::fields;
use shown::{as_shown, without_secrets};

/// What an edit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    Created,
    Changed,
    Deleted,
}

/// One edit of one thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// `entity`, `agent`, `source`, `pond`, `lender`, `route`, `order`, `room`,
    /// `template` or `webhook`.
    pub thing: &'static str,
    pub id: String,
    pub version: u64,
    pub at: DateTime<Utc>,
    /// `None`: by an earlier release, which did not write it down.
    pub by: Option<Author>,
    pub done: Done,
    /// `None`: the version before is not kept any more.
    pub fields: Option<Vec<FieldChange>>,
}

impl Roster {
    /// Every edit of a route that is still kept, the newest first; also of one
    /// that was deleted. Empty: there never was such a route.
    pub async fn route_versions(
        &self,
        entity: &EntityId,
        route: &RouteId,
    ) -> Result<Vec<Change>, EditError> {
        let key = Key::Route(entity.clone(), route.clone()).to_string();
        let mut changes = told(self.entities.past(&key).await?);
        changes.reverse();
        Ok(changes)
    }

    /// The route as it was in one version; `None`: it had no such version, or
    /// was deleted in it.
    pub async fn route_at(
        &self,
        entity: &EntityId,
        route: &RouteId,
        version: u64,
    ) -> Result<Option<Route>, EditError> {
        let key = Key::Route(entity.clone(), route.clone()).to_string();
        let editions = self.entities.past(&key).await?;
        let value = editions.into_iter().find(|edition| edition.version == version);
        let Some(value) = value.and_then(|edition| edition.value) else { return Ok(None) };
        let mut route: Route =
            serde_json::from_slice(&value).map_err(|error| EditError::Unavailable(error.into()))?;
        route.version = version;
        Ok(Some(route))
    }

    /// The edit that put the routes in the order of that version; `None`: the order
    /// only went along with the edit of a route.
    pub(crate) async fn reordered(
        &self,
        entity: &EntityId,
        version: u64,
    ) -> Result<Option<Change>, EditError> {
        let mut editions = self.entities.past(&Key::Order(entity.clone()).to_string()).await?;
        editions.extend(self.entities.past(&format!("route.{entity}.*")).await?);
        editions.sort_by_key(|edition| edition.version);
        let is_it = |change: &Change| change.version == version && change.thing == "order";
        Ok(told(editions).into_iter().find(is_it))
    }

    /// What was edited in an entity, the newest first: `limit` edits before the
    /// version `before`, and whether there are more.
    pub async fn changes_of(
        &self,
        entity: &EntityId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<Change>, bool), EditError> {
        let all = [
            format!("*.{entity}"),
            format!("*.{entity}.*"),
            // The name of a template has parts of its own.
            format!("template.{entity}.>"),
        ];
        let mut editions = Vec::new();
        for keys in &all {
            editions.extend(self.entities.past(keys).await?);
        }
        editions.sort_by_key(|edition| edition.version);
        let mut changes = told(editions);
        changes.retain(|change| before.is_none_or(|before| change.version < before));
        let more = changes.len() > limit;
        changes.reverse();
        changes.truncate(limit);
        Ok((changes, more))
    }
}

/// From the editions of some keys, oldest first.
fn told(editions: Vec<Edition>) -> Vec<Change> {
    let mut counts: HashMap<String, i64> = HashMap::new();
    for edition in &editions {
        *counts.entry(edition.key.clone()).or_default() += 1;
    }
    let mut last: HashMap<String, Option<Value>> = HashMap::new();
    let mut route_at = None;
    let mut changes = Vec::new();
    for edition in editions {
        let Some((thing, id)) = Key::read(&edition.key).and_then(|key| named(&key)) else {
            continue;
        };
        let now = edition.value.as_deref().and_then(|value| serde_json::from_slice(value).ok());
        let now = now.map(|now| as_shown(thing, now));
        let before = last.insert(edition.key.clone(), now.clone());
        let is_whole = counts.get(&edition.key).is_some_and(|count| *count < VERSIONS);
        let (done, fields) = match (&before, &now) {
            (_, None) => (Done::Deleted, Some(Vec::new())),
            (Some(Some(before)), Some(now)) => {
                (Done::Changed, Some(without_secrets(thing, fields(before, now))))
            }
            (None, Some(_)) if !is_whole => (Done::Changed, None),
            (None | Some(None), Some(_)) => (Done::Created, Some(Vec::new())),
        };
        let nothing_differs = fields.as_ref().is_some_and(Vec::is_empty);
        let went_along = match thing {
            // The order goes with every edit of a route; it is told where it was the edit.
            "order" => route_at == Some(edition.version - 1) || nothing_differs,
            // How an endpoint answers is noted beside it, and nobody edited that.
            "webhook" => done == Done::Changed && nothing_differs,
            _ => false,
        };
        if thing == "route" {
            route_at = Some(edition.version);
        }
        if !went_along {
            let Edition { version, at, by, .. } = edition;
            changes.push(Change { thing, id, version, at, by, done, fields });
        }
    }
    changes
}

/// What a key is about; `None`: nothing that people configure.
fn named(key: &Key) -> Option<(&'static str, String)> {
    Some(match key {
        Key::Entity(entity) => ("entity", entity.to_string()),
        Key::Agent(_, id) => ("agent", id.to_string()),
        Key::Source(_, id) => ("source", id.to_string()),
        Key::Pond(_, id) => ("pond", id.to_string()),
        Key::Lender(_, id) => ("lender", id.to_string()),
        Key::Route(_, id) => ("route", id.to_string()),
        Key::Order(entity) => ("order", entity.to_string()),
        Key::Room(_, chat) => ("room", chat.as_str().to_owned()),
        Key::Template(_, piece, locale) => ("template", format!("{piece}/{}", locale.as_str())),
        Key::Webhook(_, id) => ("webhook", id.to_string()),
        Key::Deployment | Key::Push(..) | Key::Seen(..) | Key::Reach(..) => return None,
    })
}
