//! A board of its own for every test.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use serde_json::json;
use tipoff_board::{Board, Claim, Claiming, Known, MovedOn, OnBoard, Pass, Passing, Placed};
use tipoff_domain::decision::By;
use tipoff_domain::plan::{Candidate, How, Marks, Otherwise, Pick, Plan, Rest, Step, Then};
use tipoff_domain::{AgentId, Decision, EntityId, LeadId};
use tipoff_runtime::{Redis, Settings, connect, streams};
use tipoff_testkit::{NatsServer, RedisServer};
use tipoff_wire::{Accepted, Partition};
use tokio_util::sync::CancellationToken;

pub(crate) const PARTITIONS: u16 = 2;

/// A board, the servers below it, and an entity called acme.
pub(crate) struct Table {
    pub(crate) board: Board,
    pub(crate) redis: Redis,
    pub(crate) entity: EntityId,
    pub(crate) nats_server: NatsServer,
    pub(crate) redis_server: RedisServer,
    leads: AtomicU32,
}

pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// A moment in the future of every machine that runs this.
pub(crate) fn nine() -> DateTime<Utc> {
    id("2040-06-01T09:00:00Z")
}

pub(crate) fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

impl Table {
    /// The board's clock stands at nine.
    pub(crate) async fn laid() -> Self {
        Self::laid_on(RedisServer::start().await.unwrap()).await
    }

    pub(crate) async fn laid_on(redis_server: RedisServer) -> Self {
        let nats_server = NatsServer::start().await.unwrap();
        let stop = CancellationToken::new();
        let settings = Settings::at(nats_server.url(), redis_server.url());
        let nats = connect::nats(&settings, "test", &stop).await.unwrap();
        let redis = connect::redis(&settings, &stop).await.unwrap();
        streams::ensure(&nats, 1).await.unwrap();
        let board = Board::new(redis.clone(), nats, PARTITIONS);
        board.advance_clock_to(nine()).await.unwrap();
        Self {
            board,
            redis,
            entity: id("acme"),
            nats_server,
            redis_server,
            leads: AtomicU32::new(0),
        }
    }

    /// Puts a lead of each of these times into the pool: `lead_0000`, and so on.
    pub(crate) async fn pool_leads_of(&self, times: impl Iterator<Item = DateTime<Utc>>) {
        let (board, plan) = (&self.board.clone().patient(), &pool());
        let placing = times.enumerate().map(|(number, received_at)| async move {
            let new = accepted(&format!("lead_{number:04}"), &format!("p{number}@example.com"));
            board.place(&Accepted { received_at, ..new }, plan, Known::Ignore).await.unwrap()
        });
        stream::iter(placing).buffer_unordered(50).collect::<Vec<_>>().await;
    }

    /// What another process that works with the same servers has.
    pub(crate) async fn another_board(&self) -> Board {
        self.board_at(&self.redis_server.url()).await
    }

    /// The same with another Redis.
    pub(crate) async fn board_at(&self, redis: &str) -> Board {
        let (settings, stop) =
            (Settings::at(self.nats_server.url(), redis.to_owned()), CancellationToken::new());
        let nats = connect::nats(&settings, "another", &stop).await.unwrap();
        Board::new(connect::redis(&settings, &stop).await.unwrap(), nats, PARTITIONS)
    }

