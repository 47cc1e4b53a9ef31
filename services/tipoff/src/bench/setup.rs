//! Which servers and services are measured.

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use tipoff_runtime::{Settings, connect};
use tipoff_testkit::{NatsServer, RedisServer};
use tipoff_wire::Stream;
use tokio_util::sync::CancellationToken;

/// How the system that is measured is put together.
#[derive(Debug, Clone, Args)]
pub(crate) struct Setup {
    /// Routers
    #[arg(long, global = true, default_value_t = 1)]
    pub(super) routers: usize,
    /// Notifiers
    #[arg(long, global = true, default_value_t = 1)]
    pub(super) notifiers: usize,
    /// Every service in a process of its own, as in production; shows what each costs
    #[arg(long, global = true)]
    pub(super) processes: bool,
    /// NATS servers to measure on instead of a private one; entities are added there and stay
    #[arg(long, global = true, requires = "redis_url")]
    pub(super) nats_url: Option<String>,
    /// Redis servers to measure on instead of a private one
    #[arg(long, global = true, requires = "nats_url")]
    pub(super) redis_url: Option<String>,
    /// Copies of every stream, for servers that have none yet
    #[arg(long, global = true, default_value_t = 1)]
    pub(super) replicas: usize,
    /// A system that runs already: what `tipoff dev --json` printed, or the file that holds it.
    /// Nothing is started; entities with keys of their own are added there and stay
    #[arg(long, global = true, value_name = "JSON", conflicts_with_all = ["nats_url", "redis_url", "intake", "processes"])]
    pub(super) system: Option<String>,
    /// Where a system that runs already on these servers takes leads in, as in http://127.0.0.1:7081
    #[arg(long, global = true, requires_all = ["api", "nats_url", "redis_url"], conflicts_with = "processes")]
    pub(super) intake: Option<String>,
    /// Where its API is, as in http://127.0.0.1:7080
    #[arg(long, global = true, requires = "intake")]
    pub(super) api: Option<String>,
    /// Leads that each router has in hand at least, and events that each notifier has at
    /// most; what they do without it
    #[arg(skip)]
    pub(super) in_hand: Option<usize>,
}

/// A system that runs already.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Elsewhere {
    pub(super) intake: String,
    pub(super) api: String,
    nats: String,
    redis: String,
    /// Where its mails can be read, if it catches them.
    pub(super) mailbox: Option<String>,
}

impl Setup {
    /// Others started the servers that are measured, so what those spend is not seen.
    pub(super) fn servers_are_given(&self) -> bool {
        self.nats_url.is_some() || self.system.is_some()
    }

    /// The system that runs already, if one is to be measured.
    pub(super) fn elsewhere(&self) -> anyhow::Result<Option<Elsewhere>> {
        if let Some(given) = &self.system {
            let text = if given.trim_start().starts_with('{') {
                given.clone()
            } else {
                std::fs::read_to_string(given).with_context(|| format!("{given} cannot be read"))?
            };
            let first = text.lines().next().unwrap_or_default();
            let what = "`--system` takes what `tipoff dev --json` prints: intake, api, nats, redis";
            return Ok(Some(serde_json::from_str(first).context(what)?));
        }
        let at = (&self.intake, &self.api, &self.nats_url, &self.redis_url);
        let (Some(intake), Some(api), Some(nats), Some(redis)) = at else { return Ok(None) };
        let [intake, api] = [intake, api].map(|url| url.trim_end_matches('/').to_owned());
        let (nats, redis) = (nats.clone(), redis.clone());
        Ok(Some(Elsewhere { intake, api, nats, redis, mailbox: None }))
    }
}

/// The servers of one run; private ones go with the value.
pub(super) struct Servers {
    pub(super) settings: Settings,
    own: Option<(NatsServer, RedisServer)>,
}

impl Servers {
    /// Those that were given, or new ones.
    pub(super) async fn start(setup: &Setup) -> anyhow::Result<Self> {
        let elsewhere = setup.elsewhere()?.map(|there| (there.nats, there.redis));
        let given = elsewhere.or_else(|| setup.nats_url.clone().zip(setup.redis_url.clone()));
        let Some((nats, redis)) = given else { return Self::private().await };
        let mut settings = Settings { replicas: setup.replicas, ..Settings::at(nats, redis) };
        if let Some(standing) = copies(&settings).await? {
            settings.replicas = standing;
        }
        Ok(Self { settings, own: None })
    }

    /// New ones, whatever was given.
    pub(super) async fn private() -> anyhow::Result<Self> {
        let (nats, redis) = tokio::try_join!(NatsServer::start(), RedisServer::start())?;
        Ok(Self { settings: Settings::at(nats.url(), redis.url()), own: Some((nats, redis)) })
    }

    /// What they are, and their process ids where they are ours.
    pub(super) fn processes(&self) -> Vec<(String, u32)> {
        let own = self.own.iter();
        own.flat_map(|(nats, redis)| {
            [("nats-server".to_owned(), nats.pid()), ("redis-server".to_owned(), redis.pid())]
        })
        .collect()
    }
}

/// Of the streams that are there already: measuring must not change them.
async fn copies(settings: &Settings) -> anyhow::Result<Option<usize>> {
    let nats = connect::nats(settings, "tipoff-bench", &CancellationToken::new()).await?;
    let log = nats.jetstream.get_stream(Stream::Events.name()).await.ok();
    Ok(log.map(|log| log.cached_info().config.num_replicas))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        setup: Setup,
    }

    fn setup(line: &[&str]) -> Option<Setup> {
        let line = std::iter::once(&"bench").chain(line);
        Line::try_parse_from(line).ok().map(|line| line.setup)
    }

    #[test]
    fn a_running_system_is_told_by_its_line_or_by_four_addresses() {
        let line = r#"{"intake": "http://a:1", "api": "http://a:2", "nats": "nats://a:3", "redis": "redis://a:4",
            "mailbox": "http://a:2/dev/mail", "operator_key": "tpf_op", "entities": {}}"#
            .replace('\n', "");
        let told = setup(&["--system", &line]).expect("good").elsewhere().expect("good");
        assert_eq!(told.and_then(|told| told.mailbox).as_deref(), Some("http://a:2/dev/mail"));

        let servers = ["--nats-url", "nats://a:3", "--redis-url", "redis://a:4"];
        assert!(setup(&servers).expect("good").elsewhere().expect("good").is_none());
        let given = |line: &[&str]| setup(line).expect("good").servers_are_given();
        assert!(given(&servers) && given(&["--system", &line]) && !given(&[]));
        let all = [&servers[..], &["--intake", "http://a:1/", "--api", "http://a:2"]].concat();
        let told = setup(&all).expect("good").elsewhere().expect("good");
        assert_eq!(told.map(|told| told.intake).as_deref(), Some("http://a:1"));
        assert!(setup(&["--intake", "http://a:1", "--api", "http://a:2"]).is_none());
    }
}
