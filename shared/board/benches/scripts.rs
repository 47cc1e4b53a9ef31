//! What each script costs Redis, which runs them one by one: its own count of
//! microseconds, on a real server, with the log behind it as always.
//!
//! Redis writes every call into its slow log here; what it says of a script is
//! told in the words of cargo's own benchmarks, as the median of all calls.
//! `make micro` compares them with another revision.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops right there")]
#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use serde_json::json;
use tipoff_board::{
    Actor, Assign, Board, Claim, Claiming, Close, Known, MovedOn, Pass, Passing, Return,
};
use tipoff_domain::decision::By;
use tipoff_domain::plan::{Candidate, Pick, Plan, Step, Then};
use tipoff_domain::{AgentId, Decision, EntityId, LeadId};
use tipoff_runtime::{Redis, Settings, connect, streams};
use tipoff_testkit::{NatsServer, RedisServer};
use tipoff_wire::{Accepted, Partition};
use tokio_util::sync::CancellationToken;

const AGENTS: [usize; 3] = [1, 20, 500];
/// Leads of each kind: fewer where each costs more.
const LEADS: usize = 600;
const AT_ONCE: usize = 128;
const PARTITIONS: u16 = 1;

struct Table {
    board: Board,
    redis: Redis,
    entity: EntityId,
    _servers: (NatsServer, RedisServer),
}

#[tokio::main]
async fn main() {
    let table = Table::laid().await;
    for agents in AGENTS {
        let leads = if agents > 100 { LEADS / 6 } else { LEADS };
        let at = |first: usize| (first + agents * 10_000)..(first + agents * 10_000 + leads);
        let ball = plan(Pick::All, agents);
        let (turn, next) = (plan(Pick::Turn, agents), plan(Pick::First, agents));
        table.measure("place", agents, at(0), |lead| table.place(lead, &turn)).await;
        table.later().await;
        table.measure("roll_on", agents, at(0), |lead| table.roll_on(lead, &next)).await;
        table.unmeasured(at(2_000), |lead| table.place(lead, &ball)).await;
        table.measure("claim", agents, at(2_000), |lead| table.claim(lead)).await;
        table.measure("give_back", agents, at(2_000), |lead| table.give_back(lead)).await;
        table.measure("assign", agents, at(2_000), |lead| table.assign(lead)).await;
        table.measure("close", agents, at(2_000), |lead| table.close(lead)).await;
        table.unmeasured(at(4_000), |lead| table.place(lead, &turn)).await;
        table.measure("pass", agents, at(4_000), |lead| table.pass(lead)).await;
    }
    table.measure("sweep", 0, 0..LEADS, |_| table.sweep()).await;
}

/// A step to so many agents.
fn plan(pick: Pick, agents: usize) -> Plan {
    let candidate = |number| Candidate::open(&agent(number));
    let step = Step {
        route: Some("route_1".parse().unwrap()),
        pick,
        by: By::Turn,
        candidates: (0..agents).map(candidate).collect(),
        assign: None,
        window: TimeDelta::minutes(15),
        reroutes: 0,
        marks: None,
    };
    Plan { then: Then::Step(step), decision: Decision::default() }
}

fn agent(number: usize) -> AgentId {
    format!("agent{number}").parse().unwrap()
}

fn id(number: usize) -> LeadId {
    format!("lead_{number:032x}").parse().unwrap()
}

