//! Connecting to Redis.

use std::time::Duration;

use futures::future::BoxFuture;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    RedisError, TlsCertificates,
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{ConnectError, Followed, OLDEST_REDIS, Redis, tls, version, without_secret};
use crate::{Backoff, Settings};

/// How long a connection or an answer may take. A script that is not answered
/// by then may have run or not.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Requests that may wait to be written; whoever comes when there are more waits to be let in.
const IN_HAND: usize = 1024;

/// Connects and checks version, eviction policy and AOF. Keeps trying like
/// [`nats`](super::nats).
///
/// Boxed, so that it is compiled here and not in every program that connects.
pub fn redis<'a>(
    settings: &'a Settings,
    stop: &'a CancellationToken,
) -> BoxFuture<'a, Result<Redis, ConnectError>> {
    Box::pin(connect(settings, stop))
}

async fn connect(settings: &Settings, stop: &CancellationToken) -> Result<Redis, ConnectError> {
    let nodes = Nodes {
        addresses: addresses(&settings.redis_url)?,
        sentinel: settings.redis_sentinel.clone(),
        certificates: settings.tls.certificates()?,
        trial: settings.r#unsafe,
    };
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    loop {
        let attempt = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(ConnectError::Stopped { server: "Redis" }),
            attempt = nodes.connect() => attempt,
        };
        match attempt {
            Err(ConnectError::Redis(error)) if tls::is_untrusted(&error) => {
                let (server, setting, source) = ("Redis", "TIPOFF_REDIS_URL", error.into());
                return Err(ConnectError::Untrusted { server, setting, source });
            }
            Err(ConnectError::Redis(error)) if !is_hopeless(&error) => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    server = without_secret(&settings.redis_url),
                    sentinel = settings.redis_sentinel,
                    "Redis does not answer, trying again; start redis-server there or set TIPOFF_REDIS_URL"
                );
            }
            settled => return settled,
        }
        if !backoff.wait(stop).await {
            return Err(ConnectError::Stopped { server: "Redis" });
        }
    }
}

/// What will not mend itself by waiting: we are nobody there, or may not do what we do.
fn is_hopeless(error: &RedisError) -> bool {
    let refused = ["NOAUTH", "WRONGPASS", "NOPERM"];
    error.kind() == ErrorKind::AuthenticationFailed
        || error.code().is_some_and(|code| refused.contains(&code))
}

fn addresses(given: &str) -> Result<Vec<ConnectionInfo>, ConnectError> {
    let bad =
        || ConnectError::BadAddress { setting: "TIPOFF_REDIS_URL", given: without_secret(given) };
    let read = given.split(',').map(|one| one.trim().into_connection_info().map_err(|_| bad()));
    Ok(read
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|node| node.set_tcp_settings(at_once()))
        .collect())
}

pub(super) fn at_once() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

/// Where Redis is, and how careful to be with it.
pub(super) struct Nodes {
    pub(super) addresses: Vec<ConnectionInfo>,
    /// By which name Sentinels know it, if they are who listens there.
    pub(super) sentinel: Option<String>,
    pub(super) certificates: TlsCertificates,
    trial: bool,
}

impl Nodes {
    async fn connect(&self) -> Result<Redis, ConnectError> {
        if let Some(name) = &self.sentinel {
            let mut primary = Followed::find(self, name).await?;
            check(&info(&mut primary).await?, self.trial)?;
            return Ok(Redis::Followed(primary));
        }
        for node in &self.addresses {
            check(&self.info(node).await?, self.trial)?;
        }
        if let [one] = &self.addresses[..] {
            let manager = ConnectionManager::new_with_config(self.client(one)?, lasting());
            return Ok(Redis::Single(manager.await?));
        }
        let mut cluster = ClusterClient::builder(self.addresses.clone())
            .connection_timeout(ANSWER_WITHIN)
            .response_timeout(ANSWER_WITHIN)
            .tcp_settings(at_once());
        if self.speak_tls() {
            cluster = cluster.certs(self.certificates.clone());
        }
        Ok(Redis::Cluster(cluster.build()?.get_async_connection().await?))
    }

    pub(super) fn speak_tls(&self) -> bool {
        self.addresses.iter().any(speaks_tls)
    }

    /// What one server says about itself.
    async fn info(&self, node: &ConnectionInfo) -> Result<String, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN));
        let client = self.client(node)?;
        info(&mut client.get_multiplexed_async_connection_with_config(&config).await?).await
    }

    fn client(&self, node: &ConnectionInfo) -> Result<Client, RedisError> {
        if speaks_tls(node) {
            return Client::build_with_tls(node.clone(), self.certificates.clone());
        }
        Client::open(node.clone())
    }
}

async fn info(redis: &mut impl ConnectionLike) -> Result<String, RedisError> {
    redis::cmd("INFO").query_async(redis).await
}

/// A connection that is made again whenever it is lost.
pub(super) fn lasting() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(ANSWER_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN))
        .set_max_delay(Duration::from_secs(1))
        .set_pipeline_buffer_size(IN_HAND)
}

fn speaks_tls(node: &ConnectionInfo) -> bool {
    matches!(node.addr(), ConnectionAddr::TcpTls { .. })
}

fn check(info: &str, trial: bool) -> Result<(), ConnectError> {
    let says = |name: &str| {
        info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or("")
    };
    version::check("Redis", says("redis_version"), OLDEST_REDIS)?;
    if says("loading") == "1" {
        return Err(RedisError::from((ErrorKind::Io, "it is still reading its data")).into());
    }
    let policy = says("maxmemory_policy");
    if policy != "noeviction" {
        let what = format!("its maxmemory-policy is `{policy}`");
        forgetful(what, "Set `maxmemory-policy noeviction`", trial)?;
    }
    if says("aof_enabled") != "1" {
        forgetful(
            "it keeps no AOF".to_owned(),
            "Set `appendonly yes` and `appendfsync always`",
            trial,
        )?;
    }
    Ok(())
}

fn forgetful(what: String, remedy: &'static str, trial: bool) -> Result<(), ConnectError> {
    let refusal = ConnectError::Forgetful { what, remedy };
    if trial {
        warn!("{refusal}; going on because TIPOFF_UNSAFE is set");
        return Ok(());
    }
    Err(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "redis_version:7.2.4\r\nloading:0\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\n";

    #[test]
    fn a_careful_redis_is_accepted() {
        check(GOOD, false).unwrap();
    }

    #[test]
    fn a_redis_that_may_forget_is_refused_unless_it_is_a_trial() {
        for worse in [
            GOOD.replace("aof_enabled:1", "aof_enabled:0"),
            GOOD.replace("noeviction", "allkeys-lru"),
        ] {
            assert!(matches!(check(&worse, false), Err(ConnectError::Forgetful { .. })));
            check(&worse, true).unwrap();
        }
    }

    #[test]
    fn an_old_redis_is_refused_even_for_a_trial() {
        let old = GOOD.replace("7.2.4", "6.2.14");
        assert!(matches!(check(&old, true), Err(ConnectError::TooOld { .. })));
    }

    #[test]
    fn a_bad_address_is_named_without_its_password() {
        let error = addresses("redis://user:hunter2@example.com:port").unwrap_err().to_string();
        assert!(error.contains("TIPOFF_REDIS_URL") && !error.contains("hunter2"), "{error}");
    }
}
