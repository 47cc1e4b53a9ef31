//! Setting the scene: servers, services, a team.

use std::net::{Ipv4Addr, SocketAddr};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tipoff_board::Board;
use tipoff_domain::LeadId;
use tipoff_roster::{NewKey, Role, Roster};
use tipoff_runtime::{Clock, Nats, Redis, Settings, User, connect, streams};
use tipoff_testkit::sink::phone::{ACCOUNT, TOKEN};
use tipoff_testkit::sink::{Mailbox, PhoneSink, PushSink, SmtpSink};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::calls::Caller;
use crate::servers::Servers;
use crate::{friday_at_ten, id};

const PARTITIONS: u16 = 4;

/// Everything, running in this process on servers of its own.
pub struct World {
    pub clock: Clock,
    pub nats: Nats,
    pub redis: Redis,
    pub board: Board,
    pub roster: Roster,
    pub mailbox: Mailbox,
    pub smtp: SmtpSink,
    pub push: PushSink,
    /// Everybody's telephone.
    pub phone: PhoneSink,
    /// The operator, at the API.
    pub operator: Caller,
    /// Nobody yet, at the intake.
    pub intake: Caller,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    routers: Group,
    notifiers: Group,
    /// Last, so that nobody else has them before.
    servers: Servers,
}

/// Services of one kind, to be stopped together.
#[derive(Default)]
struct Group {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Group {
    /// Stops them and waits until they have.
    async fn end(&mut self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        *self = Self::default();
    }
}

impl World {
    /// One of each service; nothing configured; Friday, ten o'clock.
    pub async fn empty() -> Self {
        // Somebody else may have been first; either will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let servers = Servers::start().await;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (settings, replicas) = (&servers.settings, servers.settings.replicas);
        let nats = connect::nats(settings, "world", &stop).await.unwrap();
        let redis = connect::redis(settings, &stop).await.unwrap();
        streams::ensure(&nats, replicas).await.unwrap();
        tipoff_api::make_memory(&nats).await.unwrap();
        let roster = Roster::open(&nats, PARTITIONS, replicas, stop.clone()).await.unwrap();
        let board = Board::new(redis.clone(), nats.clone(), PARTITIONS);
        let clock = Clock::held_at(friday_at_ten());
        board.advance_clock_to(friday_at_ten()).await.unwrap();

        let mailbox = Mailbox::new(clock.clone());
        let smtp = SmtpSink::start(mailbox.clone(), anywhere()).await.unwrap();
        let push = PushSink::start(mailbox.clone(), anywhere()).await.unwrap();
        let phone = PhoneSink::start(mailbox.clone(), anywhere()).await.unwrap();
        let (api, intake) = (
            TcpListener::bind(anywhere()).await.unwrap(),
            TcpListener::bind(anywhere()).await.unwrap(),
        );
        let operator = NewKey { role: Role::Operator, entity: None, agent: None, source: None };
        let operator = roster.create_key(operator).await.unwrap().text;
        let base = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let world = Self {
            operator: Caller::at(&base(&api), &operator),
            intake: Caller::at(&base(&intake), ""),
            clock,
            nats,
            redis,
            board,
            roster,
            mailbox,
            smtp,
            push,
            phone,
            stop,
            tasks,
            routers: Group::default(),
            notifiers: Group::default(),
            servers,
        };
        world.serve(api, intake);
        world.start_router();
        world.start_notifier();
        world
    }

    /// `acme`, a team in New York, with these agents and the source `zillow`.
    pub async fn with_team(agents: &[&str]) -> Self {
        let world = Self::empty().await;
        world.add_team("acme", json!({}), agents).await;
        world
    }

    /// Adds an entity with its agents and the source `zillow`.
    pub async fn add_team(&self, entity: &str, more: Value, agents: &[&str]) {
        let mut whole = json!({"name": entity, "kind": "team", "parent": null, "zone": "America/New_York",
            "country": "US", "locale": "en"});
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.operator.put(&format!("/v1/entities/{entity}"), &whole).await.expect(201);
        for agent in agents {
            let email = format!("{agent}@{entity}.example.com");
            let body = json!({"name": agent, "email": email, "phone": null, "channels": ["email"]});
            self.operator
                .put(&format!("/v1/entities/{entity}/agents/{agent}"), &body)
                .await
                .expect(201);
        }
        let body = json!({"name": "Zillow", "kind": "generic"});
        self.operator
            .put(&format!("/v1/entities/{entity}/sources/zillow"), &body)
            .await
            .expect(201);
    }

    /// Adds a route to `acme`, at the end of the list; answers its id.
    pub async fn route(&self, title: &str, strategy: Value, more: Value) -> String {
        let mut whole = json!({"title": title, "strategy": strategy, "channels": ["email"]});
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.operator.post("/v1/entities/acme/routes", &whole).await.expect(201).field("id")
    }

    /// A key of that role in `acme`, at the API.
    pub async fn caller(&self, role: &str, agent: Option<&str>) -> Caller {
        let body = json!({"entity": "acme", "role": role, "agent": agent});
        let key = self.operator.post("/v1/keys", &body).await.expect(201).field("key");
        self.operator.with_key(&key)
    }

    /// An agent of `acme`, at the API.
    pub async fn agent(&self, agent: &str) -> Caller {
        self.caller("agent", Some(agent)).await
    }

    /// A source of `acme`, at the intake.
    pub async fn source(&self, source: &str) -> Caller {
        let body = json!({"entity": "acme", "role": "source", "source": source});
        let key = self.operator.post("/v1/keys", &body).await.expect(201).field("key");
        self.intake.with_key(&key)
    }

