//! Bad roads.

use std::time::Duration;

use tokio::time::sleep;

use super::Server;
use crate::service::Kind;
use crate::system::System;
use tipoff_testkit::proxy::Road;

/// The roads from these services (all, if none is named) to the server are
/// like that for a while, and then open again.
pub(super) async fn while_it_is(
    road: Road,
    system: &System,
    kind: Option<Kind>,
    server: Server,
    hold: Duration,
) {
    for now in [road, Road::Open] {
        for service in &system.services {
            let service = service.lock().await;
            if kind.is_none_or(|kind| kind == service.kind) {
                let roads = &service.roads;
                match server {
                    Server::Nats => roads.nats.iter().for_each(|road| road.make(now)),
                    Server::Redis => roads.redis.iter().for_each(|road| road.make(now)),
                }
            }
        }
        if now == road {
            sleep(hold).await;
        }
    }
}
