//! Everything the bucket `roster` holds, in memory.

mod slot;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

use litemap::LiteMap;
use serde::de::DeserializeOwned;
use tipoff_domain::{AgentId, EntityId, EntityView, Route};
use tracing::error;

use crate::Tree;
use crate::follow::Table;
use crate::keys::Key;
use slot::{Shelf, plain};
pub(crate) use slot::{Slot, Versioned};

/// Agents who left are remembered until so many more have.
const LEFT: usize = 1_000;

/// All entities.
#[derive(Debug, Default)]
pub(crate) struct Entities {
    slots: HashMap<EntityId, Box<Slot>>,
    tree: Arc<Tree>,
    /// Who left which entity last, and as of which version.
    left: VecDeque<(u64, EntityId, AgentId)>,
}

impl Entities {
    /// The entity, if it exists.
    pub(crate) fn slot(&self, id: &EntityId) -> Option<&Slot> {
        self.slots.get(id).map(Box::as_ref).filter(|slot| slot.entity.is_some())
    }

    pub(crate) fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    pub(crate) fn view(&self, id: &EntityId) -> Option<Arc<EntityView>> {
        let slot = self.slot(id)?;
        slot.view.get_or_init(|| self.make_view(id, slot)).clone()
    }

    pub(crate) fn ids(&self) -> Vec<EntityId> {
        let existing = self.slots.iter().filter(|(_, slot)| slot.entity.is_some());
        let mut ids: Vec<EntityId> = existing.map(|(id, _)| id.clone()).collect();
        ids.sort();
        ids
    }

    /// An entity's agents and lenders are its own and those of all entities
    /// below it. A name means one person in the whole tree: what stands nearest
    /// counts, what is its own first of all.
    fn make_view(&self, id: &EntityId, slot: &Slot) -> Option<Arc<EntityView>> {
        let entity = slot.entity.as_ref()?.value.clone();
        // Sorted lists are filled once they are whole: things of thousands below come in any order.
        let (mut agents, mut lenders) = (BTreeMap::new(), BTreeMap::new());
        fill_up(&mut agents, &slot.agents);
        fill_up(&mut lenders, &slot.lenders);
        let mut works: BTreeMap<_, _> = slot.works().into_iter().collect();
        for slot in self.tree.below(id).iter().filter_map(|below| self.slot(below)) {
            let known = slot.works().into_iter().filter(|(agent, _)| !agents.contains_key(agent));
            works.extend(known);
            fill_up(&mut agents, &slot.agents);
            fill_up(&mut lenders, &slot.lenders);
        }
        let mut routes = slot.routes_in_order();
        routes.extend(entity.default_route().map(Arc::new));
        Some(Arc::new(EntityView {
            agents: agents.into_iter().collect(),
            lenders: lenders.into_iter().collect(),
            sources: plain(&slot.sources),
            ponds: plain(&slot.ponds),
            routes: routes.into(),
            works: works.into_iter().collect(),
            ..EntityView::new(id.clone(), entity)
        }))
    }

    /// Who left an entity after that version, and those above it; and the last such version.
    pub(crate) fn left_after(&self, version: u64) -> (Vec<(EntityId, AgentId)>, u64) {
        let last = self.left.back().map_or(0, |(last, _, _)| *last).max(version);
        let left = self.left.iter().filter(|(then, _, _)| *then > version);
        let everywhere = left.flat_map(|(_, entity, agent)| {
            let above = self.tree.above(entity).into_iter();
            std::iter::once(entity.clone()).chain(above).map(|entity| (entity, agent.clone()))
        });
        (everywhere.collect(), last)
    }

    fn change(&mut self, id: EntityId) -> &mut Slot {
        let slot = self.slots.entry(id).or_default();
        slot.view = OnceLock::new();
        slot
    }

    /// A change that those above see as well.
    fn change_for_all_above(&mut self, id: EntityId) -> &mut Slot {
        for above in self.tree.above(&id) {
            if let Some(slot) = self.slots.get_mut(&above) {
                slot.view = OnceLock::new();
            }
        }
        self.change(id)
    }

