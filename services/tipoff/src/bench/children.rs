//! Services in processes of their own, from this very program.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tipoff_runtime::{Nats, Settings};
use tipoff_wire::Stream;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Gone with the value.
pub(super) struct Children(Vec<(&'static str, Child)>);

impl Children {
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Starts `tipoff <service>` on these servers.
    pub(super) fn start(
        &mut self,
        service: &'static str,
        settings: &Settings,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        let program = std::env::current_exe().context("this program cannot be found again")?;
        let mut command = Command::new(program);
        command.arg(service).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command
            .env("TIPOFF_NATS_URL", &settings.nats_url)
            .env("TIPOFF_REDIS_URL", &settings.redis_url)
            .env("TIPOFF_REPLICAS", settings.replicas.to_string())
            .env("TIPOFF_LOG", std::env::var("TIPOFF_LOG").unwrap_or_else(|_| "error".to_owned()))
            .envs(environment.iter().copied());
        self.0.push((service, command.spawn()?));
        Ok(())
    }

    pub(super) fn processes(&self) -> Vec<(String, u32)> {
        let living = self.0.iter();
        living.filter_map(|(what, child)| Some(((*what).to_owned(), child.id()?))).collect()
    }

    /// Waits until somebody takes connections there.
    pub(super) async fn ready(at: SocketAddr) -> anyhow::Result<()> {
        let answers = async {
            while TcpStream::connect(at).await.is_err() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(PATIENCE, answers).await.context("a service did not start")
    }

    /// Waits until leads and events are asked for.
    pub(super) async fn at_work(nats: &Nats, router: bool, notifier: bool) -> anyhow::Result<()> {
        let streams = [(router, Stream::Leads), (notifier, Stream::Events)];
        let all = async {
            for (_, stream) in streams.iter().filter(|(wanted, _)| *wanted) {
                while nats
                    .jetstream
                    .get_stream(stream.name())
                    .await?
                    .cached_info()
                    .state
                    .consumer_count
                    == 0
                {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(PATIENCE, all).await.context("a service did not start")?
    }

    /// Ends all of one kind.
    pub(super) async fn end(&mut self, service: &str) {
        for (_, child) in self.0.iter_mut().filter(|(what, _)| *what == service) {
            child.kill().await.ok();
        }
        self.0.retain(|(what, _)| *what != service);
    }

    /// Nothing is in hand any more, so none needs to be asked first.
    pub(super) async fn stop(mut self) {
        for (_, child) in &mut self.0 {
            child.kill().await.ok();
        }
    }
}
