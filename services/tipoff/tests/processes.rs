//! The same story with one process of each service and with three of each,
//! against one NATS and one Redis.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on stops right there")]

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tipoff_board::Board;
use tipoff_domain::LeadId;
use tipoff_runtime::{Settings, User, Users, connect};
use tipoff_testkit::servers::ServerOptions;
use tipoff_testkit::sink::{Mailbox, SmtpSink};
use tipoff_testkit::{NatsServer, RedisServer, free_address};
use tipoff_tests::{Answer, Caller, id, minutes};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

const OPERATOR: &str = "tpf_storyoperator_0123456789abcdefghijklmnopqrstuvwxyzABCDEF";
const PATIENCE: Duration = Duration::from_secs(30);

/// Processes of every service, and what they stand on.
struct Fleet {
    apis: Vec<Caller>,
    intakes: Vec<Caller>,
    routers: Vec<Child>,
    _others: Vec<Child>,
    board: Board,
    mailbox: Mailbox,
    _servers: (NatsServer, RedisServer, SmtpSink),
}

impl Fleet {
    /// That many processes of each service.
    async fn of(count: usize) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let users = Users::of(b"the fleet's").and_owner();
        let guarded = ServerOptions { users: Some(users), ..Default::default() };
        let (nats, redis) = (
            NatsServer::start_with(guarded.clone()).await.unwrap(),
            RedisServer::start_with(guarded).await.unwrap(),
        );
        let mailbox = Mailbox::default();
        let smtp = SmtpSink::start(mailbox.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let tipoff = |user: User, args: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tipoff"));
            command.args(args).kill_on_drop(true).stdin(Stdio::null());
            command.env("TIPOFF_NATS_URL", nats.url_for(user));
            command.env("TIPOFF_REDIS_URL", redis.url_for(user));
            command.env("TIPOFF_SMTP_URL", smtp.url()).env("TIPOFF_LOG_FORMAT", "json");
            command
        };
        let init = ["init", "--partitions", "8", "--operator-key", OPERATOR];
        let init = tipoff(User::Admin, &init).output().await.unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));

        let (mut routers, mut others) = (Vec::new(), Vec::new());
        let (mut apis, mut intakes) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let [api, intake] = [(); 2].map(|()| free_address().unwrap().to_string());
            routers.push(started(tipoff(User::Router, &["router"])).await);
            others.push(started(tipoff(User::Notifier, &["notifier"])).await);
            others.push(started(tipoff(User::Api, &["api", "--api-listen", &api])).await);
            others
                .push(started(tipoff(User::Ingest, &["ingest", "--intake-listen", &intake])).await);
            apis.push(Caller::at(&format!("http://{api}"), OPERATOR));
            intakes.push(Caller::at(&format!("http://{intake}"), ""));
        }
        let board = board(&nats, &redis).await;
        Self {
            apis,
            intakes,
            routers,
            _others: others,
            board,
            mailbox,
            _servers: (nats, redis, smtp),
        }
    }

    /// An entity, made through one api and used through all of them.
    async fn with_team(count: usize) -> (Self, Vec<String>) {
        let fleet = Self::of(count).await;
        let api = &fleet.apis[0];
        let acme = json!({"name": "Acme Realty", "kind": "team", "zone": "America/New_York"});
        api.put("/v1/entities/acme", &acme).await.expect(201);
        for agent in ["ana", "ben"] {
            let body = json!({"name": agent, "email": format!("{agent}@example.com"), "channels": ["email"]});
            api.put(&format!("/v1/entities/acme/agents/{agent}"), &body).await.expect(201);
        }
        let source = api
            .put("/v1/entities/acme/sources/zillow", &json!({"name": "Zillow"}))
            .await
            .expect(201);
        let robin = json!({"title": "Robin", "strategy": {"kind": "round_robin", "agents": ["ana", "ben"]}});
        api.post("/v1/entities/acme/routes", &robin).await.expect(201);
        let mut keys = vec![source.field("key")];
        for agent in ["ana", "ben"] {
            let body = json!({"entity": "acme", "role": "agent", "agent": agent});
            keys.push(api.post("/v1/keys", &body).await.expect(201).field("key"));
        }
        (fleet, keys)
    }

    /// Sends a lead through one of the intakes, in turn.
    async fn lead(&self, number: usize, key: &str) -> LeadId {
        let intake = self.intakes[number % self.intakes.len()].with_key(key);
        let lead = json!({"external_id": format!("web-{number}"), "emails": [format!("p{number}@example.com")]});
        let sent = async {
            loop {
                let answer = intake.post("/v1/leads", &lead).await;
                // The roster reaches every process a moment after the edit.
                if answer.status.as_u16() == 202 {
                    return id(&answer.field("id"));
                }
            }
        };
        tokio::time::timeout(PATIENCE, sent).await.unwrap()
    }

    /// Waits until the lead's story ends with this.
    async fn until(&self, lead: &LeadId, ending: &[&str]) {
        let seen = async {
            loop {
                let events = self.board.timeline(&id("acme"), lead).await.unwrap();
                let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
                if kinds.ends_with(ending) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        assert!(
            tokio::time::timeout(PATIENCE, seen).await.is_ok(),
            "{lead} never came to {ending:?}"
        );
    }

    /// Time passes on the board.
    async fn a_quarter_of_an_hour_passes(&self) {
        let now = self.board.time(&id("acme")).await.unwrap();
        self.board.advance_clock_to(now + minutes(16)).await.unwrap();
    }
}

/// One lead claimed by a link from a mail, one passed and then expired, many at
/// once, and a router killed in the middle.
async fn the_story(count: usize) {
    let (mut fleet, keys) = Fleet::with_team(count).await;
    let [source, ana, ben] = &keys[..] else { unreachable!("three keys were made") };
    let mut leads = Vec::new();
    for number in 0..12 {
        leads.push(fleet.lead(number, source).await);
    }
    for lead in &leads {
        fleet.until(lead, &["lead.received", "lead.offered"]).await;
    }
    fleet.mailbox.wait_for("twelve offers", |caught| (caught.len() == 12).then_some(())).await;

    let api = |number: usize, key: &str| fleet.apis[number % fleet.apis.len()].with_key(key);
    let mut outcomes = Vec::new();
    for (number, lead) in leads.iter().take(6).enumerate() {
        for key in [ana, ben] {
            let claim: Answer =
                api(number, key).post(&format!("/v1/leads/{lead}/claim"), &json!({})).await;
            outcomes.push(claim.status.as_u16());
        }
    }
    assert_eq!(outcomes.iter().filter(|status| **status == 200).count(), 6, "{outcomes:?}");

    if count > 1 {
        let mut victim = fleet.routers.remove(0);
        victim.kill().await.unwrap();
    }
    fleet.a_quarter_of_an_hour_passes().await;
    for lead in &leads[6..] {
        fleet.until(lead, &["lead.expired", "lead.offered"]).await;
    }
    fleet.a_quarter_of_an_hour_passes().await;
    for lead in &leads[6..] {
        fleet.until(lead, &["lead.expired", "lead.pooled"]).await;
    }
}

#[tokio::test]
async fn one_process_of_each_service_is_enough() {
    the_story(1).await;
}

#[tokio::test]
async fn three_processes_of_each_service_tell_the_same_story() {
    the_story(3).await;
}

/// Starts a service and waits until it says that it is ready.
async fn started(mut command: Command) -> Child {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = async {
        let mut said = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("\"ready\"") {
                return;
            }
            said.push(line);
        }
        panic!("it ended before it was ready: {said:#?}");
    };
    tokio::time::timeout(PATIENCE, ready).await.unwrap();
    // Whatever it says later is read, so that it never waits for a reader.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    child
}

async fn board(nats: &NatsServer, redis: &RedisServer) -> Board {
    let settings = Settings::at(nats.url(), redis.url());
    let stop = CancellationToken::new();
    let nats = connect::nats(&settings, "story", &stop).await.unwrap();
    let redis = connect::redis(&settings, &stop).await.unwrap();
    Board::new(redis, nats, 8)
}