    fn change_entity(&mut self, key: &str, id: &EntityId, version: u64, value: Option<&[u8]>) {
        let slot = self.change_for_all_above(id.clone());
        match value {
            Some(value) => slot.entity = read(key, version, value).or(slot.entity.take()),
            None => slot.entity = None,
        }
        let parent = slot.entity.as_ref().and_then(|entity| entity.value.parent.clone());
        if self.tree.above(id).first() != parent.as_ref() {
            Arc::make_mut(&mut self.tree).place(id, parent.as_ref());
            self.change_for_all_above(id.clone());
        }
    }
}

fn fill_up<Id: Ord + Clone, T>(things: &mut BTreeMap<Id, Arc<T>>, more: &Shelf<Id, T>) {
    for (id, thing) in more {
        things.entry(id.clone()).or_insert_with(|| thing.value.clone());
    }
}

impl Table for Entities {
    fn apply(&mut self, key: &str, version: u64, value: Option<&[u8]>) {
        match Key::read(key) {
            Some(Key::Entity(entity)) => self.change_entity(key, &entity, version, value),
            Some(Key::Agent(entity, id)) => {
                if value.is_none() {
                    if self.left.len() == LEFT {
                        self.left.pop_front();
                    }
                    self.left.push_back((version, entity.clone(), id.clone()));
                }
                set(&mut self.change_for_all_above(entity).agents, id, key, version, value);
            }
            Some(Key::Lender(entity, id)) => {
                set(&mut self.change_for_all_above(entity).lenders, id, key, version, value);
            }
            Some(Key::Source(entity, id)) => {
                set(&mut self.change(entity).sources, id, key, version, value);
            }
            Some(Key::Seen(entity, source)) => {
                keep(&mut self.change(entity).seen, source, key, version, value);
            }
            Some(Key::Pond(entity, id)) => {
                set(&mut self.change(entity).ponds, id, key, version, value);
            }
            Some(Key::Route(entity, id)) => {
                let slot = self.change(entity);
                set(&mut slot.routes, id.clone(), key, version, value);
                // A route's version is that of its entry; it is not stored in it.
                if let Some(route) = slot.routes.get_mut(&id) {
                    number(route);
                }
            }
            Some(Key::Order(entity)) => {
                let slot = self.change(entity);
                slot.order = value.and_then(|value| read(key, version, value));
            }
            Some(Key::Push(entity, agent, endpoint)) => {
                let push = &mut self.change_for_all_above(entity).push;
                keep(push, (agent, endpoint), key, version, value);
            }
            Some(Key::Webhook(entity, id)) => {
                set(&mut self.slots.entry(entity).or_default().webhooks, id, key, version, value);
            }
            Some(Key::Reach(entity, agent, channel)) => {
                let reach = &mut self.change_for_all_above(entity).reach;
                keep(reach, (agent, channel), key, version, value);
            }
            Some(Key::Room(entity, channel)) => {
                set(&mut self.change(entity).rooms, channel, key, version, value);
            }
            Some(Key::Template(entity, piece, locale)) => {
                let templates = &mut self.change(entity).templates;
                set(templates, (piece, locale), key, version, value);
            }
            // The deployment is read once; other keys belong to a later release.
            Some(Key::Deployment) | None => {}
        }
    }
}

fn set<Id: Ord, T: DeserializeOwned>(
    shelf: &mut LiteMap<Id, Versioned<T>>,
    id: Id,
    key: &str,
    version: u64,
    value: Option<&[u8]>,
) {
    let Some(value) = value else {
        shelf.remove(&id);
        return;
    };
    if let Some(entry) = read(key, version, value) {
        shelf.insert(id, entry);
    }
}

/// For what has no history: what cannot be read is gone.
fn keep<Id: Ord, T: DeserializeOwned>(
    map: &mut LiteMap<Id, T>,
    id: Id,
    key: &str,
    version: u64,
    value: Option<&[u8]>,
) {
    match value.and_then(|value| read(key, version, value)) {
        Some(Versioned { value, .. }) => drop(map.insert(id, value)),
        None => drop(map.remove(&id)),
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

fn number(route: &mut Versioned<Arc<Route>>) {
    Arc::make_mut(&mut route.value).version = route.version;
}
