//! The roster on a real nats-server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod deployment;
mod edits;
mod history;
mod keys;
mod ponds;
mod tree;
mod watch;

use serde_json::{Value, json};
use tipoff_domain::{Agent, AgentId, Entity, EntityId, Route, Source, SourceId};
use tipoff_roster::{Edited, Expect, Roster};
use tipoff_runtime::{Nats, Settings, connect};
use tipoff_testkit::NatsServer;
use tokio_util::sync::CancellationToken;

async fn connected(server: &NatsServer) -> Nats {
    let settings = Settings::at(server.url(), "redis://127.0.0.1:1");
    connect::nats(&settings, "test", &CancellationToken::new()).await.unwrap()
}

async fn open(server: &NatsServer) -> Roster {
    Roster::open(&connected(server).await, 64, 1, CancellationToken::new()).await.unwrap()
}

fn acme() -> EntityId {
    "acme".parse().unwrap()
}

fn agent_id(name: &str) -> AgentId {
    name.parse().unwrap()
}

fn source_id(name: &str) -> SourceId {
    name.parse().unwrap()
}

fn entity(parent: Option<&str>) -> Entity {
    let entity = json!({"name": "Acme Realty", "kind": "team", "parent": parent, "zone": "America/New_York"});
    serde_json::from_value(entity).unwrap()
}

fn agent(name: &str) -> Agent {
    serde_json::from_value(
        json!({"name": name, "email": format!("{}@example.com", name.to_lowercase())}),
    )
    .unwrap()
}

fn source(name: &str) -> Source {
    serde_json::from_value(json!({"name": name})).unwrap()
}

fn route(title: &str, strategy: &Value) -> Route {
    serde_json::from_value(json!({"title": title, "strategy": strategy})).unwrap()
}

fn to_all(title: &str) -> Route {
    route(title, &json!({"kind": "jump_ball", "agents": "all"}))
}

/// A server and a roster with the entity `acme`, its agents `ana` and `ben`, and the source `zillow`.
async fn staffed() -> (NatsServer, Roster) {
    let server = NatsServer::start().await.unwrap();
    let roster = open(&server).await;
    roster.put_entity(&acme(), entity(None), Expect::Absent).await.unwrap();
    for name in ["ana", "ben"] {
        let _: Edited<Agent> =
            roster.put_agent(&acme(), &agent_id(name), agent(name), Expect::Absent).await.unwrap();
    }
    roster
        .put_source(&acme(), &source_id("zillow"), source("Zillow"), Expect::Absent)
        .await
        .unwrap();
    (server, roster)
}

fn titles(roster: &Roster) -> Vec<String> {
    roster.view(&acme()).unwrap().routes.iter().map(|route| route.title.clone()).collect()
}
