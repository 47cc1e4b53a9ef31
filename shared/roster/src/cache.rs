//! The view of every entity, kept up to date by watching.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::BoxFuture;
use ring::rand::SystemRandom;
use tipoff_domain::{AgentId, EntityId, EntityView, LenderId, PondId, SourceId};
use tipoff_runtime::pace::Meter;
use tipoff_runtime::{Clock, Nats};
use tipoff_wire::Partition;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use crate::auth::ApiKeys;
use crate::bucket::{self, Bucket};
use crate::entities::Entities;
use crate::{Author, Deployment, Device, EditError, PushSubscription, deployment, keys};

/// Versions kept of everything that is configured: all that a bucket can keep.
pub(crate) const VERSIONS: i64 = 64;
/// Versions kept of API keys, which are only made and revoked.
const FEW_VERSIONS: i64 = 5;

/// The roster. Cheap to clone; clones share the view.
#[derive(Clone)]
pub struct Roster {
    pub(crate) entities: Arc<Bucket<Entities>>,
    /// `None`: whoever opened it has nobody's keys to check.
    pub(crate) api_keys: Option<Arc<Bucket<ApiKeys>>>,
    pub(crate) secrets: SystemRandom,
    pub(crate) author: Author,
    pub(crate) list_edits: Arc<Mutex<()>>,
    /// Sources about which it is being written down that they were seen.
    pub(crate) noting: Arc<std::sync::Mutex<HashSet<(EntityId, SourceId)>>>,
    /// How fast unknown keys are looked up.
    pub(crate) asking: Arc<std::sync::Mutex<Meter>>,
    pub(crate) clock: Clock,
    deployment: Arc<Deployment>,
}

impl Roster {
    /// Opens (or makes) the buckets and the [`Deployment`], loads everything
    /// and watches until `stop` is cancelled. `partitions` and `replicas` count
    /// only where the buckets are made.
    ///
    /// Boxed, so that it is compiled here and not in every program that opens one.
    pub fn open(
        nats: &Nats,
        partitions: u16,
        replicas: usize,
        stop: CancellationToken,
    ) -> BoxFuture<'_, Result<Self, EditError>> {
        Box::pin(async move {
            let auth = bucket::open(&nats.jetstream, keys::AUTH, FEW_VERSIONS, replicas).await?;
            let api_keys = Bucket::follow(nats.clone(), auth, stop.clone());
            let entities = Self::load(nats, partitions, replicas, stop);
            let (api_keys, roster) = tokio::try_join!(api_keys, entities)?;
            Ok(Self { api_keys: Some(Arc::new(api_keys)), ..roster })
        })
    }

    /// The same for whoever checks nobody's key, and so need not see any.
    pub fn open_without_keys(
        nats: &Nats,
        partitions: u16,
        replicas: usize,
        stop: CancellationToken,
    ) -> BoxFuture<'_, Result<Self, EditError>> {
        Box::pin(Self::load(nats, partitions, replicas, stop))
    }

    async fn load(
        nats: &Nats,
        partitions: u16,
        replicas: usize,
        stop: CancellationToken,
    ) -> Result<Self, EditError> {
        let secrets = SystemRandom::new();
        let roster = bucket::open(&nats.jetstream, keys::ROSTER, VERSIONS, replicas).await?;
        let deployment = deployment::agree(&roster, partitions, &secrets).await?;
        let entities = Bucket::follow(nats.clone(), roster, stop).await?;
        Ok(Self {
            entities: Arc::new(entities),
            api_keys: None,
            secrets,
            author: Author::default(),
            list_edits: Arc::default(),
            noting: Arc::default(),
            asking: Arc::default(),
            clock: Clock::system(),
            deployment: Arc::new(deployment),
        })
    }

    /// The same roster; what is edited through it is edited by `author`.
    pub fn by(&self, author: impl Into<Author>) -> Self {
        Self { author: author.into(), ..self.clone() }
    }

    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    pub fn partition(&self, entity: &EntityId) -> Partition {
        Partition::of(entity, self.deployment.partitions)
    }

    /// Waits a moment until this process has that version. `false`: it has not.
    pub async fn is_seen(&self, version: u64) -> bool {
        self.entities.is_seen(version).await
    }

    /// Tells that something was edited, here or elsewhere; keys excepted.
    pub fn changes(&self) -> watch::Receiver<Option<u64>> {
        self.entities.changes()
    }

    /// Agents who left an entity after that version, however short they were there, and those
    /// above it; and the version to ask with the next time. Of thousands only the last are known.
    pub fn left_after(&self, version: u64) -> (Vec<(EntityId, AgentId)>, u64) {
        self.entities.read().left_after(version)
    }

    /// The ponds that the entity has now.
    pub fn ponds(&self, entity: &EntityId) -> Vec<PondId> {
        self.view(entity).map(|view| view.ponds.keys().cloned().collect()).unwrap_or_default()
    }

    /// `None`: there is no such entity.
    pub fn view(&self, entity: &EntityId) -> Option<Arc<EntityView>> {
        self.entities.read().view(entity)
    }

    pub fn entities(&self) -> Vec<EntityId> {
        self.entities.read().ids()
    }

    /// Those whose leads are in `partition`.
    pub fn entities_in(&self, partition: Partition) -> Vec<EntityId> {
        let mut entities = self.entities();
        entities.retain(|entity| self.partition(entity) == partition);
        entities
    }

    /// Versions for `ETag`; `None`: it does not exist.
    pub fn entity_version(&self, entity: &EntityId) -> Option<u64> {
        Some(self.entities.read().slot(entity)?.entity.as_ref()?.version)
    }

    pub fn agent_version(&self, entity: &EntityId, agent: &AgentId) -> Option<u64> {
        Some(self.entities.read().slot(entity)?.agents.get(agent)?.version)
    }

    pub fn source_version(&self, entity: &EntityId, source: &SourceId) -> Option<u64> {
        Some(self.entities.read().slot(entity)?.sources.get(source)?.version)
    }

    pub fn pond_version(&self, entity: &EntityId, pond: &PondId) -> Option<u64> {
        Some(self.entities.read().slot(entity)?.ponds.get(pond)?.version)
    }

    pub fn lender_version(&self, entity: &EntityId, lender: &LenderId) -> Option<u64> {
        Some(self.entities.read().slot(entity)?.lenders.get(lender)?.version)
    }

    /// The version of the list of routes as a whole (0: there never was a route).
    pub fn order_version(&self, entity: &EntityId) -> u64 {
        let entities = self.entities.read();
        let order = entities.slot(entity).and_then(|slot| slot.order.as_ref());
        order.map_or(0, |order| order.version)
    }

    /// The browsers of an agent.
    pub fn push_subscriptions(&self, entity: &EntityId, agent: &AgentId) -> Vec<PushSubscription> {
        let browser = |device| match device {
            Device::Browser(subscription) => Some(subscription),
            Device::App(_) => None,
        };
        self.devices(entity, agent).into_iter().filter_map(browser).collect()
    }

    /// The browsers and telephones of an agent, wherever below the entity their entry stands.
    pub fn devices(&self, entity: &EntityId, agent: &AgentId) -> Vec<Device> {
        let homes = self.homes(entity, agent);
        let entities = self.entities.read();
        let slots = homes.iter().filter_map(|home| entities.slot(home));
        slots.flat_map(|slot| slot.push_of(agent)).map(|(_, device)| device.clone()).collect()
    }
}
