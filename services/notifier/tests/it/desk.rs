//! A deployment of its own for every test: one entity, its agents, a mailbox.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_nats::jetstream::consumer::Consumer;
use async_nats::jetstream::consumer::pull::{self, OrderedConfig};
use chrono::TimeDelta;
use clap::Parser;
use futures::StreamExt;
use serde_json::{Value, json};
use tipoff_board::{Board, Known};
use tipoff_domain::decision::By;
use tipoff_domain::plan::{Candidate, How, Pick, Plan, Step, Then};
use tipoff_domain::{AgentId, Decision, EntityId, LeadId};
use tipoff_notifier::Options;
use tipoff_roster::{Expect, PushKeys, PushSubscription, Roster};
use tipoff_runtime::{Clock, Nats, Settings, connect, streams};
use tipoff_testkit::sink::{Caught, Mailbox, PhoneSink, PushSink, SmtpSink};
use tipoff_testkit::{NatsServer, RedisServer};
use tipoff_wire::{Accepted, Dead, Event, EventKind, Partition, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest that a test waits for something to be set aside.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const PUBLIC_URL: &str = "https://tipoff.example.com";

pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(crate) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// Everything but the notifier, which each test starts when it wants to.
pub(crate) struct Desk {
    pub(crate) nats: Nats,
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) entity: EntityId,
    pub(crate) mailbox: Mailbox,
    pub(crate) smtp: SmtpSink,
    pub(crate) push: PushSink,
    pub(crate) phone: PhoneSink,
    leads: AtomicU32,
    stop: CancellationToken,
    pub(crate) nats_server: NatsServer,
    pub(crate) redis_server: RedisServer,
}

impl Desk {
    pub(crate) async fn set_up() -> Self {
        // A second test in the same process finds it installed already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let (nats_server, redis_server) =
            (NatsServer::start().await.unwrap(), RedisServer::start().await.unwrap());
        let settings = Settings::at(nats_server.url(), redis_server.url());
        let stop = CancellationToken::new();
        let nats = connect::nats(&settings, "test", &stop).await.unwrap();
        let redis = connect::redis(&settings, &stop).await.unwrap();
        streams::ensure(&nats, 1).await.unwrap();
        let roster = Roster::open(&nats, 2, 1, stop.clone()).await.unwrap();
        let board = Board::new(redis, nats.clone(), roster.deployment().partitions).patient();
        let mailbox = Mailbox::default();
        let desk = Self {
            nats,
            board,
            roster,
            entity: id("acme"),
            smtp: SmtpSink::start(mailbox.clone(), any_port()).await.unwrap(),
            push: PushSink::start(mailbox.clone(), any_port()).await.unwrap(),
            phone: PhoneSink::start(mailbox.clone(), any_port()).await.unwrap(),
            mailbox,
            leads: AtomicU32::new(0),
            stop,
            nats_server,
            redis_server,
        };
        desk.entity().await;
        desk
    }

    async fn entity(&self) {
        let entity = json!({"name": "Acme Realty", "kind": "team", "zone": "America/New_York"});
        let entity = serde_json::from_value(entity).unwrap();
        self.roster.put_entity(&self.entity, entity, Expect::Anything).await.unwrap();
        let source = serde_json::from_value(json!({"name": "Zillow"})).unwrap();
        self.roster
            .put_source(&self.entity, &id("zillow"), source, Expect::Anything)
            .await
            .unwrap();
    }

    /// From now on it is about another entity.
    pub(crate) async fn turn_to(&mut self, entity: &str) {
        self.entity = id(entity);
        self.entity().await;
    }

    /// An agent as configured; `name@example.com` unless `more` says otherwise.
    pub(crate) async fn agent(&self, name: &str, more: Value) {
        let mut agent = json!({"name": name, "email": format!("{name}@example.com"), "channels": ["email", "push"]});
        agent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let agent = serde_json::from_value(agent).unwrap();
        self.roster.put_agent(&self.entity, &id(name), agent, Expect::Anything).await.unwrap();
    }

    /// Subscribes a browser of the agent; answers with its endpoint.
    pub(crate) async fn browser(&self, agent: &str) -> String {
        let made = self.push.subscription("acme", agent);
        let endpoint = made.endpoint.clone();
        let keys = PushKeys { p256dh: made.p256dh, auth: made.auth };
        self.subscribe(agent, PushSubscription { endpoint: made.endpoint, keys }).await;
        endpoint
    }

    pub(crate) async fn subscribe(&self, agent: &str, subscription: PushSubscription) {
        self.roster.add_push_subscription(&self.entity, &id(agent), subscription).await.unwrap();
    }

