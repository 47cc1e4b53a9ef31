//! Connecting for a single command: a server that is not there is an answer,
//! not something to wait for.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tipoff_board::Board;
use tipoff_domain::{EntityId, EntityView};
use tipoff_roster::Roster;
use tipoff_runtime::{ConnectError, Nats, Redis, Settings, connect};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::exit::{Unavailable, Usage};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// NATS, or what to do about its absence.
pub(crate) async fn nats(settings: &Settings) -> anyhow::Result<Nats> {
    let missing = || Unavailable {
        what: format!("NATS does not answer at {}", settings.nats_url),
        remedy: "start it, or say where it is with --nats-url",
    };
    in_time(connect::nats(settings, "tipoff-cli", &CancellationToken::new()), missing).await
}

/// Redis, or what to do about its absence.
pub(crate) async fn redis(settings: &Settings) -> anyhow::Result<Redis> {
    let missing = || Unavailable {
        what: format!("Redis does not answer at {}", settings.redis_url),
        remedy: "start it, or say where it is with --redis-url",
    };
    in_time(connect::redis(settings, &CancellationToken::new()), missing).await
}

async fn in_time<T>(
    connecting: impl Future<Output = Result<T, ConnectError>>,
    missing: impl Fn() -> Unavailable,
) -> anyhow::Result<T> {
    match timeout(PATIENCE, connecting).await {
        Ok(connected) => Ok(connected?),
        Err(_) => Err(missing().into()),
    }
}

/// The configuration, followed until the token is cancelled.
pub(crate) async fn roster(
    nats: &Nats,
    settings: &Settings,
) -> anyhow::Result<(Roster, CancellationToken)> {
    let stop = CancellationToken::new();
    let partitions = tipoff_wire::partition::DEFAULT_PARTITIONS;
    let roster =
        Roster::open_without_keys(nats, partitions, settings.replicas, stop.clone()).await?;
    Ok((roster, stop))
}

/// The board of that roster's deployment.
pub(crate) fn board(redis: Redis, nats: &Nats, roster: &Roster) -> Board {
    let deployment = roster.deployment();
    Board::new(redis, nats.clone(), deployment.partitions).aging_out_after(deployment.board_days)
}

/// An entity as it is configured now.
pub(crate) fn view(roster: &Roster, entity: &EntityId) -> anyhow::Result<Arc<EntityView>> {
    let view = roster.view(entity);
    Ok(view.ok_or_else(|| Usage(format!("there is no entity called {entity}")))?)
}

/// A stream that `tipoff init` makes.
pub(crate) async fn stream(
    nats: &Nats,
    stream: tipoff_wire::Stream,
) -> anyhow::Result<async_nats::jetstream::stream::Stream> {
    let name = stream.name();
    nats.jetstream.get_stream(name).await.with_context(|| {
        format!("stream {name} cannot be read; `tipoff init` makes it if it is missing")
    })
}