impl Table {
    async fn laid() -> Self {
        let (nats_server, redis_server) =
            (NatsServer::start().await.unwrap(), RedisServer::start().await.unwrap());
        let settings = Settings::at(nats_server.url(), redis_server.url());
        let stop = CancellationToken::new();
        let nats = connect::nats(&settings, "bench", &stop).await.unwrap();
        let redis = connect::redis(&settings, &stop).await.unwrap();
        streams::ensure(&nats, 1).await.unwrap();
        let board = Board::new(redis.clone(), nats, PARTITIONS);
        let table = Self {
            board,
            redis,
            entity: "acme".parse().unwrap(),
            _servers: (nats_server, redis_server),
        };
        for (setting, value) in [("slowlog-log-slower-than", "0"), ("slowlog-max-len", "100000")] {
            table.ask::<()>(redis::cmd("CONFIG").arg("SET").arg(setting).arg(value)).await;
        }
        table
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> T {
        command.query_async(&mut self.redis.clone()).await.unwrap()
    }

    async fn unmeasured<F: Future<Output = ()>>(
        &self,
        leads: std::ops::Range<usize>,
        verb: impl Fn(LeadId) -> F,
    ) {
        stream::iter(leads).map(id).map(verb).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Runs `verb` for each lead, and tells what Redis says of the script of that name.
    async fn measure<F: Future<Output = ()>>(
        &self,
        name: &str,
        agents: usize,
        leads: std::ops::Range<usize>,
        verb: impl Fn(LeadId) -> F,
    ) {
        self.ask::<()>(redis::cmd("SLOWLOG").arg("RESET")).await;
        self.unmeasured(leads, verb).await;
        let mut took = self.took().await;
        for (script, times) in &mut took {
            // Every change is settled; once is enough.
            if *script == name || (*script == "settle" && name == "place") {
                times.sort_unstable();
                let (median, ninth) = (times[times.len() / 2], times[times.len() * 9 / 10]);
                let (median, spread) = (median * 1_000, (ninth - median) * 1_000);
                println!(
                    "test script/{script}/{agents} ... bench: {median} ns/iter (+/- {spread})"
                );
            }
        }
    }

    /// Microseconds of each call, by script.
    async fn took(&self) -> BTreeMap<&'static str, Vec<i64>> {
        type Entry = (i64, i64, i64, Vec<String>, String, String);
        let entries: Vec<Entry> = self.ask(redis::cmd("SLOWLOG").arg("GET").arg(-1)).await;
        let names: HashMap<String, &'static str> =
            self.board.scripts().into_iter().map(|(name, hash)| (hash, name)).collect();
        let mut took = BTreeMap::<_, Vec<i64>>::new();
        for (_, _, us, words, ..) in entries {
            if let [verb, hash, ..] = &words[..]
                && verb.eq_ignore_ascii_case("EVALSHA")
                && let Some(name) = names.get(hash)
            {
                took.entry(*name).or_default().push(us);
            }
        }
        took
    }

    async fn place(&self, lead: LeadId, plan: &Plan) {
        let body = json!({"source": "zillow", "emails": ["dana@example.com"], "message": "Is it still available?"});
        let accepted = Accepted {
            id: lead,
            entity: self.entity.clone(),
            source: Some("zillow".parse().unwrap()),
            received_at: self.board.time(&self.entity).await.unwrap(),
            lead: serde_json::from_value(body).unwrap(),
        };
        self.board.place(&accepted, plan, Known::Ignore).await.unwrap();
    }

    /// Onward, sixteen minutes later.
    async fn roll_on(&self, lead: LeadId, plan: &Plan) {
        let lead = self.board.lead(&self.entity, &lead).await.unwrap().unwrap();
        assert_eq!(self.board.roll_on(&lead, plan).await.unwrap(), MovedOn::Done);
    }

    async fn later(&self) {
        let now = self.board.time(&self.entity).await.unwrap();
        self.board.advance_clock_to(now + TimeDelta::minutes(16)).await.unwrap();
    }

    async fn claim(&self, lead: LeadId) {
        let agent = agent(0);
        let claiming = Claiming::by(&agent, "").in_round(Some(1));
        let claimed = self.board.claim(&self.entity, &lead, &claiming).await.unwrap();
        assert!(matches!(claimed, Claim::Won(_)), "{claimed:?}");
    }

    async fn pass(&self, lead: LeadId) {
        let asked = self.board.lead(&self.entity, &lead).await.unwrap().unwrap().now_is.pending;
        let passed = self.board.pass(&self.entity, &lead, &Passing::by(&asked[0], "")).await;
        assert_eq!(passed.unwrap(), Pass::Passed);
    }

    async fn give_back(&self, lead: LeadId) {
        let returned =
            self.board.give_back(&self.entity, &lead, &Actor::Admin, None, "", &[]).await;
        assert!(matches!(returned.unwrap(), Return::Returned(_)));
    }

    async fn assign(&self, lead: LeadId) {
        let assigned = self.board.assign(&self.entity, &lead, &agent(0), &Actor::Admin, "").await;
        assert!(matches!(assigned.unwrap(), Assign::Assigned(_)));
    }

    async fn close(&self, lead: LeadId) {
        let closed = self.board.close(&self.entity, &lead, &Actor::Admin, None, false, "").await;
        assert!(matches!(closed.unwrap(), Close::Closed(_)));
    }

    async fn sweep(&self) {
        self.board.sweep(Partition::of(&self.entity, PARTITIONS)).await.unwrap();
    }
}
