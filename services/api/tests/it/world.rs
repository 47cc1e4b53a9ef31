//! A private NATS, a private Redis and the API over them.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tipoff_board::{Board, Known, Placed};
use tipoff_domain::{Arrival, EntityId, Lead, LeadId};
use tipoff_roster::{NewKey, Role, Roster};
use tipoff_runtime::{Clock, Nats, Redis, Settings, connect, streams};
use tipoff_testkit::{NatsServer, RedisServer};
use tipoff_wire::{Accepted, Event};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub(crate) struct World {
    pub(crate) app: Router,
    pub(crate) nats: Nats,
    pub(crate) board: Board,
    pub(crate) roster: Roster,
    pub(crate) operator: String,
    pub(crate) stop: CancellationToken,
    pub(crate) redis: RedisServer,
    _nats: NatsServer,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|bad| panic!("{bad}: {} {}", self.status, self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The status, and the code of the problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{} {}",
            self.status,
            self.text
        );
        (self.status.as_u16(), self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// A request being put together.
pub(crate) struct Call<'a> {
    world: &'a World,
    request: axum::http::request::Builder,
    body: Body,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        let value = format!("Bearer {key}");
        self.header("authorization", &value)
    }

    #[expect(clippy::needless_pass_by_value, reason = "so that tests can write `json!` in place")]
    pub(crate) fn body(mut self, body: Value) -> Self {
        self.body = Body::from(body.to_string());
        self.header("content-type", "application/json")
    }

    pub(crate) fn form(mut self, body: &str) -> Self {
        self.body = Body::from(body.to_owned());
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    pub(crate) fn raw(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) async fn open(self) -> axum::response::Response {
        let request = self.request.body(self.body).unwrap();
        self.world.app.clone().oneshot(request).await.unwrap()
    }

    /// The same in a task of its own.
    pub(crate) fn begin(self) -> JoinHandle<axum::response::Response> {
        let (app, request) = (self.world.app.clone(), self.request.body(self.body).unwrap());
        tokio::spawn(async move { app.oneshot(request).await.unwrap() })
    }

    pub(crate) async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn with(set: impl FnOnce(&mut tipoff_api::Options)) -> Self {
        let nats_server = NatsServer::start().await.unwrap();
        let redis_server = RedisServer::start().await.unwrap();
        let stop = CancellationToken::new();
        let settings = Settings::at(nats_server.url(), redis_server.url());
        let nats: Nats = connect::nats(&settings, "api tests", &stop).await.unwrap();
        let redis: Redis = connect::redis(&settings, &stop).await.unwrap();
        streams::ensure(&nats, 1).await.unwrap();
        let roster = Roster::open(&nats, 4, 1, stop.clone()).await.unwrap();
        let board = Board::new(redis, nats.clone(), roster.deployment().partitions);
        let mut options = tipoff_api::Options {
            intake_url: "https://in.example.com/".to_owned(),
            ..Default::default()
        };
        set(&mut options);
        let (clock, ending) = (Clock::system(), stop.clone());
        let app =
            tipoff_api::app(nats.clone(), board.clone(), roster.clone(), clock, &options, ending);
        let operator = NewKey { role: Role::Operator, entity: None, agent: None, source: None };
        let operator = roster.create_key(operator).await.unwrap().text;
        Self { app, nats, board, roster, operator, stop, redis: redis_server, _nats: nats_server }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call {
            world: self,
            request: Request::builder().method(method).uri(path),
            body: Body::empty(),
        }
    }

    pub(crate) fn get(&self, path: &str, key: &str) -> Call<'_> {
        self.call(Method::GET, path).key(key)
    }

    pub(crate) fn put(&self, path: &str, key: &str, body: Value) -> Call<'_> {
        self.call(Method::PUT, path).key(key).body(body)
    }

    pub(crate) fn post(&self, path: &str, key: &str) -> Call<'_> {
        self.call(Method::POST, path).key(key)
    }

    pub(crate) fn delete(&self, path: &str, key: &str) -> Call<'_> {
        self.call(Method::DELETE, path).key(key)
    }

    /// An entity with Ana, Ben, a source and a Round Robin route; `Keys` for all of them.
    pub(crate) async fn team(&self, entity: &str) -> Keys {
        let operator = &self.operator;
        let at = format!("/v1/entities/{entity}");
        let body = json!({"name": "Acme Realty", "kind": "team", "zone": "America/New_York"});
        self.put(&at, operator, body).send().await.expect(201);
        for (agent, name, locale) in [("ana", "Ana Ruiz", "es"), ("ben", "Ben Ode", "en")] {
            let body =
                json!({"name": name, "email": format!("{agent}@example.com"), "locale": locale});
            self.put(&format!("{at}/agents/{agent}"), operator, body).send().await.expect(201);
        }
        let source = self
            .put(&format!("{at}/sources/zillow"), operator, json!({"name": "Zillow"}))
            .send()
            .await;
        let route =
            json!({"title": "All", "strategy": {"kind": "round_robin", "agents": ["ana", "ben"]}});
        let route =
            self.post(&format!("{at}/routes"), operator).body(route).send().await.expect(201);
        let key = async |role: &str, agent: Option<&str>| {
            let body = json!({"entity": entity, "role": role, "agent": agent});
            let made = self.post("/v1/keys", operator).body(body).send().await.expect(201);
            made.json()["key"].as_str().unwrap().to_owned()
        };
        Keys {
            entity: entity.parse().unwrap(),
            admin: key("admin", None).await,
            ana: key("agent", Some("ana")).await,
            ben: key("agent", Some("ben")).await,
            source: source.expect(201).json()["key"].as_str().unwrap().to_owned(),
            route: route.json()["id"].as_str().unwrap().to_owned(),
        }
    }

    /// Puts a lead on the board as the router would.
    pub(crate) async fn place(&self, keys: &Keys, number: u128) -> LeadId {
        let id: LeadId = format!("lead_{number:032x}").parse().unwrap();
        let view = self.roster.view(&keys.entity).unwrap();
        let now: DateTime<Utc> = self.board.time(&keys.entity).await.unwrap();
        let lead: Lead = serde_json::from_value(json!({
            "source": "zillow", "kind": "buyer", "name": {"full": "Dana Reyes"},
            "emails": ["dana@example.com"], "phones": ["+15125550101"],
            "message": "Is it still available? Ring 512 555 0101.",
            "property": {"address": "15 Oak Ct", "city": "Austin", "price": 450_000},
        }))
        .unwrap();
        let mut dice = tipoff_domain::plan::dice([7; 32]);
        let plan = tipoff_domain::plan(&Arrival::of(&lead), &view, now, &mut dice);
        let source = lead.source.clone();
        let accepted = Accepted {
            id: id.clone(),
            entity: keys.entity.clone(),
            source,
            received_at: now,
            lead,
        };
        let placed = self.board.place(&accepted, &plan, Known::Ignore).await.unwrap();
        assert_eq!(placed, Placed::New);
        id
    }

    pub(crate) async fn events(&self, entity: &EntityId, lead: &LeadId) -> Vec<Event> {
        self.board.timeline(entity, lead).await.unwrap()
    }
}

pub(crate) struct Keys {
    pub(crate) entity: EntityId,
    pub(crate) admin: String,
    pub(crate) ana: String,
    pub(crate) ben: String,
    pub(crate) source: String,
    pub(crate) route: String,
}
