//! A whole system is told about one person with words that stand nowhere else.
//! Nothing of what it says to operators (logs at their most talkative, traces,
//! metrics) may hold one of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops right there")]

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tipoff_runtime::{User, Users};
use tipoff_testkit::servers::ServerOptions;
use tipoff_testkit::sink::{Mailbox, SmtpSink};
use tipoff_testkit::{NatsServer, RedisServer, free_address};
use tipoff_tests::Caller;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

const OPERATOR: &str = "tpf_canaryoperator_0123456789abcdefghijklmnopqrstuvwxyzABCDEF";
const PATIENCE: Duration = Duration::from_mins(1);

/// What stands for the person, and for secrets.
const CANARIES: [&str; 7] = [
    "canary-mail@example.com",
    "Wilhelmina Canary",
    "5125550188",
    "+15125550188",
    "canary-message",
    "15 Canary Court",
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEF",
];

fn person(key: &str) -> Value {
    json!({
        "external_id": key, "name": {"full": "Wilhelmina Canary"}, "emails": ["canary-mail@example.com"],
        "phones": ["+15125550188"], "message": "canary-message",
        "property": {"address": "15 Canary Court", "city": "Austin"},
    })
}

/// In HTTP/2: my settings, and as much as you like, on every stream and on all together.
const ALL_YOU_HAVE: &[u8] = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x3f\xff\xff\xff\
    \x00\x00\x04\x08\x00\x00\x00\x00\x00\x3f\xff\x00\x00";

/// Everything that comes to a port.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    /// A collector of traces that takes everything in and never answers.
    async fn listen() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Self::default();
        let kept = heard.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.write_all(ALL_YOU_HAVE).await.unwrap();
                tokio::spawn(kept.clone().keep(stream));
            }
        });
        (heard, address)
    }

    async fn keep(self, mut stream: impl tokio::io::AsyncRead + Unpin) {
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            self.0.lock().unwrap().extend_from_slice(&chunk[..read]);
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Every service in one process, under a user of its own.
struct System {
    child: Child,
    log: Heard,
    traces: Heard,
    api: Caller,
    intake: Caller,
    metrics: String,
    mailbox: Mailbox,
    nats: NatsServer,
    _others: (RedisServer, SmtpSink),
}

impl System {
    async fn start() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let users = Users::of(b"the canary's").and_owner();
        let guarded = ServerOptions { users: Some(users), ..Default::default() };
        let nats = NatsServer::start_with(guarded.clone()).await.unwrap();
        let redis = RedisServer::start_with(guarded).await.unwrap();
        let mailbox = Mailbox::default();
        let smtp = SmtpSink::start(mailbox.clone(), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (traces, collector) = Heard::listen().await;
        let tipoff = |user: User, args: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tipoff"));
            command.args(args).kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::null());
            command.env("TIPOFF_NATS_URL", nats.url_for(user));
            command.env("TIPOFF_REDIS_URL", redis.url_for(user));
            command.env("TIPOFF_LOG", "trace").env("TIPOFF_LOG_FORMAT", "json");
            command.env("TIPOFF_SMTP_URL", smtp.url());
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector);
            command
        };
        let init = ["init", "--partitions", "4", "--operator-key", OPERATOR];
        assert!(tipoff(User::Admin, &init).status().await.unwrap().success());
        let [api, intake, admin] = [(); 3].map(|()| free_address().unwrap().to_string());
        let all =
            ["all", "--api-listen", &api, "--intake-listen", &intake, "--admin-listen", &admin];
        let mut child = tipoff(User::All, &all).stderr(Stdio::piped()).spawn().unwrap();
        let log = Heard::default();
        tokio::spawn(log.clone().keep(child.stderr.take().unwrap()));
        let system = Self {
            child,
            log,
            traces,
            api: Caller::at(&format!("http://{api}"), OPERATOR),
            intake: Caller::at(&format!("http://{intake}"), ""),
            metrics: format!("http://{admin}/metrics"),
            mailbox,
            nats,
            _others: (redis, smtp),
        };
        system.until("it is ready", || system.log.text().contains("\"ready\"")).await;
        system
    }

    /// Another process: nothing tells us but looking again.
    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let held = async {
            while !holds() {
                tokio::task::yield_now().await;
            }
        };
        let said = tokio::time::timeout(PATIENCE, held).await;
        let log = self.log.text();
        let start = log.len().saturating_sub(2_000);
        assert!(said.is_ok(), "{what} did not happen; it said last:\n{}", &log[start..]);
    }
}

