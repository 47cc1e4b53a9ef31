//! `tipoff credentials`: a user for every service at NATS and Redis, with the
//! least that it needs.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use ring::rand::{SecureRandom, SystemRandom};
use tipoff_domain::{EntityId, SourceId};
use tipoff_runtime::{User, Users};

use crate::exit::Usage;
use crate::term;

/// Every password follows from what stands in it.
const SECRET: &str = "secret";
const SECRET_BYTES: usize = 32;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to write: nats-users.conf and redis-users.acl for the servers, and one .env for each service
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// A source that publishes over NATS itself, as in acme/zillow; name all of them every time
    #[arg(long = "source", value_name = "ENTITY/SOURCE", value_parser = source)]
    sources: Vec<(EntityId, SourceId)>,
    /// NATS server, or several separated by commas
    #[arg(long, default_value = "tls://127.0.0.1:4222")]
    nats_url: String,
    /// Redis server, or several of a cluster separated by commas
    #[arg(long, default_value = "rediss://127.0.0.1:6379")]
    redis_url: String,
}

fn source(text: &str) -> Result<(EntityId, SourceId), String> {
    let (entity, source) = text.split_once('/').ok_or("give it as ENTITY/SOURCE")?;
    let wrong = |error: &dyn std::fmt::Display| error.to_string();
    Ok((
        entity.parse().map_err(|error| wrong(&error))?,
        source.parse().map_err(|error| wrong(&error))?,
    ))
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let directory = &args.directory;
    if args.nats_url.contains('@') || args.redis_url.contains('@') {
        return Err(Usage(
            "give the addresses without a user: each service gets its own".to_owned(),
        )
        .into());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.with_context(|| format!("{} cannot be made", directory.display()))?;
    let (secret, is_new) = secret(&directory.join(SECRET))?;
    let mut users = Users::of(&secret);
    for (entity, source) in &args.sources {
        users = users.and_source(entity.clone(), source.clone());
    }
    let mut rows = Vec::new();
    let mut put = |name: String, what: &str, text: &str| -> anyhow::Result<()> {
        let path = directory.join(&name);
        write(&path, text, false)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        rows.push([name, what.to_owned()]);
        Ok(())
    };
    put("nats-users.conf".to_owned(), "include it in nats-server's configuration", &users.nats())?;
    put("redis-users.acl".to_owned(), "the `aclfile` of redis-server", &users.redis())?;
    for user in User::EVERY {
        put(format!("{}.env", user.name()), belongs_to(user), &environment(&users, user, args))?;
    }
    for (entity, source) in &args.sources {
        let name = Users::source(entity, source);
        let text = format!("NATS_URL={}\n", users.address(&args.nats_url, &name));
        put(format!("source-{name}.env"), "for that source", &text)?;
    }
    term::out(&term::columns(&rows));
    let passwords = if is_new { "new" } else { "the same as before" };
    term::out(&format!(
        "\n  The passwords are {passwords}; to have others, remove {} and do this again.\n  \
         Load them into both servers, then run `tipoff init` with admin.env.\n",
        directory.join(SECRET).display()
    ));
    Ok(())
}

/// The settings of a service that differ from those of the others.
fn environment(users: &Users, user: User, args: &Args) -> String {
    let nats = users.address(&args.nats_url, user.name());
    let redis = || format!("TIPOFF_REDIS_URL={}\n", users.address(&args.redis_url, user.name()));
    let board = if user.has_board() { redis() } else { String::new() };
    format!("TIPOFF_NATS_URL={nats}\n{board}")
}

fn belongs_to(user: User) -> &'static str {
    match user {
        User::Ingest => "for `tipoff ingest`",
        User::Router => "for `tipoff router`",
        User::Notifier => "for `tipoff notifier`",
        User::Api => "for `tipoff api`",
        User::All => "for `tipoff all`",
        User::Admin => "for people: `tipoff init`, `doctor`, `dlq`, `trace` …",
    }
}

/// The one that is there, or a new one; and which it was.
fn secret(path: &Path) -> anyhow::Result<(Vec<u8>, bool)> {
    if path.exists() {
        let there =
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let long_enough = there.len() >= SECRET_BYTES;
        let short =
            || Usage(format!("{} is no secret; remove it to have a new one", path.display()));
        return long_enough.then_some((there, false)).ok_or_else(|| short().into());
    }
    let mut made = vec![0; SECRET_BYTES];
    SystemRandom::new()
        .fill(&mut made)
        .map_err(|_| anyhow!("the system gives no random numbers"))?;
    write(path, &made, true).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok((made, true))
}

/// Readable for nobody else.
fn write(path: &Path, text: impl AsRef<[u8]>, is_new: bool) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).truncate(!is_new).create(!is_new).create_new(is_new).mode(0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_ref())?;
    file.sync_all()
}