    /// A new person asks at Zillow; answers the lead.
    pub async fn lead_from_zillow(&self, name: &str) -> LeadId {
        let email = format!("{}@example.com", name.to_lowercase());
        let lead = json!({"external_id": name, "kind": "buyer", "name": {"full": name}, "emails": [email]});
        let answer = self.source("zillow").await.post("/v1/leads", &lead).await.expect(202);
        id(&answer.field("id"))
    }

    /// Another router joins.
    pub fn start_router(&self) {
        let settings = self.settings(User::Router);
        let (roster, clock, stop) =
            (self.roster.clone(), self.clock.clone(), self.routers.stop.clone());
        let options = tipoff_router::Options { audit_seconds: 1, ..Default::default() };
        self.routers.tasks.spawn(async move {
            let Some((nats, redis)) = connected(&settings, &stop).await else { return };
            let board = Board::new(redis, nats.clone(), PARTITIONS);
            let board = board.aging_out_after(roster.deployment().board_days);
            let running = tipoff_router::run(nats, board, roster, clock, options, stop);
            Box::pin(running).await.unwrap();
        });
    }

    /// Leads that are over stay on the board for so many days, for routers that start from now on.
    pub async fn keep_on_board(&mut self, days: u16) {
        self.roster.keep_on_board(days).await.unwrap();
        let replicas = self.servers.settings.replicas;
        self.roster =
            Roster::open(&self.nats, PARTITIONS, replicas, self.stop.clone()).await.unwrap();
    }

    /// All routers go.
    pub async fn stop_routers(&mut self) {
        self.routers.end().await;
    }

    /// Another notifier joins.
    pub fn start_notifier(&self) {
        let email = tipoff_notifier::email::Options {
            smtp_url: Some(self.smtp.url().into()),
            mail_from: "Tipoff <tipoff@example.com>".parse().unwrap(),
            smtp_connections: 4,
            smtp_timeout_seconds: 10,
            ..Default::default()
        };
        let phone = tipoff_notifier::PhoneOptions {
            phone_url: self.phone.base_url().parse().unwrap(),
            phone_account: Some(ACCOUNT.to_owned()),
            phone_token: Some(TOKEN.into()),
            phone_from: Some("+15125550100".to_owned()),
            messaging_service: None,
        };
        let options = tipoff_notifier::Options {
            channels: tipoff_notifier::Settings {
                email,
                phone,
                any_push_endpoint: true,
                ..Default::default()
            },
            webhooks: tipoff_notifier::WebhookOptions {
                webhooks_inside: true,
                ..Default::default()
            },
            notifier_in_flight: 32,
            public_url: self.operator.base.parse().unwrap(),
        };
        let settings = self.settings(User::Notifier);
        let (roster, clock, stop) =
            (self.roster.clone(), self.clock.clone(), self.notifiers.stop.clone());
        self.notifiers.tasks.spawn(async move {
            let Some((nats, redis)) = connected(&settings, &stop).await else { return };
            let board = Board::new(redis, nats.clone(), PARTITIONS);
            let running = tipoff_notifier::run(nats, board, roster, clock, options, stop);
            Box::pin(running).await.unwrap();
        });
    }

    /// All notifiers go.
    pub async fn stop_notifiers(&mut self) {
        self.notifiers.end().await;
    }

    /// Time passes, for everybody at once.
    pub async fn fast_forward(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.board.advance_clock_to(self.clock.now()).await.unwrap();
    }

    /// Time passes until then.
    pub async fn fast_forward_to(&self, instant: DateTime<Utc>) {
        self.fast_forward(instant - self.clock.now()).await;
    }

    fn serve(&self, api: TcpListener, intake: TcpListener) {
        let settings = self.settings(User::Ingest);
        let (roster, clock, stop) = (self.roster.clone(), self.clock.clone(), self.stop.clone());
        let options = tipoff_ingest::Options::default();
        self.tasks.spawn(async move {
            let Ok(nats) = connect::nats(&settings, "ingest", &stop).await else { return };
            let running = tipoff_ingest::run(intake, nats, roster, clock, options, stop);
            Box::pin(running).await.unwrap();
        });

        let telephony = tipoff_api::TelephonyOptions {
            public_url: self.operator.base.clone(),
            phone_token: Some(TOKEN.into()),
        };
        let options = tipoff_api::Options {
            any_push_endpoint: true,
            webhooks_inside: true,
            telephony,
            ..tipoff_api::Options::default()
        };
        let settings = self.settings(User::Api);
        let (roster, clock, stop) = (self.roster.clone(), self.clock.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let Some((nats, redis)) = connected(&settings, &stop).await else { return };
            let board = Board::new(redis, nats.clone(), PARTITIONS);
            let app = tipoff_api::app(nats, board, roster, clock, &options, stop.clone());
            tipoff_api::serve(api, app, stop).await.unwrap();
        });
    }

    /// What a service of that kind may do at the servers.
    fn settings(&self, user: User) -> Settings {
        self.servers.settings_for(user)
    }
}

/// A service's own connections; `None`: it was stopped before it had them.
async fn connected(settings: &Settings, stop: &CancellationToken) -> Option<(Nats, Redis)> {
    let nats = connect::nats(settings, "world", stop).await.ok()?;
    Some((nats, connect::redis(settings, stop).await.ok()?))
}

impl Drop for World {
    fn drop(&mut self) {
        for stop in [&self.stop, &self.routers.stop, &self.notifiers.stop] {
            stop.cancel();
        }
    }
}

fn anywhere() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}
