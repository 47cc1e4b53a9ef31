//! The view of every entity, kept up to date by watching.

use std::sync::Arc;

use tipoff_domain::{Agent, AgentId, Entity, EntityId, EntityView, Route, RouteId, Source, SourceId};
use tipoff_runtime::Nats;
use tipoff_wire::Partition;
use tokio_util::sync::CancellationToken;

use crate::{Access, ApiKey, Deployment, EditError, Edited, Expect, NewKey, PushSubscription};

/// The roster. Cheap to clone; clones share the view.
#[derive(Clone)]
pub struct Roster {}

#[expect(unused_variables, clippy::unused_async, reason = "to be written")]
impl Roster {
    /// Opens (or makes) the buckets and the [`Deployment`], loads everything
    /// and watches until `stop` is cancelled. `partitions` and `replicas` count
    /// only where the buckets are made.
    pub async fn open(nats: &Nats, partitions: u16, replicas: usize, stop: CancellationToken) -> Result<Self, EditError> {
        todo!()
    }

    pub fn deployment(&self) -> &Deployment {
        todo!()
    }
    pub fn partition(&self, entity: &EntityId) -> Partition {
        todo!()
    }

    // --- reading: from memory ---
    /// `None`: there is no such entity.
    pub fn view(&self, entity: &EntityId) -> Option<Arc<EntityView>> {
        todo!()
    }
    pub fn entities(&self) -> Vec<EntityId> {
        todo!()
    }
    /// Versions for `ETag`; `None`: it does not exist.
    pub fn entity_version(&self, entity: &EntityId) -> Option<u64> {
        todo!()
    }
    pub fn agent_version(&self, entity: &EntityId, agent: &AgentId) -> Option<u64> {
        todo!()
    }
    pub fn source_version(&self, entity: &EntityId, source: &SourceId) -> Option<u64> {
        todo!()
    }
    /// The version of the list order as a whole (0: never ordered).
    pub fn order_version(&self, entity: &EntityId) -> u64 {
        todo!()
    }
    pub fn push_subscriptions(&self, entity: &EntityId, agent: &AgentId) -> Vec<PushSubscription> {
        todo!()
    }

    // --- editing ---
    pub async fn put_entity(&self, id: &EntityId, entity: Entity, expect: Expect) -> Result<Edited<Entity>, EditError> {
        todo!()
    }
    pub async fn put_agent(
        &self,
        entity: &EntityId,
        id: &AgentId,
        agent: Agent,
        expect: Expect,
    ) -> Result<Edited<Agent>, EditError> {
        todo!()
    }
    pub async fn delete_agent(&self, entity: &EntityId, id: &AgentId, expect: Expect) -> Result<(), EditError> {
        todo!()
    }
    pub async fn put_source(
        &self,
        entity: &EntityId,
        id: &SourceId,
        source: Source,
        expect: Expect,
    ) -> Result<Edited<Source>, EditError> {
        todo!()
    }
    pub async fn delete_source(&self, entity: &EntityId, id: &SourceId, expect: Expect) -> Result<(), EditError> {
        todo!()
    }
    /// Gives the route an id (`route.id` is ignored) and puts it at the end of the list.
    pub async fn create_route(&self, entity: &EntityId, route: Route) -> Result<Edited<Route>, EditError> {
        todo!()
    }
    pub async fn put_route(
        &self,
        entity: &EntityId,
        id: &RouteId,
        route: Route,
        expect: Expect,
    ) -> Result<Edited<Route>, EditError> {
        todo!()
    }
    pub async fn delete_route(&self, entity: &EntityId, id: &RouteId, expect: Expect) -> Result<(), EditError> {
        todo!()
    }
    /// `order` must name every route exactly once.
    pub async fn order_routes(
        &self,
        entity: &EntityId,
        order: Vec<RouteId>,
        expect: Expect,
    ) -> Result<Edited<Vec<RouteId>>, EditError> {
        todo!()
    }
    pub async fn add_push_subscription(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        subscription: PushSubscription,
    ) -> Result<(), EditError> {
        todo!()
    }
    /// For an endpoint that its push service no longer knows.
    pub async fn remove_push_subscription(
        &self,
        entity: &EntityId,
        agent: &AgentId,
        endpoint: &str,
    ) -> Result<(), EditError> {
        todo!()
    }

    // --- keys ---
    pub async fn create_key(&self, key: NewKey) -> Result<ApiKey, EditError> {
        todo!()
    }
    /// Stores a key whose text was chosen by the caller (`tpf_<id>_<secret>`); for `tipoff init --operator-key`.
    pub async fn store_key(&self, key: NewKey, text: &str) -> Result<(), EditError> {
        todo!()
    }
    pub async fn revoke_key(&self, id: &str) -> Result<(), EditError> {
        todo!()
    }
    /// Keys of one entity (`None`: operators), without their secrets.
    pub fn keys(&self, entity: Option<&EntityId>) -> Vec<Access> {
        todo!()
    }
    /// Who this key is; `None`: nobody. Constant time; asks the bucket itself
    /// about keys that the watch has not seen yet.
    pub async fn verify(&self, text: &str) -> Result<Option<Access>, EditError> {
        todo!()
    }
}
