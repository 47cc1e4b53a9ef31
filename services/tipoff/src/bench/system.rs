//! A whole system to measure.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;
use tipoff_board::Board;
use tipoff_domain::{EntityId, Route};
use tipoff_roster::{Expect, NewKey, Role};
use tipoff_runtime::{Settings, connect};
use tipoff_testkit::sink::{Mailbox, SmtpSink};
use tipoff_testkit::{NatsServer, RedisServer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::services::{Base, Running};

/// Servers, services and a mail relay that counts.
pub(super) struct System {
    pub(super) base: Base,
    pub(super) board: Board,
    pub(super) mailbox: Mailbox,
    pub(super) intake: SocketAddr,
    running: Running,
    _smtp: SmtpSink,
    _servers: (NatsServer, RedisServer),
}

impl System {
    /// Everything runs, nothing is configured.
    pub(super) async fn start(routers: usize) -> anyhow::Result<Self> {
        let (nats, redis) = tokio::try_join!(NatsServer::start(), RedisServer::start())?;
        let settings = Settings::at(nats.url(), redis.url());
        let stop = CancellationToken::new();
        let base = Base::without_board(&settings, "tipoff-bench", &stop).await?;
        let redis_client = connect::redis(&settings, &stop).await?;
        let board = base.board(redis_client.clone());
        let mailbox = Mailbox::new(base.clock.clone());
        let smtp = SmtpSink::start(mailbox.clone(), anywhere()).await?;
        let listener = TcpListener::bind(anywhere()).await?;
        let intake = listener.local_addr()?;

        let mut running = Running::new(stop);
        for _ in 0..routers {
            running.router(redis_client.clone(), &base, tipoff_router::Options::default());
        }
        let options = crate::dev::options::notifier(&smtp.url(), "http://127.0.0.1:1")?;
        running.notifier(board.clone(), &base, options);
        running.ingest(listener, &base, tipoff_ingest::Options::default());
        Ok(Self { base, board, mailbox, intake, running, _smtp: smtp, _servers: (nats, redis) })
    }

    /// An entity with agents, one source and one route; answers the source's key.
    pub(super) async fn team(
        &self,
        name: &str,
        agents: usize,
        route: Route,
    ) -> anyhow::Result<String> {
        let (roster, entity): (_, EntityId) = (&self.base.roster, name.parse()?);
        let body = json!({"name": name, "kind": "team", "zone": "America/New_York"});
        roster.put_entity(&entity, serde_json::from_value(body)?, Expect::Absent).await?;
        for agent in 0..agents {
            let email = format!("agent{agent}@{name}.example.com");
            let body =
                json!({"name": format!("Agent {agent}"), "email": email, "channels": ["email"]});
            let id = format!("agent{agent}").parse()?;
            roster.put_agent(&entity, &id, serde_json::from_value(body)?, Expect::Absent).await?;
        }
        let source = "portal".parse()?;
        let body = serde_json::from_value(json!({"name": "Portal"}))?;
        roster.put_source(&entity, &source, body, Expect::Absent).await?;
        roster.create_route(&entity, route).await?;
        let key =
            NewKey { role: Role::Source, entity: Some(entity), agent: None, source: Some(source) };
        Ok(roster.create_key(key).await?.text)
    }

    /// Stops the services, then the servers.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.running.stop.cancel();
        self.running.until_stopped().await
    }
}

fn anywhere() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}
