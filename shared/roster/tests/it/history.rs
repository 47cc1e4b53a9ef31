//! Who changed what, and when.

use serde_json::json;
use tipoff_domain::Agent;
use tipoff_roster::{Author, Done, Expect, Role};

use crate::{acme, agent, agent_id, connected, open, staffed, to_all};

fn boss() -> Author {
    Author { role: Some(Role::Admin), key: Some("ab12".to_owned()), agent: None }
}

#[tokio::test]
async fn every_version_of_a_route_says_who_made_it_and_what_they_changed() {
    let (_server, roster) = staffed().await;
    let edits = roster.by(boss());
    let made = edits.create_route(&acme(), to_all("Weekdays")).await.unwrap();
    let id = made.value.id.clone();
    let mut renamed = to_all("Weekends");
    renamed.claim_within = "5m".parse().unwrap();
    let renamed = roster.put_route(&acme(), &id, renamed, Expect::Anything).await.unwrap();
    edits.delete_route(&acme(), &id, Expect::Version(renamed.version)).await.unwrap();

    let versions = roster.route_versions(&acme(), &id).await.unwrap();
    let told: Vec<_> = versions.iter().map(|it| (it.done, it.by.clone())).collect();
    assert_eq!(
        told,
        [
            (Done::Deleted, Some(boss())),
            (Done::Changed, Some(Author::default())),
            (Done::Created, Some(boss()))
        ]
    );
    let fields: Vec<_> = versions[1].fields.as_ref().unwrap().iter().collect();
    assert_eq!((fields[0].field.as_str(), fields[1].field.as_str()), ("/claim_within", "/title"));
    assert_eq!((&fields[1].before, &fields[1].after), (&json!("Weekdays"), &json!("Weekends")));
    assert!(versions[1].at >= versions[2].at);

    // What was deleted is still read, and can come back.
    let first = roster.route_at(&acme(), &id, made.version).await.unwrap().unwrap();
    assert_eq!(first, made.value);
    assert_eq!(roster.route_at(&acme(), &id, versions[0].version).await.unwrap(), None);
    assert_eq!(roster.route_at(&acme(), &id, made.version + 1).await.unwrap(), None);
    roster.put_route(&acme(), &id, first, Expect::Absent).await.unwrap();
    assert_eq!(roster.view(&acme()).unwrap().routes[0].title, "Weekdays");
}

#[tokio::test]
async fn all_changes_of_an_entity_come_page_by_page_the_newest_first() {
    let (_server, roster) = staffed().await;
    let one = roster.create_route(&acme(), to_all("one")).await.unwrap().value.id;
    let two = roster.create_route(&acme(), to_all("two")).await.unwrap().value.id;
    let edits = roster.by(boss());
    edits.order_routes(&acme(), vec![two.clone(), one], Expect::Anything).await.unwrap();
    let ana = Agent { paused: true, ..agent("ana") };
    edits.put_agent(&acme(), &agent_id("ana"), ana, Expect::Anything).await.unwrap();

    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let (page, more) = roster.changes_of(&acme(), before, 3).await.unwrap();
        before = page.last().map(|change| change.version);
        all.extend(page);
        if !more {
            break;
        }
    }
    let told: Vec<_> = all.iter().map(|it| format!("{} {:?}", it.thing, it.done)).collect();
    let wanted = [
        "agent Changed",
        "order Changed",
        "route Created",
        "route Created",
        "source Created",
        "agent Created",
        "agent Created",
        "entity Created",
    ];
    assert_eq!(told, wanted);
    assert_eq!(all[0].fields.as_ref().unwrap()[0].field, "/paused");
    assert_eq!((&all[1].by, &all[2].by), (&Some(boss()), &Some(Author::default())));
}

#[tokio::test]
async fn a_bucket_of_an_earlier_release_keeps_more_from_now_on() {
    let (server, _roster) = staffed().await;
    let nats = connected(&server).await;
    let stream = nats.jetstream.get_stream("KV_roster").await.unwrap();
    let mut config = stream.cached_info().config.clone();
    (config.max_messages_per_subject, config.allow_atomic_publish) = (5, false);
    nats.jetstream.update_stream(config).await.unwrap();

    let roster = open(&server).await;
    for number in 0..70 {
        let ana = agent(&format!("Ana{number}"));
        roster.put_agent(&acme(), &agent_id("ana"), ana, Expect::Anything).await.unwrap();
    }
    let (changes, _) = roster.changes_of(&acme(), None, 1_000).await.unwrap();
    let of_ana: Vec<_> = changes.iter().filter(|it| it.id == "ana").collect();
    assert_eq!(of_ana.len(), 64);
    // What came before the oldest is not known any more, so it is not told.
    assert_eq!((of_ana[63].done, &of_ana[63].fields), (Done::Changed, &None));
    roster.create_route(&acme(), to_all("one")).await.unwrap();
}

#[tokio::test]
async fn of_all_who_want_a_title_at_the_same_time_one_gets_it() {
    let (server, here) = staffed().await;
    let there = open(&server).await;
    let team = &acme();
    let rosters = [&here, &there, &here, &there, &here, &there];
    let wanted = rosters.map(|roster| roster.create_route(team, to_all("Weekdays")));
    let outcomes = futures::future::join_all(wanted).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let others = (0..8).map(|number| {
        let roster = rosters[number % 2];
        async move { roster.create_route(&acme(), to_all(&format!("{number}"))).await }
    });
    for outcome in futures::future::join_all(others).await {
        outcome.unwrap();
    }
    here.create_route(&acme(), to_all("last")).await.unwrap();
    assert_eq!(here.view(&acme()).unwrap().routes.len(), 10);
}
