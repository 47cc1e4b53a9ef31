//! One entity with all that belongs to it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use litemap::LiteMap;
use tipoff_domain::{
    Agent, AgentId, Channel, Entity, EntityView, Lender, LenderId, Locale, Pond, PondId, Route,
    RouteId, Source, SourceId, WebhookId, Works,
};

use crate::{Device, Reach, Room, Webhook};

/// A thing and the version it has.
#[derive(Debug, Clone)]
pub(crate) struct Versioned<T> {
    pub(crate) version: u64,
    pub(crate) value: T,
}

/// Things of one kind by their names.
pub(crate) type Shelf<Id, T> = LiteMap<Id, Versioned<Arc<T>>>;

/// Parts may come before the entity itself; it exists once `entity` is there.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) entity: Option<Versioned<Arc<Entity>>>,
    pub(crate) agents: Shelf<AgentId, Agent>,
    pub(crate) sources: Shelf<SourceId, Source>,
    /// When each last sent a lead, to the hour.
    pub(crate) seen: LiteMap<SourceId, DateTime<Utc>>,
    pub(crate) ponds: Shelf<PondId, Pond>,
    pub(crate) lenders: Shelf<LenderId, Lender>,
    pub(crate) routes: Shelf<RouteId, Route>,
    pub(crate) order: Option<Versioned<Vec<RouteId>>>,
    pub(crate) webhooks: Shelf<WebhookId, Webhook>,
    pub(crate) push: LiteMap<(AgentId, String), Device>,
    pub(crate) reach: LiteMap<(AgentId, Channel), Reach>,
    pub(crate) rooms: Shelf<Channel, Room>,
    pub(crate) templates: LiteMap<(String, Locale), Versioned<Arc<str>>>,
    /// Made at the first read after a change, so that loading ten thousand
    /// agents does not make ten thousand views.
    pub(super) view: OnceLock<Option<Arc<EntityView>>>,
}

impl Slot {
    /// The devices of one agent, each with the part of its key that tells it apart.
    pub(crate) fn push_of(&self, agent: &AgentId) -> impl Iterator<Item = (&str, &Device)> {
        let first = self.push.find_index(&(agent.clone(), String::new()));
        let rest = self.push.as_slice().get(first.unwrap_or_else(|place| place)..);
        let his = rest.into_iter().flatten().take_while(move |((whose, _), _)| whose == agent);
        his.map(|((_, address), device)| (address.as_str(), device))
    }

    /// What is known of the address that an agent of this entity has for `channel` now.
    pub(crate) fn reach_of(&self, agent: &AgentId, channel: Channel) -> Option<&Reach> {
        let reach = self.reach.get(&(agent.clone(), channel))?;
        let known = &self.agents.get(agent)?.value;
        let fits = match channel {
            Channel::Push => self.push_of(agent).any(|(mark, _)| reach.is_marked(mark)),
            channel => channel.address_of(known).is_some_and(|address| reach.is_about(address)),
        };
        fits.then_some(reach)
    }

    /// The same of all channels of all agents of whom anything is known.
    pub(super) fn works(&self) -> LiteMap<AgentId, LiteMap<Channel, Works>> {
        let mut works: LiteMap<AgentId, LiteMap<Channel, Works>> = LiteMap::new();
        for (agent, channel) in self.reach.keys() {
            if let Some(reach) = self.reach_of(agent, *channel) {
                works.entry(agent.clone()).or_default().insert(*channel, reach.works);
            }
        }
        works
    }

    /// Those that nobody put anywhere stand at the end, the oldest first.
    pub(crate) fn routes_in_order(&self) -> Vec<Arc<Route>> {
        let order = self.order.as_ref().map(|order| order.value.as_slice()).unwrap_or_default();
        let places: HashMap<&RouteId, usize> =
            order.iter().enumerate().map(|(place, id)| (id, place)).collect();
        let mut routes: Vec<&Arc<Route>> = self.routes.values().map(|route| &route.value).collect();
        routes.sort_by_key(|route| places.get(&route.id).copied().unwrap_or(usize::MAX));
        routes.into_iter().cloned().collect()
    }
}

/// The things alone.
pub(super) fn plain<Id: Ord + Clone, T>(shelf: &Shelf<Id, T>) -> LiteMap<Id, Arc<T>> {
    shelf.iter().map(|(id, thing)| (id.clone(), thing.value.clone())).collect()
}
