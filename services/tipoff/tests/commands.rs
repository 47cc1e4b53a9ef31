//! The program as people and scripts meet it: what it prints, and its exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops right there")]

use std::net::Ipv4Addr;
use std::process::{Output, Stdio};
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tipoff_runtime::{Clock, Nats, Settings, connect};
use tipoff_testkit::servers::ServerOptions;
use tipoff_testkit::sink::WebhookSink;
use tipoff_testkit::{NatsServer, free_address};
use tipoff_wire::{Dead, Stream};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);

fn tipoff(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tipoff"));
    command.args(arguments).kill_on_drop(true).stdin(Stdio::null());
    command
}

async fn output(arguments: &[&str]) -> Output {
    timeout(PATIENCE, tipoff(arguments).output()).await.unwrap().unwrap()
}

/// What it printed; it must have gone well.
async fn said(arguments: &[&str]) -> String {
    let output = output(arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A private system, told about in JSON.
struct Dev {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it says on stderr, once it has ended.
    complaints: JoinHandle<String>,
    addresses: Value,
}

impl Dev {
    async fn start(more: &[&str]) -> Self {
        let mut command = tipoff(&["dev", "--json", "--ports", "0"]);
        command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let complaints = tokio::spawn(async move {
            let mut all = String::new();
            stderr.read_to_string(&mut all).await.unwrap();
            all
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        Self { child, lines, complaints, addresses: serde_json::from_str(&first).unwrap() }
    }

    fn text(&self, pointer: &str) -> &str {
        self.addresses.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    /// Tells it to stop. What else it printed on stdout, and whether all went well.
    async fn stop(mut self) -> (String, bool) {
        let pid = self.child.id().unwrap().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        let mut rest = String::new();
        timeout(PATIENCE, self.lines.into_inner().read_to_string(&mut rest))
            .await
            .unwrap()
            .unwrap();
        (rest, timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap().success())
    }

    /// Pauses all other routes of Acme: some work on holidays, some on weekends only.
    async fn leave_only(&self, title: &str) {
        let (http, api) = (reqwest::Client::new(), self.text("/api"));
        let key = self.text("/entities/acme/admin_key");
        let routes = format!("{api}/v1/entities/acme/routes");
        let all = http.get(&routes).bearer_auth(key).send().await.unwrap();
        let all: Value = all.error_for_status().unwrap().json().await.unwrap();
        for route in all["routes"].as_array().unwrap() {
            let id = route["id"].as_str().unwrap();
            if route["title"] != title && id != "default" {
                let pause = http.post(format!("{routes}/{id}/pause")).bearer_auth(key).send().await;
                pause.unwrap().error_for_status().unwrap();
            }
        }
    }

    /// How a lead of Acme stands.
    async fn state_of(&self, lead: &str) -> String {
        let url = format!("{}/v1/leads/{lead}", self.text("/api"));
        let key = self.text("/entities/acme/admin_key");
        let answer = reqwest::Client::new().get(url).bearer_auth(key).send().await.unwrap();
        let shown: Value = answer.error_for_status().unwrap().json().await.unwrap();
        shown["state"].as_str().unwrap().to_owned()
    }

    /// The message that was caught for `to`, once it is there, and its number in the mailbox.
    async fn mail_to(&self, to: &str) -> (usize, Value) {
        let mailbox = self.text("/mailbox");
        let mut live = reqwest::get(format!("{mailbox}/live")).await.unwrap();
        let found = async {
            loop {
                let all: Value =
                    reqwest::get(format!("{mailbox}.json")).await.unwrap().json().await.unwrap();
                let messages = all["messages"].as_array().unwrap();
                if let Some(index) = messages.iter().position(|message| message["to"] == to) {
                    return (index + 1, messages[index].clone());
                }
                live.chunk().await.unwrap();
            }
        };
        timeout(PATIENCE, found).await.unwrap()
    }
}

/// A demo in which one lead goes to Ana.
async fn demo_with_a_lead() -> (Dev, String) {
    let dev = Dev::start(&["--demo"]).await;
    dev.leave_only("Zillow round robin").await;
    let (intake, key) = (dev.text("/intake"), dev.text("/entities/acme/source_keys/zillow"));
    let sent = said(&["send", "--intake", intake, "--key", key]).await;
    (dev, sent.trim().to_owned())
}

fn install_tls() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

#[tokio::test]
async fn a_lead_that_is_sent_to_the_demo_reaches_an_agents_mailbox_and_can_be_traced() {
    install_tls();
    let (dev, lead) = demo_with_a_lead().await;
    let lead = lead.as_str();

    let (mail_number, mail) = dev.mail_to("ana@example.com").await;
    assert_eq!((&mail["channel"], &mail["lead"]), (&json!("email"), &json!(lead)));
    assert!(mail["links"][0].as_str().unwrap().starts_with(dev.text("/api")), "{mail}");
    let (push_number, push) = dev.mail_to("acme/ana").await;
    assert_eq!(push["channel"], "push");
    let page = async |path: String| {
        let url = format!("{}{path}", dev.text("/mailbox"));
        reqwest::get(url).await.unwrap().error_for_status().unwrap().text().await.unwrap()
    };
    assert!(page(String::new()).await.contains("to ana@example.com"));
    let has_html = async |number| page(format!("/{number}")).await.contains("sandbox=");
    assert!(has_html(mail_number).await, "a mail is shown as its reader sees it");
    assert!(!has_html(push_number).await, "a push has only text");

    let end = &lead[lead.len() - 8..];
    let trace = said(&["trace", end, "--nats-url", dev.text("/nats")]).await;
    assert!(trace.contains("to ana, for 1m   Zillow round robin"), "{trace}");
    let both = ["--nats-url", dev.text("/nats"), "--redis-url", dev.text("/redis")];
    // What became of notices is written a moment after them.
    let noted = async {
        loop {
            let trace = said(&[&["trace", end][..], &both].concat()).await;
            if trace.contains("ana of the offer, by email") {
                return trace;
            }
        }
    };
    let trace = timeout(PATIENCE, noted).await.expect("the mail is noted in time");
    assert!(trace.contains("told       ana of the offer, by email"), "{trace}");
    let why = said(&[&["trace", lead, "--why"][..], &both].concat()).await;
    assert!(why.contains("by e-mail: sent"), "{why}");
    let tried = said(&[&["try", "acme", "--source", "zillow"][..], &both].concat()).await;
    assert!(tried.starts_with("offered to ben ("), "it is his turn: {tried}");
    let tried = said(&[&["try", "acme", "--source", "zillow", "--json"][..], &both].concat()).await;
    let tried: Value = serde_json::from_str(&tried).unwrap();
    assert_eq!(tried["outcome"]["title"], "Zillow round robin", "and still is");
    let trace = said(&["trace", lead, "--json", "--nats-url", dev.text("/nats")]).await;
    let trace: Value = serde_json::from_str(&trace).unwrap();
    assert_eq!(
        (&trace["lead"], &trace["events"][0]["type"]),
        (&json!(lead), &json!("lead.received"))
    );
    assert!(!trace.to_string().contains("@example.com"), "{trace}");

    assert_eq!(dev.stop().await, (String::new(), true));
}

#[tokio::test]
async fn kept_data_keeps_its_keys_and_its_leads() {
    install_tls();
    let directory = tempfile::tempdir().unwrap();
    let data = ["--demo", "--data", directory.path().to_str().unwrap()];
    let dev = Dev::start(&data).await;
    let (intake, key) = (dev.text("/intake"), dev.text("/entities/acme/source_keys/zillow"));
    let sent = said(&["send", "--intake", intake, "--key", key]).await;
    let before = dev.addresses["entities"].clone();
    // The log knows a lead once a router has placed it.
    dev.mail_to("ana@example.com").await;
    assert!(dev.stop().await.1);

    let dev = Dev::start(&data).await;
    assert_eq!(dev.addresses["entities"], before);
    let trace = said(&["trace", sent.trim(), "--nats-url", dev.text("/nats")]).await;
    assert!(trace.contains("received   from zillow"), "{trace}");
}

#[tokio::test]
async fn two_systems_do_not_share_their_data() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let first = Dev::start(&["--data", data]).await;
    let second = output(&["dev", "--json", "--ports", "0", "--data", data]).await;
    let complaint = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && complaint.contains("in use by another"), "{complaint}");
    assert!(first.stop().await.1);
}

#[tokio::test]
async fn without_the_demo_there_is_nobody() {
    let dev = Dev::start(&[]).await;
    assert_eq!(dev.addresses["entities"], json!({}));
}

#[tokio::test]
async fn a_system_whose_server_dies_stops_and_says_so() {
    let mut dev = Dev::start(&[]).await;
    let port = dev.text("/redis").rsplit(':').next().unwrap().to_owned();
    // As a crash would: Redis leaves without a word.
    let client = redis::Client::open(dev.text("/redis")).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let left: redis::RedisResult<()> =
        redis::cmd("SHUTDOWN").arg("NOSAVE").query_async(&mut redis).await;
    assert!(left.is_ok() || left.is_err_and(|error| error.is_io_error()), "redis on {port}");
    let ended = timeout(PATIENCE, dev.child.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(1));
    let complaints = dev.complaints.await.unwrap();
    assert!(complaints.contains("redis-server has ended by itself"), "{complaints}");
}

#[tokio::test]
async fn init_and_doctor_can_be_repeated() {
    let nats = NatsServer::start().await.unwrap();
    let init = ["init", "--partitions", "8", "--nats-url", &nats.url()];
    let first = said(&init).await;
    assert!(
        first.contains("EVENTS") && first.contains("made") && !first.contains("unchanged"),
        "{first}"
    );
    let second = said(&[&init[..], &["--operator-key"]].concat()).await;
    assert!(second.contains("unchanged") && second.contains("Operator key: tpf_"), "{second}");
    let kept = "tpf_kept_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH";
    let stored = said(&[&init[..], &["--operator-key", kept]].concat()).await;
    let again = said(&[&init[..], &["--operator-key", kept]].concat()).await;
    assert!(stored.contains("stored") && !again.contains("stored"), "{stored}{again}");

    let days = [&init[..], &["--board-days", "400"]].concat();
    let said_of_days = [said(&days).await, said(&days).await, said(&init).await];
    let wanted =
        [("keeps leads for 400 days", "changed"), ("keeps leads for 400 days", "unchanged")];
    for ((words, what), said) in wanted.into_iter().zip(&said_of_days) {
        assert!(said.lines().any(|line| line.contains(words) && line.ends_with(what)), "{said}");
    }
    assert!(!said_of_days[2].contains("keeps leads"), "it stays as it is: {}", said_of_days[2]);

    let doctor =
        output(&["doctor", "--nats-url", &nats.url(), "--redis-url", "redis://127.0.0.1:1"]).await;
    let found = String::from_utf8(doctor.stdout).unwrap();
    assert!(found.contains("8 partitions") && found.contains("✗ redis"), "{found}");
    assert!(found.contains("– nats"), "{found}");
    assert_eq!(doctor.status.code(), Some(69));
}

#[tokio::test]
async fn doctor_asks_the_monitoring_port_whether_nats_syncs_before_it_acknowledges() {
    let monitor = free_address().unwrap();
    let options = ServerOptions { monitor: Some(monitor), ..ServerOptions::default() };
    let nats = NatsServer::start_with(options).await.unwrap();
    let nobody = free_address().unwrap();
    let monitors = format!("http://{monitor},http://{nobody}");
    let line = ["doctor", "--nats-url", &nats.url(), "--nats-monitor", &monitors];
    let found = String::from_utf8(output(&line).await.stdout).unwrap();
    assert!(
        found.contains(&format!("✓ nats       http://{monitor}/ syncs before it acknowledges")),
        "{found}"
    );
    assert!(
        found.contains(&format!("✗ nats       the monitoring port at http://{nobody}/")),
        "{found}"
    );
}

#[tokio::test]
async fn what_was_set_aside_is_listed_shown_and_sent_again() {
    let server = NatsServer::start().await.unwrap();
    let url = server.url();
    said(&["init", "--nats-url", &url]).await;
    let dlq = |what: &'static [&'static str]| [&["dlq", "--nats-url", url.as_str()], what].concat();
    assert_eq!(said(&dlq(&["ls"])).await, "Nothing was set aside.\n");

    let dead = Dead {
        at: chrono::DateTime::UNIX_EPOCH,
        stream: Stream::Notify.name().to_owned(),
        subject: "notify.email.acme".to_owned(),
        sequence: 7,
        consumer: "notifier-email".to_owned(),
        error: "the relay refused it".to_owned(),
        deliveries: 5,
        body: "e30=".to_owned(),
    };
    let nats = connected(&server).await;
    let body = serde_json::to_vec(&dead).unwrap();
    nats.jetstream
        .publish(Dead::subject_for(Stream::Notify), body.into())
        .await
        .unwrap()
        .await
        .unwrap();

    let listed = said(&dlq(&["ls"])).await;
    assert!(
        listed.contains("notify.email.acme") && listed.contains("the relay refused it"),
        "{listed}"
    );
    let (shown, whole) =
        (said(&dlq(&["show", "1"])).await, said(&dlq(&["show", "1", "--body"])).await);
    assert!(!shown.contains("{}") && whole.ends_with("\n{}\n"), "{whole}");
    assert_eq!(said(&dlq(&["ls", "--consumer", "router"])).await, "Nothing was set aside.\n");
    assert!(
        said(&dlq(&["ls", "--stream", "NOTIFY", "--entity", "acme"]))
            .await
            .contains("notify.email.acme")
    );
    let other = said(&dlq(&["redrive", "--all", "--entity", "other"])).await;
    assert_eq!(other, "0 of 0 were sent again\n");
    let both = output(&dlq(&["redrive", "1", "--stream", "NOTIFY"])).await;
    assert_eq!(both.status.code(), Some(64), "a number says which one already");
    assert!(said(&dlq(&["redrive", "--all"])).await.contains("1 of 1 were sent again"));
    let stream = nats.jetstream.get_stream(Stream::Notify.name()).await.unwrap();
    assert_eq!(stream.cached_info().state.messages, 1);
    assert_eq!(said(&dlq(&["ls"])).await, "Nothing was set aside.\n");
    let trail = said(&["trail", "--nats-url", &url]).await;
    assert!(trail.contains("command_line   tipoff dlq redrive   1"), "{trail}");
}

async fn connected(server: &NatsServer) -> Nats {
    let settings = Settings::at(server.url(), String::new());
    connect::nats(&settings, "test", &CancellationToken::new()).await.unwrap()
}

#[tokio::test]
async fn the_exit_code_tells_whose_fault_it_is() {
    let code = async |arguments: &[&str]| output(arguments).await.status.code();
    assert_eq!(code(&["--help"]).await, Some(0));
    assert_eq!(code(&["no-such-command"]).await, Some(64));
    assert_eq!(code(&["send", "--key", "tpf_x", "--intake", "nowhere"]).await, Some(64));
    assert_eq!(code(&["send", "--key", "tpf_x", "--intake", "http://127.0.0.1:1"]).await, Some(69));
    assert_eq!(code(&["trace", "abc", "--nats-url", "nats://127.0.0.1:1"]).await, Some(69));
}

/// An API that answers everything with that status, and nothing else.
async fn answering(status: StatusCode) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new().fallback(move || async move { status });
    tokio::spawn(async move { axum::serve(listener, app).await });
    api
}

/// With which code `returned-mail` and `webhooks` end at that API.
async fn codes_at(api: &str) -> [Option<i32>; 2] {
    let at = ["--api", api, "--key", "tpf_x"];
    let mail = output(&[&["returned-mail"], &at[..]].concat()).await;
    let webhooks = output(&[&["webhooks", "ls"], &at[..]].concat()).await;
    [mail.status.code(), webhooks.status.code()]
}

#[tokio::test]
async fn a_mail_system_is_told_to_try_again_while_the_api_is_away_and_a_script_that_it_is() {
    assert_eq!(codes_at("http://127.0.0.1:1").await, [Some(75), Some(69)]);
    for away in
        [StatusCode::SERVICE_UNAVAILABLE, StatusCode::BAD_GATEWAY, StatusCode::TOO_MANY_REQUESTS]
    {
        assert_eq!(codes_at(&answering(away).await).await, [Some(75), Some(69)], "{away}");
    }
    let refused = answering(StatusCode::FORBIDDEN).await;
    assert_eq!(codes_at(&refused).await, [Some(64), Some(64)], "it would be refused again");
}

#[tokio::test]
async fn nobody_is_forgotten_without_yes_and_a_script_hears_that() {
    install_tls();
    let (dev, lead) = demo_with_a_lead().await;
    let lead = lead.as_str();
    // The board knows a lead once a router has placed it.
    dev.mail_to("ana@example.com").await;
    let (nats, redis) = (dev.text("/nats"), dev.text("/redis"));
    let erase = ["erase", lead, "--entity", "acme", "--nats-url", nats, "--redis-url", redis];
    let asked = output(&erase).await;
    let complaint = String::from_utf8(asked.stderr).unwrap();
    assert_eq!(asked.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("--yes"), "{complaint}");
    assert_ne!(dev.state_of(lead).await, "closed");
    let erased = said(&[&erase[..], &["--yes"]].concat()).await;
    assert!(erased.contains("erased, with"), "{erased}");
    assert_eq!(dev.state_of(lead).await, "closed");
    assert!(dev.stop().await.1);
}

#[tokio::test]
async fn a_running_system_is_measured_by_the_line_that_it_prints() {
    let dev = Dev::start(&[]).await;
    let line = dev.addresses.to_string();
    let arguments = "route --leads 60 --entities 2 --agents 2 --lines 20 --no-bare --json";
    let mut bench = vec!["bench"];
    bench.extend(arguments.split_whitespace());
    bench.extend(["--system", &line]);
    let result: Value = serde_json::from_str(&said(&bench).await).unwrap();
    assert_eq!(
        (&result["correct"]["ok"], &result["correct"]["notified"]),
        (&json!(true), &json!(60))
    );
    assert!(dev.stop().await.1);
}

#[tokio::test]
async fn webhooks_are_looked_after_from_the_command_line() {
    install_tls();
    let dev = Dev::start(&["--demo"]).await;
    let (api, key) = (dev.text("/api"), dev.text("/entities/acme/admin_key"));
    let webhooks = async |what: &[&str]| {
        said(&[&["webhooks"], what, &["--api", api, "--key", key]].concat()).await
    };
    assert_eq!(webhooks(&["ls"]).await, "There is no webhook.\n");
    let added = webhooks(&["add", "http://127.0.0.1:9/hook", "--events", "lead.claimed"]).await;
    let (hook, secret) = added.split_once('\n').unwrap();
    assert!(secret.starts_with("secret: whsec_"), "{added}");
    let listed = webhooks(&["ls"]).await;
    assert!(listed.contains(hook) && listed.contains("lead.claimed"), "{listed}");
    assert!(webhooks(&["rotate", hook]).await.starts_with("secret: whsec_"));
    assert!(webhooks(&["deliveries", hook]).await.starts_with("0 waiting, 0 under way"));
    assert_eq!(webhooks(&["attempts", hook]).await, "It was not called yet.\n");

    let sink = WebhookSink::start((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let added = webhooks(&["add", &sink.url(), "--events", "lead.received"]).await;
    let told = added.lines().next().unwrap();
    let source = dev.text("/entities/acme/source_keys/zillow");
    said(&["send", "--key", source, "--intake", dev.text("/intake")]).await;
    sink.told_of(1).await;
    let (day, now) = (chrono::TimeDelta::days(1), Clock::system().now());
    let stamp = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339();
    let replay = async |from, until| {
        webhooks(&["replay", told, "--from", &stamp(from), "--until", &stamp(until)]).await
    };
    assert_eq!(replay(now - day * 2, now - day).await, "0 events are told again\n");
    assert_eq!(replay(now - day, now + day).await, "1 events are told again\n");
    let twice = sink.told_of(2).await;
    assert_eq!(twice[0].id, twice[1].id, "a receiver can tell that it is the same");
    assert_eq!(
        webhooks(&["replay", told, "--event", &twice[0].id["msg_".len()..]]).await,
        "1 events are told again\n"
    );
    sink.told_of(3).await;
    let attempts = webhooks(&["attempts", told, "--limit", "1"]).await;
    let lines: Vec<&str> = attempts.lines().collect();
    assert!(
        lines.len() == 2 && lines[1].contains("lead.received") && lines[1].ends_with("told"),
        "{attempts}"
    );
    assert_eq!(webhooks(&["rm", told]).await, format!("{told} was removed\n"));
    assert_eq!(webhooks(&["rm", hook]).await, format!("{hook} was removed\n"));

    let operator = dev.text("/operator_key");
    let asked = ["webhooks", "ls", "--api", api, "--key", operator];
    assert_eq!(output(&asked).await.status.code(), Some(64), "the operator says which entity");
    assert!(said(&[&asked[..], &["--entity", "casa"]].concat()).await.contains("no webhook"));
    assert!(dev.stop().await.1);
}
