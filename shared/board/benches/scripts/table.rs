//! A board with the servers below it, and what Redis says of its scripts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Mutex;

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use tipoff_board::{Board, OnBoard};
use tipoff_domain::decision::By;
use tipoff_domain::plan::{Candidate, Pick, Plan, Step, Then};
use tipoff_domain::{AgentId, Decision, EntityId, LeadId, RouteId};
use tipoff_runtime::{Redis, Settings, connect, streams};
use tipoff_testkit::{NatsServer, RedisServer};
use tipoff_wire::Partition;
use tokio_util::sync::CancellationToken;

const AT_ONCE: usize = 128;
const PARTITIONS: u16 = 1;

/// Scripts that Redis is sent whole each time, and known by their first words.
const SENT_WHOLE: [(&str, &str); 4] = [
    ("gate", include_str!("../../src/scripts/gate.lua")),
    ("members", include_str!("../../src/scripts/members.lua")),
    ("open", include_str!("../../src/scripts/open.lua")),
    ("shut_down", include_str!("../../src/scripts/shut_down.lua")),
];

pub(crate) struct Table {
    pub(crate) board: Board,
    pub(crate) entity: EntityId,
    /// The scripts of which something was told.
    pub(crate) measured: Mutex<BTreeSet<&'static str>>,
    redis: Redis,
    _servers: (NatsServer, RedisServer),
}

/// A step to so many agents.
pub(crate) fn plan(pick: Pick, agents: usize) -> Plan {
    plan_on("route_1".parse().unwrap(), pick, agents)
}

pub(crate) fn plan_on(route: RouteId, pick: Pick, agents: usize) -> Plan {
    let candidate = |number| Candidate::open(&agent(number));
    let step = Step {
        route: Some(route),
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

pub(crate) fn agent(number: usize) -> AgentId {
    format!("agent{number}").parse().unwrap()
}

pub(crate) fn id(number: usize) -> LeadId {
    format!("lead_{number:032x}").parse().unwrap()
}

impl Table {
    pub(crate) async fn laid() -> Self {
        let (nats_server, redis_server) =
            (NatsServer::start().await.unwrap(), RedisServer::start().await.unwrap());
        let settings = Settings::at(nats_server.url(), redis_server.url());
        let stop = CancellationToken::new();
        let nats = connect::nats(&settings, "bench", &stop).await.unwrap();
        let redis = connect::redis(&settings, &stop).await.unwrap();
        streams::ensure(&nats, 1).await.unwrap();
        let table = Self {
            board: Board::new(redis.clone(), nats, PARTITIONS),
            entity: "acme".parse().unwrap(),
            measured: Mutex::default(),
            redis,
            _servers: (nats_server, redis_server),
        };
        for (setting, value) in [("slowlog-log-slower-than", "0"), ("slowlog-max-len", "100000")] {
            table.ask::<()>(redis::cmd("CONFIG").arg("SET").arg(setting).arg(value)).await;
        }
        table
    }

    pub(crate) async fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> T {
        command.query_async(&mut self.redis.clone()).await.unwrap()
    }

    pub(crate) fn partition(&self) -> Partition {
        Partition::of(&self.entity, PARTITIONS)
    }

    /// A key of the partition.
    pub(crate) fn key(&self, rest: &str) -> String {
        format!("{{p{}}}:{rest}", self.partition())
    }

    pub(crate) async fn lead(&self, lead: &LeadId) -> OnBoard {
        self.board.lead(&self.entity, lead).await.unwrap().unwrap()
    }

    /// Time passes, and everybody sweeps.
    pub(crate) async fn later(&self, by: TimeDelta) {
        let now = self.board.time(&self.entity).await.unwrap();
        self.board.advance_clock_to(now + by).await.unwrap();
    }

    pub(crate) async fn unmeasured<F: Future<Output = ()>>(
        &self,
        leads: impl IntoIterator<Item = usize>,
        verb: impl Fn(LeadId) -> F,
    ) {
        stream::iter(leads).map(id).map(verb).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Runs `verb` for each lead, and tells what Redis says of the scripts of these names.
    /// The first lead does not count: with it Redis learns them, and until then it refuses
    /// all who call at once, which takes no time and would pass for calls.
    pub(crate) async fn measure<F: Future<Output = ()>>(
        &self,
        names: &[&str],
        agents: usize,
        mut leads: Range<usize>,
        verb: impl Fn(LeadId) -> F,
    ) {
        self.unmeasured(leads.next(), &verb).await;
        self.tell(names, agents, self.unmeasured(leads, &verb)).await;
    }

    /// Does this, and tells what Redis says of the scripts of these names.
    pub(crate) async fn tell(&self, names: &[&str], agents: usize, work: impl Future<Output = ()>) {
        self.ask::<()>(redis::cmd("SLOWLOG").arg("RESET")).await;
        work.await;
        for (script, mut times) in self.took().await {
            if !names.contains(&script) {
                continue;
            }
            times.sort_unstable();
            let (median, ninth) = (times[times.len() / 2], times[times.len() * 9 / 10]);
            let (median, spread) = (median * 1_000, (ninth - median) * 1_000);
            println!("test script/{script}/{agents} ... bench: {median} ns/iter (+/- {spread})");
            self.measured.lock().unwrap().insert(script);
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
            let [verb, script, ..] = &words[..] else { continue };
            let name = match verb.to_ascii_uppercase().as_str() {
                "EVALSHA" => names.get(script).copied(),
                "EVAL" => sent_whole(script),
                _ => None,
            };
            if let Some(name) = name {
                took.entry(name).or_default().push(us);
            }
        }
        took
    }
}

/// Which script it is, by as much of it as the slow log keeps.
fn sent_whole(beginning: &str) -> Option<&'static str> {
    let is_it = |script: &str| {
        // The first line opens a comment.
        let first_words = script.lines().nth(1).unwrap();
        beginning.contains(first_words)
    };
    SENT_WHOLE.iter().find(|(_, script)| is_it(script)).map(|(name, _)| *name)
}
