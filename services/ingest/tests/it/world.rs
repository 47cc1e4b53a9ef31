//! A running ingest with two entities.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tipoff_domain::{EntityId, SourceId};
use tipoff_ingest::Options;
use tipoff_roster::{Expect, NewKey, Role, Roster};
use tipoff_runtime::{Clock, Nats, Settings, connect, streams};
use tipoff_testkit::NatsServer;
use tipoff_wire::{Accepted, Rejected};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct World {
    pub(crate) server: NatsServer,
    pub(crate) nats: Nats,
    pub(crate) roster: Roster,
    pub(crate) clock: Clock,
    pub(crate) base: String,
    pub(crate) http: Client,
    /// Sends for `zillow` of `acme`.
    pub(crate) key: String,
    /// Administers `acme`.
    pub(crate) admin: String,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), tipoff_ingest::Error>>,
}

pub(crate) fn entity(name: &str) -> EntityId {
    name.parse().unwrap()
}

pub(crate) fn source(name: &str) -> SourceId {
    name.parse().unwrap()
}

async fn furnish(roster: &Roster, name: &str) {
    let id = entity(name);
    let made =
        json!({"name": "Realty", "kind": "team", "zone": "America/Chicago", "country": "US"});
    roster.put_entity(&id, serde_json::from_value(made).unwrap(), Expect::Absent).await.unwrap();
    let zillow = serde_json::from_value(json!({"name": "Zillow"})).unwrap();
    roster.put_source(&id, &source("zillow"), zillow, Expect::Absent).await.unwrap();
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let server = NatsServer::start().await.unwrap();
        let settings = Settings::at(server.url(), "redis://127.0.0.1:1");
        let stop = CancellationToken::new();
        let nats = connect::nats(&settings, "ingest", &stop).await.unwrap();
        streams::ensure(&nats, 1).await.unwrap();
        let roster = Roster::open(&nats, 4, 1, stop.clone()).await.unwrap();
        furnish(&roster, "acme").await;
        furnish(&roster, "other").await;
        let clock = Clock::held_at("2026-11-22T09:30:00Z".parse().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let running = tipoff_ingest::run(
            listener,
            nats.clone(),
            roster.clone(),
            clock.clone(),
            options,
            stop.clone(),
        );
        let task = tokio::spawn(running);
        let mut world = Self {
            server,
            nats,
            roster,
            clock,
            base,
            http: Client::new(),
            key: String::new(),
            admin: String::new(),
            stop,
            task,
        };
        world.key = world.key_of("acme", Role::Source).await;
        world.admin = world.key_of("acme", Role::Admin).await;
        world
    }

    pub(crate) async fn key_of(&self, name: &str, role: Role) -> String {
        let from = (role == Role::Source).then(|| source("zillow"));
        let whose = (role != Role::Operator).then(|| entity(name));
        let key = NewKey { role, entity: whose, agent: None, source: from };
        self.roster.create_key(key).await.unwrap().text
    }

    /// The key of another source of `acme`, which is made known.
    pub(crate) async fn another_source(&self, name: &str, leads_per_second: Option<u32>) -> String {
        let made = json!({"name": name, "leads_per_second": leads_per_second});
        let made = serde_json::from_value(made).unwrap();
        self.roster
            .put_source(&entity("acme"), &source(name), made, Expect::Anything)
            .await
            .unwrap();
        let (role, source) = (Role::Source, Some(source(name)));
        let key = NewKey { role, entity: Some(entity("acme")), agent: None, source };
        self.roster.create_key(key).await.unwrap().text
    }

    /// A request with the source's key, without a body.
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.post_as(&self.key, path)
    }

    pub(crate) fn post_as(&self, key: &str, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.base)).bearer_auth(key)
    }

    pub(crate) async fn send(&self, lead: &Value) -> (StatusCode, Value) {
        answer(self.post("/v1/leads").json(lead)).await
    }

    pub(crate) async fn leads(&self) -> Vec<Accepted> {
        self.all("LEADS").await
    }

    pub(crate) async fn rejected(&self) -> Vec<Rejected> {
        self.all("REJECTED").await
    }

    pub(crate) async fn count(&self, stream: &str) -> u64 {
        self.nats.jetstream.get_stream(stream).await.unwrap().cached_info().state.messages
    }

    async fn all<T: serde::de::DeserializeOwned>(&self, stream: &str) -> Vec<T> {
        let stream = self.nats.jetstream.get_stream(stream).await.unwrap();
        let state = &stream.cached_info().state;
        if state.messages == 0 {
            return Vec::new();
        }
        let mut all = Vec::new();
        for sequence in state.first_sequence..=state.last_sequence {
            let message = stream.get_raw_message(sequence).await.unwrap();
            all.push(serde_json::from_slice(&message.payload).unwrap());
        }
        all
    }

    /// Waits until `stream` holds that many messages.
    pub(crate) async fn until(&self, stream: &str, messages: u64) {
        let reached = async {
            while self.count(stream).await < messages {
                tokio::task::yield_now().await;
            }
        };
        let what = format!("{messages} messages in {stream}");
        tokio::time::timeout(Duration::from_secs(20), reached).await.expect(&what);
    }

    pub(crate) async fn finish(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let expected =
        if status.is_success() { "application/json" } else { "application/problem+json" };
    assert_eq!(kind, expected, "{status}");
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

pub(crate) fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect()
}

pub(crate) fn dana() -> Value {
    json!({"name": "Dana Reyes", "email": "dana@example.com", "phone": "(512) 555-0101", "kind": "buyer"})
}