    /// A number that no lead of this table has yet.
    pub(crate) fn next_number(&self) -> u32 {
        self.leads.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn partition(&self) -> Partition {
        Partition::of(&self.entity, PARTITIONS)
    }

    /// A way into the log that goes past the board.
    pub(crate) async fn jetstream(&self) -> async_nats::jetstream::Context {
        async_nats::jetstream::new(async_nats::connect(self.nats_server.url()).await.unwrap())
    }

    pub(crate) async fn at(&self, instant: DateTime<Utc>) {
        self.board.advance_clock_to(instant).await.unwrap();
    }

    /// A new lead by this plan.
    pub(crate) async fn place(&self, plan: &Plan) -> LeadId {
        let number = self.next_number();
        let accepted = accepted(&format!("lead_{number}"), &format!("person{number}@example.com"));
        assert_eq!(self.board.place(&accepted, plan, Known::Ignore).await.unwrap(), Placed::New);
        accepted.id
    }

    pub(crate) async fn lead(&self, lead: &LeadId) -> OnBoard {
        self.board.lead(&self.entity, lead).await.unwrap().unwrap()
    }

    pub(crate) async fn claim(&self, lead: &LeadId, agent: &str, round: Option<u32>) -> Claim {
        let agent = id(agent);
        let claiming = Claiming::by(&agent, "").in_round(round);
        self.board.claim(&self.entity, lead, &claiming).await.unwrap()
    }

    pub(crate) async fn pass(&self, lead: &LeadId, agent: &str) -> Pass {
        let agent = id(agent);
        let passing = Passing { reason: Some("on \"holiday\"\n"), ..Passing::by(&agent, "") };
        self.board.pass(&self.entity, lead, &passing).await.unwrap()
    }

    pub(crate) async fn move_on(&self, lead: &LeadId, plan: &Plan) -> MovedOn {
        self.board.roll_on(&self.lead(lead).await, plan).await.unwrap()
    }

    /// What stands in one of the partition's lists, such as `taken`.
    pub(crate) async fn members(&self, list: &str) -> Vec<String> {
        let key = format!("{{p{}}}:{list}", self.partition());
        let mut range = redis::cmd("ZRANGE");
        range.arg(key).arg(0).arg(-1).query_async(&mut self.redis.clone()).await.unwrap()
    }

    /// Who may claim it now.
    pub(crate) async fn asked(&self, lead: &LeadId) -> Vec<String> {
        self.lead(lead).await.now_is.pending.iter().map(ToString::to_string).collect()
    }

    /// The lead's history as words.
    pub(crate) async fn history(&self, lead: &LeadId) -> Vec<&'static str> {
        let events = self.board.timeline(&self.entity, lead).await.unwrap();
        let versions: Vec<u64> = events.iter().map(|event| event.version).collect();
        assert_eq!(
            versions,
            (1..=events.len() as u64).collect::<Vec<_>>(),
            "no version is missing from the log"
        );
        events.iter().map(|event| event.kind.as_str()).collect()
    }
}

pub(crate) fn accepted(lead: &str, email: &str) -> Accepted {
    let body = json!({"source": "zillow", "emails": [email]});
    Accepted {
        id: id(lead),
        entity: id("acme"),
        source: Some(id("zillow")),
        received_at: nine(),
        lead: serde_json::from_value(body).unwrap(),
    }
}

/// A step on route `r`; `-ben` is on the list but cannot be picked, `ana=50` has a weight.
pub(crate) fn step(pick: Pick, agents: &[&str], assign: Option<How>) -> Plan {
    let candidate = |text: &&str| {
        let (name, weight) = text.split_once('=').unwrap_or((text, "1"));
        Candidate {
            agent: id::<AgentId>(name.trim_start_matches('-')),
            eligible: !name.starts_with('-'),
            weight: weight.parse().unwrap(),
            caps: Vec::new(),
        }
    };
    let step = Step {
        route: Some(id("r")),
        pick,
        by: By::Turn,
        candidates: agents.iter().map(candidate).collect(),
        assign,
        window: minutes(15),
        reroutes: 0,
        marks: Some(Marks { tags: vec!["portal".to_owned()], ..Marks::default() }),
    };
    Plan { then: Then::Step(step), decision: Decision::default() }
}

pub(crate) fn turn(agents: &[&str]) -> Plan {
    step(Pick::Turn, agents, None)
}

pub(crate) fn next(agents: &[&str]) -> Plan {
    step(Pick::First, agents, None)
}

pub(crate) fn ball(agents: &[&str]) -> Plan {
    step(Pick::All, agents, None)
}

pub(crate) fn pool() -> Plan {
    Plan { then: Then::Pool(Rest::in_pool(Otherwise::Exhausted)), decision: Decision::default() }
}
