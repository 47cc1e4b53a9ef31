//! Redis behind Sentinel: whoever is primary at the time.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::aio::{ConnectionLike, ConnectionManager};
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    Client, Cmd, ConnectionAddr, ConnectionInfo, Pipeline, RedisError, RedisFuture, TlsMode, Value,
};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::{debug, info};

use super::store::{Nodes, at_once, lasting};

/// Sentinels are asked no more often than this.
const REST: Duration = Duration::from_millis(100);
/// What a Redis says that is primary no more.
const DEMOTED: &str = "READONLY";

/// The primary, also when it is another one tomorrow. Cheap to clone.
///
/// Whoever does not get what they asked for makes us ask the Sentinels once
/// more; that request has failed, and the next one goes where they say.
#[derive(Clone)]
pub struct Followed {
    primary: Arc<ArcSwap<Primary>>,
    /// Locked by whoever asks.
    sentinels: Arc<Mutex<SentinelClient>>,
}

struct Primary {
    at: ConnectionAddr,
    connection: ConnectionManager,
}

impl Followed {
    /// Whom the Sentinels at these addresses call primary, and who says so too.
    pub(super) async fn find(nodes: &Nodes, name: &str) -> Result<Self, RedisError> {
        let mut sentinels = sentinels(nodes, name)?;
        let primary = Primary::connect(sentinels.async_get_client().await?).await?;
        Ok(Self {
            primary: Arc::new(ArcSwap::from_pointee(primary)),
            sentinels: Arc::new(Mutex::new(sentinels)),
        })
    }

    fn connection(&self) -> ConnectionManager {
        self.primary.load().connection.clone()
    }

    /// Asks the Sentinels, unless somebody does already.
    fn doubt(&self) {
        if let Ok(sentinels) = self.sentinels.clone().try_lock_owned() {
            tokio::spawn(self.clone().follow(sentinels));
        }
    }

    async fn follow(self, mut sentinels: OwnedMutexGuard<SentinelClient>) {
        if let Err(error) = self.go_where_they_say(&mut sentinels).await {
            debug!(
                error = &error as &dyn std::error::Error,
                "no Sentinel names a primary that answers as one"
            );
        }
        tokio::time::sleep(REST).await;
    }

    async fn go_where_they_say(&self, sentinels: &mut SentinelClient) -> Result<(), RedisError> {
        let client = sentinels.async_get_client().await?;
        let before = self.primary.load().at.clone();
        // Its connection mends itself.
        if *client.get_connection_info().addr() == before {
            return Ok(());
        }
        let primary = Primary::connect(client).await?;
        info!(%before, now = %primary.at, "another Redis is primary");
        self.primary.store(Arc::new(primary));
        Ok(())
    }
}

impl Primary {
    async fn connect(client: Client) -> Result<Self, RedisError> {
        let at = client.get_connection_info().addr().clone();
        // Whoever waits for a connection to it does not hear of the next one.
        let config = lasting().set_number_of_retries(1);
        let connection = ConnectionManager::new_with_config(client, config).await?;
        Ok(Self { at, connection })
    }
}

/// Sentinels are asked without a name; the user and password of the address are for Redis.
fn sentinels(nodes: &Nodes, name: &str) -> Result<SentinelClient, RedisError> {
    let at = nodes.addresses.iter().map(|one| one.addr().clone());
    let mut built = SentinelClientBuilder::new(at, name, SentinelServerType::Master)?
        .set_client_to_redis_tcp_settings(at_once());
    if let Some(user) = nodes.addresses.first().map(ConnectionInfo::redis_settings) {
        if let Some(name) = user.username() {
            built = built.set_client_to_redis_username(name);
        }
        if let Some(password) = user.password() {
            built = built.set_client_to_redis_password(password);
        }
    }
    if nodes.speak_tls() {
        built = built
            .set_client_to_sentinel_certificates(nodes.certificates.clone())
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_redis_certificates(nodes.certificates.clone());
    }
    built.build()
}

/// Whether a Redis that is there and primary would not have said that.
fn is_doubtful(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error() || error.code() == Some(DEMOTED)
}

fn is_demoted(value: &Value) -> bool {
    matches!(value, Value::ServerError(error) if error.code() == DEMOTED)
}

impl ConnectionLike for Followed {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let said = self.connection().req_packed_command(cmd).await;
            if said.as_ref().map_or_else(is_doubtful, is_demoted) {
                self.doubt();
            }
            said
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let said = self.connection().req_packed_commands(cmd, offset, count).await;
            if said.as_ref().map_or_else(is_doubtful, |values| values.iter().any(is_demoted)) {
                self.doubt();
            }
            said
        })
    }

    fn get_db(&self) -> i64 {
        self.primary.load().connection.get_db()
    }
}
