//! Companies hold offices, offices hold teams (SEMANTICS 2.1).

use serde_json::{Value, json};
use tipoff_domain::{AgentId, Entity, EntityId, Invalid};
use tipoff_roster::{EditError, Expect, Roster};
use tipoff_testkit::NatsServer;

use crate::{agent, agent_id, open, route};

fn id(name: &str) -> EntityId {
    name.parse().unwrap()
}

fn of_kind(kind: &str, parent: Option<&str>) -> Entity {
    let entity = json!({"name": "Acme", "kind": kind, "parent": parent, "zone": "UTC"});
    serde_json::from_value(entity).unwrap()
}

async fn hire(roster: &Roster, entity: &str, name: &str, called: &str) {
    roster.put_agent(&id(entity), &agent_id(name), agent(called), Expect::Absent).await.unwrap();
}

/// A company with an office, which has a team; each has an agent.
async fn company() -> (NatsServer, Roster) {
    let server = NatsServer::start().await.unwrap();
    let roster = open(&server).await;
    for (name, kind, parent) in [
        ("acme", "company", None),
        ("west", "office", Some("acme")),
        ("lofts", "team", Some("west")),
    ] {
        roster.put_entity(&id(name), of_kind(kind, parent), Expect::Absent).await.unwrap();
    }
    for (entity, name) in [("acme", "ana"), ("west", "ben"), ("lofts", "chloe")] {
        hire(&roster, entity, name, name).await;
    }
    (server, roster)
}

fn agents(roster: &Roster, entity: &str) -> Vec<AgentId> {
    roster.view(&id(entity)).unwrap().agents.keys().cloned().collect()
}

fn field(refused: EditError) -> String {
    match refused {
        EditError::Invalid(Invalid(problems)) => problems[0].field.clone(),
        other => panic!("not refused for what was sent: {other}"),
    }
}

#[tokio::test]
async fn the_agents_of_an_entity_are_its_own_and_those_below() {
    let (server, roster) = company().await;
    assert_eq!(agents(&roster, "acme"), ["ana", "ben", "chloe"].map(agent_id));
    assert_eq!(agents(&roster, "west"), ["ben", "chloe"].map(agent_id));
    assert_eq!(agents(&roster, "lofts"), ["chloe"].map(agent_id));
    let to_chloe = route("To Chloe", &json!({"kind": "assign_to_agent", "agent": "chloe"}));
    roster.create_route(&id("acme"), to_chloe).await.unwrap();
    // Whoever starts later sees the same.
    assert_eq!(agents(&open(&server).await, "acme").len(), 3);
}

#[tokio::test]
async fn whoever_joins_or_leaves_below_does_so_above() {
    let (_server, roster) = company().await;
    hire(&roster, "lofts", "dan", "Dan").await;
    assert_eq!(agents(&roster, "acme").len(), 4);
    roster.delete_agent(&id("lofts"), &agent_id("dan"), Expect::Anything).await.unwrap();
    assert_eq!(agents(&roster, "acme").len(), 3);
    let alone = of_kind("office", None);
    roster.put_entity(&id("west"), alone, Expect::Anything).await.unwrap();
    assert_eq!(agents(&roster, "acme"), ["ana"].map(agent_id));
    assert_eq!(agents(&roster, "west"), ["ben", "chloe"].map(agent_id));
}

#[tokio::test]
async fn of_two_entries_of_one_person_the_nearest_counts() {
    let (_server, roster) = company().await;
    hire(&roster, "acme", "chloe", "Chloe-Acme").await;
    let name =
        |entity: &str| roster.view(&id(entity)).unwrap().agents[&agent_id("chloe")].name.clone();
    assert_eq!((name("acme"), name("west")), ("Chloe-Acme".to_owned(), "chloe".to_owned()));
    assert_eq!(roster.home(&id("acme"), &agent_id("chloe")), Some(id("acme")));
    assert_eq!(roster.home(&id("west"), &agent_id("chloe")), Some(id("lofts")));
}

#[tokio::test]
async fn an_agent_whom_a_route_above_names_stays() {
    let (_server, roster) = company().await;
    let to_chloe = route("To Chloe", &json!({"kind": "assign_to_agent", "agent": "chloe"}));
    roster.create_route(&id("acme"), to_chloe).await.unwrap();
    let delete =
        async || roster.delete_agent(&id("lofts"), &agent_id("chloe"), Expect::Anything).await;
    let refused = delete().await.unwrap_err();
    assert!(refused.to_string().contains("`To Chloe`"), "{refused}");
    // With an entry of their own there, they do not need the one below.
    hire(&roster, "acme", "chloe", "Chloe").await;
    delete().await.unwrap();
}

#[tokio::test]
async fn kinds_nest() {
    let (_server, roster) = company().await;
    let put = async |name: &str, kind: &str, parent: Option<&str>| {
        roster.put_entity(&id(name), of_kind(kind, parent), Expect::Anything).await
    };
    assert_eq!(field(put("new", "office", Some("lofts")).await.unwrap_err()), "/parent");
    assert_eq!(field(put("new", "team", Some("lofts")).await.unwrap_err()), "/parent");
    assert_eq!(field(put("new", "company", Some("acme")).await.unwrap_err()), "/parent");
    assert_eq!(field(put("west", "team", Some("acme")).await.unwrap_err()), "/kind");
    put("new", "team", Some("acme")).await.unwrap();
}

#[tokio::test]
async fn two_people_of_one_name_do_not_become_one_by_a_move() {
    let (_server, roster) = company().await;
    roster.put_entity(&id("east"), of_kind("office", None), Expect::Absent).await.unwrap();
    hire(&roster, "east", "chloe", "Chloe-East").await;
    let joined = of_kind("office", Some("acme"));
    let refused = roster.put_entity(&id("east"), joined.clone(), Expect::Anything).await;
    let refused = refused.unwrap_err();
    assert!(refused.to_string().contains("`chloe`"), "{refused}");
    roster.delete_agent(&id("east"), &agent_id("chloe"), Expect::Anything).await.unwrap();
    roster.put_entity(&id("east"), joined, Expect::Anything).await.unwrap();
    assert_eq!(roster.namesake(&id("east"), &agent_id("chloe")).unwrap(), Some(id("lofts")));
}

#[tokio::test]
async fn office_hours_need_a_timeout_agent_on_every_route_that_asks() {
    let (_server, roster) = company().await;
    let agents = json!({"kind": "round_robin", "agents": "all"});
    roster.create_route(&id("west"), route("Asks", &agents)).await.unwrap();
    let hours = |strategy: Value| {
        let mut entity = serde_json::to_value(of_kind("office", Some("acme"))).unwrap();
        entity["office_hours"] = strategy;
        serde_json::from_value::<Entity>(entity).unwrap()
    };
    let open = hours(json!({"zone": "UTC", "hours": {"from": "09:00", "to": "17:00"}}));
    let refused = roster.put_entity(&id("west"), open.clone(), Expect::Anything).await.unwrap_err();
    assert!(refused.to_string().contains("`Asks`"), "{refused}");
    assert_eq!(field(refused), "/office_hours");

    let mut asks = route("Asks", &agents);
    asks.timeout = serde_json::from_value(json!({"after": "45m", "agent": "ben"})).unwrap();
    let id_of_route = roster.view(&id("west")).unwrap().routes[0].id.clone();
    roster.put_route(&id("west"), &id_of_route, asks, Expect::Anything).await.unwrap();
    roster.put_entity(&id("west"), open, Expect::Anything).await.unwrap();
}