/// Leads come in well and badly, are offered, passed, claimed, noted, exported and erased.
async fn a_day(system: &System) {
    let (api, entity) = (&system.api, "/v1/entities/acme");
    let acme = json!({"name": "Acme Realty", "kind": "team", "zone": "America/New_York"});
    api.put(entity, &acme).await.expect(201);
    for agent in ["ana", "ben"] {
        let body =
            json!({"name": agent, "email": format!("{agent}@example.com"), "channels": ["email"]});
        api.put(&format!("{entity}/agents/{agent}"), &body).await.expect(201);
    }
    let source = api.put(&format!("{entity}/sources/zillow"), &json!({"name": "Zillow"})).await;
    let robin =
        json!({"title": "Robin", "strategy": {"kind": "round_robin", "agents": ["ana", "ben"]}});
    api.post(&format!("{entity}/routes"), &robin).await.expect(201);
    let zillow = system.intake.with_key(&source.expect(201).field("key"));

    let lead = zillow.post("/v1/leads", &person("one")).await.expect(202).field("id");
    zillow.post("/v1/leads", &person("one")).await.expect(202);
    let bad = json!({"emails": ["canary-mail@example.com, canary-message"], "name": 7});
    assert!(zillow.post("/v1/leads", &bad).await.status.is_client_error());
    let bus = async_nats::connect(system.nats.url()).await.unwrap();
    bus.publish("leads.in.acme.zillow", person("two").to_string().into()).await.unwrap();
    bus.publish("leads.in.acme.zillow", "canary-message is no JSON".into()).await.unwrap();
    bus.flush().await.unwrap();
    system.until("two offers", || system.mailbox.caught().len() >= 2).await;

    let mut claimed = Vec::new();
    for agent in ["ana", "ben"] {
        let key = json!({"entity": "acme", "role": "agent", "agent": agent});
        let agent = api.with_key(&api.post("/v1/keys", &key).await.expect(201).field("key"));
        let pass = json!({"reason": "canary-message"});
        agent.post(&format!("/v1/leads/{lead}/pass"), &pass).await;
        claimed.push(agent.post(&format!("/v1/leads/{lead}/claim"), &json!({})).await);
    }
    let about = |what: &str| format!("/v1/leads/{lead}{what}?entity=acme&note=canary-message");
    api.post(&about("/assign"), &json!({"agent": "ana"})).await.expect(200);
    api.get(&about("/export")).await.expect(200);
    let who = json!({"emails": ["canary-mail@example.com"], "phones": ["+15125550188"]});
    let found = api.post(&format!("{entity}/people"), &who).await.expect(200).json();
    assert_eq!(found["leads"].as_array().unwrap().len(), 2);
    api.post(&format!("{entity}/people/erase"), &who).await.expect(200);
    system.until("they are forgotten", || system.log.text().contains("of a person is gone")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_in_any_log_trace_or_metric_of_a_whole_day() {
    let mut system = System::start().await;
    a_day(&system).await;
    let metrics = reqwest::get(&system.metrics).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("tipoff_"), "{metrics}");
    let pid = system.child.id().unwrap().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
    tokio::time::timeout(PATIENCE, system.child.wait()).await.unwrap().unwrap();

    let (log, traces) = (system.log.text(), system.traces.text());
    assert!(log.contains("\"answered\"") && log.contains("TRACE"), "logging works");
    assert!(traces.contains("tipoff"), "traces are sent");
    for (where_to, said) in [("log", &log), ("traces", &traces), ("metrics", &metrics)] {
        for canary in CANARIES {
            for spelled in
                [canary.to_owned(), base64(canary, 0), base64(canary, 1), base64(canary, 2)]
            {
                let line = said.lines().find(|line| line.contains(&spelled));
                assert_eq!(line, None, "{canary} is in the {where_to}");
            }
        }
    }
}

/// How a text looks within something longer that is in Base64, where it begins
/// `after` bytes behind a group.
fn base64(text: &str, after: usize) -> String {
    use base64::Engine;
    let padded = [vec![b' '; after], text.as_bytes().to_vec()].concat();
    let whole = base64::engine::general_purpose::STANDARD_NO_PAD.encode(padded);
    // The edges depend on what stands around.
    whole[(after * 8).div_ceil(6)..whole.len() - 2].to_owned()
}
