//! The edits of which outsiders are told: of routes, and of who takes leads.

use tipoff_domain::{Agent, EntityId, RouteId};
use tipoff_wire::changed::{ChangeKind, Changed, RouteEdit};
use tipoff_wire::trail::By;

use crate::bucket::Edition;
use crate::history::{Change, Done};
use crate::keys::Key;
use crate::{Author, EditError, Roster};

impl Roster {
    /// What outsiders are told of the edit that made that version of an entry;
    /// `subject`: where the entry stands in the stream of the bucket. Nothing where
    /// nobody need know, or where the version is not kept any more.
    pub async fn announced(&self, subject: &str, version: u64) -> Result<Vec<Changed>, EditError> {
        let key = self.entities.key(subject).and_then(Key::read);
        match key {
            Some(Key::Route(entity, route)) => {
                let changes = self.route_versions(&entity, &route).await?;
                let change = changes.into_iter().find(|change| change.version == version);
                Ok(change
                    .map(|change| of_route(&entity, Some(route), change))
                    .into_iter()
                    .collect())
            }
            Some(Key::Order(entity)) => {
                let moved = self.reordered(&entity, version).await?;
                Ok(moved.map(|change| of_route(&entity, None, change)).into_iter().collect())
            }
            Some(key @ Key::Agent(..)) => {
                let editions = self.entities.past(&key.to_string()).await?;
                let place = editions.iter().position(|edition| edition.version == version);
                let Some(place) = place else { return Ok(Vec::new()) };
                let before = place.checked_sub(1).and_then(|before| agent(&editions[before]));
                Ok(of_agent(&key, before, &editions[place]))
            }
            _ => Ok(Vec::new()),
        }
    }
}

fn of_route(entity: &EntityId, route: Option<RouteId>, change: Change) -> Changed {
    let edit = match (&route, change.done) {
        (None, _) => RouteEdit::Reordered,
        (_, Done::Created) => RouteEdit::Created,
        (_, Done::Changed) => RouteEdit::Changed,
        (_, Done::Deleted) => RouteEdit::Deleted,
    };
    let inside = change.fields.iter().flatten().filter(|_| edit == RouteEdit::Changed);
    let mut fields: Vec<String> =
        inside.filter_map(|one| Some(one.field.split('/').nth(1)?.to_owned())).collect();
    fields.dedup();
    let changed = plain(entity, ChangeKind::RouteChanged, change.version, change.at, change.by);
    Changed { route, edit: Some(edit), fields, ..changed }
}

/// What pauses and resumes them: on all routes, on one, or by themselves.
fn of_agent(key: &Key, before: Option<Agent>, edition: &Edition) -> Vec<Changed> {
    let (Key::Agent(entity, id), Some(now)) = (key, agent(edition)) else { return Vec::new() };
    let (was_paused, was_paused_on, was_away) =
        before.map(|before| (before.paused, before.paused_on, before.away)).unwrap_or_default();
    let mut told = Vec::new();
    let mut tell = |paused: bool, route: Option<&RouteId>, away| {
        let kind = if paused { ChangeKind::AgentPaused } else { ChangeKind::AgentResumed };
        let changed = plain(entity, kind, edition.version, edition.at, edition.by.clone());
        let number = told.len();
        let id_of_it = format!("{}-{number}", changed.id);
        let (agent, route) = (Some(id.clone()), route.cloned());
        told.push(Changed { id: id_of_it, agent, route, away, ..changed });
    };
    if was_paused != now.paused {
        tell(now.paused, None, None);
    }
    for route in now.paused_on.iter().filter(|route| !was_paused_on.contains(route)) {
        tell(true, Some(route), None);
    }
    for route in was_paused_on.iter().filter(|route| !now.paused_on.contains(route)) {
        tell(false, Some(route), None);
    }
    if was_away != now.away {
        tell(now.away.is_some(), None, now.away);
    }
    told
}

fn plain(
    entity: &EntityId,
    kind: ChangeKind,
    version: u64,
    at: chrono::DateTime<chrono::Utc>,
    by: Option<Author>,
) -> Changed {
    Changed {
        id: format!("{}{version}", Changed::ID),
        kind,
        at,
        entity: entity.clone(),
        version,
        by: by.map(|by| By { role: by.role_word().to_owned(), key: by.key, agent: by.agent }),
        route: None,
        edit: None,
        fields: Vec::new(),
        agent: None,
        away: None,
    }
}

/// `None`: they were deleted, or a later release wrote them.
fn agent(edition: &Edition) -> Option<Agent> {
    serde_json::from_slice(edition.value.as_deref()?).ok()
}
