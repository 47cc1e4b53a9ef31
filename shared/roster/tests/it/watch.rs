use std::time::{Duration, Instant};

use tipoff_domain::Agent;
use tipoff_roster::{Expect, Roster};

use crate::{acme, agent, agent_id, connected, open, staffed, titles, to_all};

/// Watches tell nobody that they have caught up, so look until they have.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::task::yield_now().await;
    }
}

fn names(roster: &Roster) -> Vec<String> {
    roster.view(&acme()).map_or_else(Vec::new, |view| {
        view.agents.values().map(|agent| agent.name.clone()).collect()
    })
}

#[tokio::test]
async fn everybody_sees_what_anybody_edits() {
    let (server, here) = staffed().await;
    let there = open(&server).await;
    assert_eq!(names(&there), ["ana", "ben"]);

    here.put_agent(&acme(), &agent_id("chloe"), agent("chloe"), Expect::Absent).await.unwrap();
    until("the new agent is seen", || names(&there) == ["ana", "ben", "chloe"]).await;

    there.delete_agent(&acme(), &agent_id("ana"), Expect::Anything).await.unwrap();
    until("the agent is gone", || names(&here) == ["ben", "chloe"]).await;
}

#[tokio::test]
async fn a_restart_of_the_server_is_lived_through() {
    let (mut server, roster) = staffed().await;
    roster.create_route(&acme(), to_all("before")).await.unwrap();
    server.restart().await.unwrap();
    let other = open(&server).await;
    other.create_route(&acme(), to_all("after")).await.unwrap();
    other.delete_agent(&acme(), &agent_id("ana"), Expect::Anything).await.unwrap();
    until("the watch has caught up", || {
        titles(&roster) == ["before", "after"] && names(&roster) == ["ben"]
    })
    .await;
}

#[tokio::test]
async fn what_a_later_release_wrote_does_not_hurt() {
    let (server, roster) = staffed().await;
    let nats = connected(&server).await;
    let bucket = nats.jetstream.get_key_value("roster").await.unwrap();
    bucket.put("pond.acme.north", "{}".into()).await.unwrap();
    bucket.put("agent.acme.ben", r#"{"name":"Ben","shoe_size":44}"#.into()).await.unwrap();
    let renamed = Agent { name: "Ana".to_owned(), ..agent("ana") };
    roster.put_agent(&acme(), &agent_id("ana"), renamed, Expect::Anything).await.unwrap();
    assert_eq!(names(&roster), ["Ana", "ben"]);
}

#[tokio::test]
async fn a_large_entity_is_read_without_delay_after_an_edit() {
    let (server, roster) = staffed().await;
    let nats = connected(&server).await;
    let bucket = nats.jetstream.get_key_value("roster").await.unwrap();
    let hire = |number: u32| {
        let bucket = bucket.clone();
        async move {
            bucket
                .put(format!("agent.acme.a{number}"), r#"{"name":"Somebody"}"#.into())
                .await
                .unwrap()
        }
    };
    for hundred in 0..20 {
        futures::future::join_all((0..100).map(|one| hire(hundred * 100 + one))).await;
    }
    roster.put_agent(&acme(), &agent_id("last"), agent("last"), Expect::Absent).await.unwrap();
    assert_eq!(roster.view(&acme()).unwrap().agents.len(), 2_003);
}