    /// Starts the notifier; it ends with the desk, or by [`Notifier::end`].
    pub(crate) fn notifier(&self, more: &[&str]) -> Notifier {
        self.notifier_over(&self.smtp.url(), more)
    }

    /// The same over another mail relay.
    pub(crate) fn notifier_over(&self, relay: &str, more: &[&str]) -> Notifier {
        self.notifier_at(Clock::system(), relay, more)
    }

    /// The same with another clock.
    pub(crate) fn notifier_at(&self, clock: Clock, relay: &str, more: &[&str]) -> Notifier {
        let stop = self.stop.child_token();
        let (nats, board, roster) = (self.nats.clone(), self.board.clone(), self.roster.clone());
        let options = options(relay, more);
        let running =
            tokio::spawn(tipoff_notifier::run(nats, board, roster, clock, options, stop.clone()));
        Notifier { running, stop }
    }

    /// The same over other roads to NATS and Redis, with connections of its own.
    pub(crate) async fn notifier_over_roads(
        &self,
        (nats, redis, relay): (&str, &str, &str),
        more: &[&str],
    ) -> Notifier {
        let (settings, stop) = (Settings::at(nats, redis), self.stop.child_token());
        let nats = connect::nats(&settings, "notifier", &stop).await.unwrap();
        let redis = connect::redis(&settings, &stop).await.unwrap();
        let roster = Roster::open(&nats, 2, 1, stop.clone()).await.unwrap();
        let board = Board::new(redis, nats.clone(), roster.deployment().partitions).patient();
        let options = options(relay, more);
        let running =
            tipoff_notifier::run(nats, board, roster, Clock::system(), options, stop.clone());
        Notifier { running: tokio::spawn(running), stop }
    }

    /// Offers a lead to these agents at once, for a quarter of an hour.
    pub(crate) async fn offer(&self, agents: &[&str], lead: Value) -> LeadId {
        self.offer_for(agents, TimeDelta::minutes(15), lead).await
    }

    pub(crate) async fn offer_for(
        &self,
        agents: &[&str],
        window: TimeDelta,
        lead: Value,
    ) -> LeadId {
        self.place(agents, Pick::All, None, window, lead).await
    }

    /// Gives a lead to an agent without asking.
    pub(crate) async fn assign(&self, agent: &str, how: How, lead: Value) -> LeadId {
        self.place(&[agent], Pick::First, Some(how), TimeDelta::zero(), lead).await
    }

    async fn place(
        &self,
        agents: &[&str],
        pick: Pick,
        assign: Option<How>,
        window: TimeDelta,
        lead: Value,
    ) -> LeadId {
        let candidates = agents
            .iter()
            .map(|agent| Candidate {
                agent: id::<AgentId>(agent),
                eligible: true,
                weight: 1,
                caps: Vec::new(),
            })
            .collect();
        let step = Step {
            route: None,
            pick,
            by: By::JumpBall,
            candidates,
            assign,
            window,
            reroutes: 0,
            marks: None,
        };
        let number = self.leads.fetch_add(1, Ordering::Relaxed);
        let accepted = Accepted {
            id: id(&format!("lead_{number:032x}")),
            entity: self.entity.clone(),
            source: Some(id("zillow")),
            received_at: Clock::system().now(),
            lead: serde_json::from_value(lead).unwrap(),
        };
        let plan = Plan { then: Then::Step(step), decision: Decision::default() };
        self.board.place(&accepted, &plan, Known::Ignore).await.unwrap();
        accepted.id
    }

    /// The board's clock goes on by so much while nobody sweeps. Then somebody does,
    /// and puts off what fell due meanwhile.
    pub(crate) async fn nobody_sweeps_for(&self, gap: TimeDelta) {
        let partition = Partition::of(&self.entity, self.roster.deployment().partitions);
        self.board.sweep(partition).await.unwrap();
        let later = (self.board.time(&self.entity).await.unwrap() + gap).timestamp_millis();
        let mut redis = TcpStream::connect(("127.0.0.1", self.redis_server.port())).await.unwrap();
        let moved = format!("HSET {{p{partition}}}:clock high {later}\r\n");
        redis.write_all(moved.as_bytes()).await.unwrap();
        assert_eq!(redis.read_u8().await.unwrap(), b':', "it answers with a number");
        let swept = self.board.sweep(partition).await.unwrap();
        assert!(swept.due.is_empty(), "it is put off, not fired");
    }

    pub(crate) async fn redis_goes(&mut self) {
        self.redis_server.kill().await;
    }

    pub(crate) async fn redis_comes_back(&mut self) {
        self.redis_server.restart().await.unwrap();
    }

