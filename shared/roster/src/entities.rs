//! Everything the bucket `roster` holds, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use tipoff_domain::{
    Agent, AgentId, Entity, EntityId, EntityView, Route, RouteId, Source, SourceId,
};
use tracing::error;

use crate::PushSubscription;
use crate::follow::Table;
use crate::keys::Key;

/// A thing and the version it has.
#[derive(Debug, Clone)]
pub(crate) struct Versioned<T> {
    pub(crate) version: u64,
    pub(crate) value: T,
}

/// One entity with all that belongs to it. Parts may come before the entity
/// itself; it exists once `entity` is there.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) entity: Option<Versioned<Entity>>,
    pub(crate) agents: BTreeMap<AgentId, Versioned<Arc<Agent>>>,
    pub(crate) sources: BTreeMap<SourceId, Versioned<Arc<Source>>>,
    pub(crate) routes: BTreeMap<RouteId, Versioned<Arc<Route>>>,
    pub(crate) order: Option<Versioned<Vec<RouteId>>>,
    pub(crate) push: BTreeMap<(AgentId, String), PushSubscription>,
    /// Made at the first read after a change, so that loading ten thousand
    /// agents does not make ten thousand views.
    view: OnceLock<Option<Arc<EntityView>>>,
}

/// All entities.
#[derive(Debug, Default)]
pub(crate) struct Entities {
    slots: HashMap<EntityId, Slot>,
}

impl Entities {
    /// The entity, if it exists.
    pub(crate) fn slot(&self, id: &EntityId) -> Option<&Slot> {
        self.slots.get(id).filter(|slot| slot.entity.is_some())
    }

    pub(crate) fn view(&self, id: &EntityId) -> Option<Arc<EntityView>> {
        let slot = self.slot(id)?;
        slot.view(id)
    }

    pub(crate) fn ids(&self) -> Vec<EntityId> {
        let existing = self.slots.iter().filter(|(_, slot)| slot.entity.is_some());
        let mut ids: Vec<EntityId> = existing.map(|(id, _)| id.clone()).collect();
        ids.sort();
        ids
    }

    fn change(&mut self, id: EntityId) -> &mut Slot {
        let slot = self.slots.entry(id).or_default();
        slot.view = OnceLock::new();
        slot
    }
}

impl Slot {
    pub(crate) fn view(&self, id: &EntityId) -> Option<Arc<EntityView>> {
        self.view.get_or_init(|| self.make_view(id)).clone()
    }

    /// The subscriptions of one agent, each with the part of its key that tells it apart.
    pub(crate) fn push_of(
        &self,
        agent: &AgentId,
    ) -> impl Iterator<Item = (&str, &PushSubscription)> {
        let from = (agent.clone(), String::new());
        let his = self.push.range(from..).take_while(move |((whose, _), _)| whose == agent);
        his.map(|((_, endpoint), subscription)| (endpoint.as_str(), subscription))
    }

    fn make_view(&self, id: &EntityId) -> Option<Arc<EntityView>> {
        let entity = self.entity.as_ref()?.value.clone();
        let agents =
            self.agents.iter().map(|(id, agent)| (id.clone(), agent.value.clone())).collect();
        let sources =
            self.sources.iter().map(|(id, source)| (id.clone(), source.value.clone())).collect();
        let mut routes = self.routes_in_order();
        routes.extend(entity.default_route().map(Arc::new));
        Some(Arc::new(EntityView {
            agents,
            sources,
            routes,
            ..EntityView::new(id.clone(), entity)
        }))
    }

    /// Those that nobody put anywhere stand at the end, the oldest first.
    fn routes_in_order(&self) -> Vec<Arc<Route>> {
        let order = self.order.as_ref().map(|order| order.value.as_slice()).unwrap_or_default();
        let places: HashMap<&RouteId, usize> =
            order.iter().enumerate().map(|(place, id)| (id, place)).collect();
        let mut routes: Vec<&Arc<Route>> = self.routes.values().map(|route| &route.value).collect();
        routes.sort_by_key(|route| places.get(&route.id).copied().unwrap_or(usize::MAX));
        routes.into_iter().cloned().collect()
    }
}

impl Table for Entities {
    fn apply(&mut self, key: &str, version: u64, value: Option<&[u8]>) {
        match Key::read(key) {
            Some(Key::Entity(entity)) => {
                let slot = self.change(entity);
                match value {
                    Some(value) => slot.entity = read(key, version, value).or(slot.entity.take()),
                    None => slot.entity = None,
                }
            }
            Some(Key::Agent(entity, id)) => {
                set(&mut self.change(entity).agents, id, value, |value| read(key, version, value));
            }
            Some(Key::Source(entity, id)) => {
                set(&mut self.change(entity).sources, id, value, |value| read(key, version, value));
            }
            Some(Key::Route(entity, id)) => {
                set(&mut self.change(entity).routes, id, value, |value| {
                    read(key, version, value).map(numbered)
                });
            }
            Some(Key::Order(entity)) => {
                let slot = self.change(entity);
                slot.order = value.and_then(|value| read(key, version, value));
            }
            Some(Key::Push(entity, agent, endpoint)) => {
                let push = &mut self.change(entity).push;
                match value.and_then(|value| read(key, version, value)) {
                    Some(Versioned { value, .. }) => push.insert((agent, endpoint), value),
                    None => push.remove(&(agent, endpoint)),
                };
            }
            // The deployment is read once; other keys belong to a later release.
            Some(Key::Deployment) | None => {}
        }
    }
}

fn set<Id: Ord, T>(
    map: &mut BTreeMap<Id, Versioned<T>>,
    id: Id,
    value: Option<&[u8]>,
    read: impl FnOnce(&[u8]) -> Option<Versioned<T>>,
) {
    match value {
        None => drop(map.remove(&id)),
        Some(value) => {
            if let Some(read) = read(value) {
                map.insert(id, read);
            }
        }
    }
}

/// What cannot be read changes nothing: what was there before goes on to count.
fn read<T: DeserializeOwned>(key: &str, version: u64, value: &[u8]) -> Option<Versioned<T>> {
    match serde_json::from_slice(value) {
        Ok(value) => Some(Versioned { version, value }),
        Err(error) => {
            error!(
                error = &error as &dyn std::error::Error,
                key, version, "an entry of the roster cannot be read"
            );
            None
        }
    }
}

/// A route's version is that of its entry; it is not stored in it.
fn numbered(read: Versioned<Route>) -> Versioned<Arc<Route>> {
    let Versioned { version, mut value } = read;
    value.version = version;
    Versioned { version, value: Arc::new(value) }
}
