//! The two servers that are started as children.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use ring::rand::{SecureRandom, SystemRandom};
use tipoff_runtime::{Settings, User, Users};
use tipoff_testkit::servers::ServerOptions;
use tipoff_testkit::{NatsServer, RedisServer};

use super::ports::{self, Moved, Ports};

/// They end with this value, and with this process, however it ends.
pub(super) struct Servers {
    pub(super) nats: NatsServer,
    pub(super) redis: RedisServer,
    /// Kept until the end: nobody else uses the data.
    _claimed: Option<File>,
}

impl Servers {
    pub(super) async fn start(
        data: Option<&Path>,
        ports: &Ports,
        moved: &mut Vec<Moved>,
    ) -> anyhow::Result<Self> {
        let claimed = data.map(claim).transpose()?;
        // Every service is a user with the least that it needs, as anywhere else; whoever
        // sits at this machine needs no name.
        let mut secret = [0; 32];
        SystemRandom::new()
            .fill(&mut secret)
            .map_err(|_| anyhow!("there are no random numbers"))?;
        let users = Users::of(&secret).and_owner();
        let options = |name: &str, port: u16| -> anyhow::Result<ServerOptions> {
            let data = data.map(|data| directory(&data.join(name))).transpose()?;
            Ok(ServerOptions { port, data, users: Some(users.clone()), ..ServerOptions::default() })
        };
        let nats = options("nats", ports::for_server("NATS", ports.nats, moved))?;
        let redis = options("redis", ports::for_server("Redis", ports.redis, moved))?;
        let (nats, redis) =
            tokio::try_join!(NatsServer::start_with(nats), RedisServer::start_with(redis))?;
        Ok(Self { nats, redis, _claimed: claimed })
    }

    /// Where a user of theirs finds them.
    pub(super) fn settings(&self, user: User) -> Settings {
        Settings::at(self.nats.url_for(user), self.redis.url_for(user))
    }

    /// Resolves when one has ended by itself, with what to say about it.
    pub(super) async fn ended(&mut self) -> anyhow::Error {
        let name = tokio::select! {
            _ = self.nats.ended() => "nats-server",
            _ = self.redis.ended() => "redis-server",
        };
        anyhow!("{name} has ended by itself")
    }
}

/// Made if need be, readable for nobody else: leads are people.
fn directory(path: &Path) -> anyhow::Result<std::path::PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.and_then(|()| path.canonicalize())
        .with_context(|| format!("{} cannot be used", path.display()))
}

/// Two pairs of servers that wrote to the same files would spoil them.
fn claim(data: &Path) -> anyhow::Result<File> {
    let data = directory(data)?;
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("{} cannot be used", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "{} is in use by another `tipoff dev`: stop that one, or give another directory",
            data.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", path.display()))
        }
    }
}