    /// Waits for one message about the lead over a channel.
    pub(crate) async fn caught(&self, lead: &LeadId, channel: &str) -> Caught {
        let what = format!("a message about {lead} by {channel}");
        self.mailbox
            .wait_for(&what, |caught| caught.iter().find(|one| about(one, lead, channel)).cloned())
            .await
    }

    /// How many came so far.
    pub(crate) fn count(&self, lead: &LeadId, channel: &str) -> usize {
        self.mailbox.caught().iter().filter(|one| about(one, lead, channel)).count()
    }

    /// Waits until that happened to the lead.
    pub(crate) async fn event(&self, lead: &LeadId, kind: EventKind) -> Event {
        let stream = self.nats.jetstream.get_stream(Stream::Events.name()).await.unwrap();
        let config = OrderedConfig {
            filter_subject: format!("events.*.{}.{lead}", self.entity),
            ..OrderedConfig::default()
        };
        let reader: Consumer<OrderedConfig> = stream.create_consumer(config).await.unwrap();
        let mut messages = reader.messages().await.unwrap();
        let happened = async {
            loop {
                let message = messages.next().await.unwrap().unwrap();
                let event: Event = serde_json::from_slice(&message.payload).unwrap();
                if event.kind == kind {
                    return event;
                }
            }
        };
        tokio::time::timeout(PATIENCE, happened).await.expect("it happens in time")
    }

    /// Waits until so many messages were given out to that consumer.
    pub(crate) async fn handed_out(&self, stream: Stream, consumer: &str, messages: u64) {
        let stream = self.nats.jetstream.get_stream(stream.name()).await.unwrap();
        let all_out = async {
            let mut consumer: Consumer<pull::Config> = stream.get_consumer(consumer).await.unwrap();
            while consumer.info().await.unwrap().delivered.consumer_sequence < messages {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, all_out).await.expect("they are handed out in time");
    }

    /// Waits until nobody has anything of these streams in hand, or still to come.
    pub(crate) async fn all_done(&self, streams: &[Stream]) {
        let all_done = async {
            for stream in streams {
                while !self.is_done(*stream).await {
                    tokio::task::yield_now().await;
                }
            }
        };
        tokio::time::timeout(PATIENCE, all_done).await.expect("all is done in time");
    }

    async fn is_done(&self, stream: Stream) -> bool {
        let stream = self.nats.jetstream.get_stream(stream.name()).await.unwrap();
        let mut consumers = stream.consumers();
        while let Some(consumer) = consumers.next().await {
            let consumer = consumer.unwrap();
            if consumer.num_pending > 0 || consumer.num_ack_pending > 0 {
                return false;
            }
        }
        true
    }

    /// Waits for the next message that is set aside; answers with its place in the list.
    pub(crate) async fn dead(&self) -> (u64, Dead) {
        let stream = self.nats.jetstream.get_stream(Stream::Dead.name()).await.unwrap();
        let reader: Consumer<OrderedConfig> =
            stream.create_consumer(OrderedConfig::default()).await.unwrap();
        let mut messages = reader.messages().await.unwrap();
        let next = tokio::time::timeout(PATIENCE, messages.next()).await;
        let message = next.expect("something is set aside in time").unwrap().unwrap();
        (message.info().unwrap().stream_sequence, serde_json::from_slice(&message.payload).unwrap())
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn about(one: &Caught, lead: &LeadId, channel: &str) -> bool {
    one.channel == channel && one.lead.as_deref() == Some(lead.as_str())
}

fn options(relay: &str, more: &[&str]) -> Options {
    let line = [
        "notifier",
        "--smtp-url",
        relay,
        "--mail-from",
        "Tipoff <leads@acme.example>",
        "--notifier-public-url",
        PUBLIC_URL,
        // The sinks listen on this machine.
        "--notifier-any-push-endpoint",
    ];
    Line::parse_from(line.iter().chain(more)).options
}

/// A running notifier.
pub(crate) struct Notifier {
    running: JoinHandle<Result<(), tipoff_notifier::Error>>,
    stop: CancellationToken,
}

impl Notifier {
    /// Stops it and waits until its work is finished.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
    }

    /// It is gone in the middle of whatever it does, as by kill -9.
    pub(crate) async fn die(self) {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
    }
}

/// A lead with everything in it.
pub(crate) fn dana() -> Value {
    json!({
        "source": "zillow", "kind": "buyer", "name": {"full": "Dana Reyes"},
        "emails": ["dana@example.com"], "phones": ["+15125550101"],
        "message": "Is it still available? Call 512-555-0101.",
        "property": {"address": "15 Oak Ct", "city": "Austin", "region": "TX"},
    })
}
