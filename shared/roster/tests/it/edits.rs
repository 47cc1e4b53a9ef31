use serde_json::json;
use tipoff_domain::{Agent, Channel, Entity, EntityId, Invalid, Locale};
use tipoff_roster::{EditError, Expect, PushKeys, PushSubscription, Room};

use crate::{
    acme, agent, agent_id, entity, open, route, source, source_id, staffed, titles, to_all,
};

fn problems(error: EditError) -> Vec<(String, String)> {
    match error {
        EditError::Invalid(Invalid(problems)) => {
            problems.into_iter().map(|p| (p.field, p.message)).collect()
        }
        other => panic!("not refused for what was sent: {other}"),
    }
}

#[tokio::test]
async fn what_was_written_is_read_at_once_with_its_version() {
    let (_server, roster) = staffed().await;
    let made = roster.create_route(&acme(), to_all("Everyone")).await.unwrap();
    assert!(made.created && made.value.id.as_str().starts_with("route_"));
    let view = roster.view(&acme()).unwrap();
    assert_eq!(view.routes[0].version, made.version);
    assert_eq!(*view.routes[0], made.value);
    assert_eq!(view.agents.len(), 2);
    assert_eq!(roster.entities(), [acme()]);
}

#[tokio::test]
async fn a_template_or_room_that_was_changed_meanwhile_stays_as_it_is() {
    let (_server, roster) = staffed().await;
    let stale = |lost: &EditError, now: u64| matches!(lost, EditError::Conflict { version, .. } if *version == now);
    let word = async |text: &str, expect: Expect| {
        roster.put_template(&acme(), "offer.sms", Locale::En, text.to_owned(), expect).await
    };
    let first = word("one", Expect::Absent).await.unwrap();
    let second = word("two", Expect::Version(first.version)).await.unwrap();
    assert!(first.created && !second.created);
    let lost = word("three", Expect::Version(first.version)).await.unwrap_err();
    assert!(stale(&lost, second.version), "{lost}");
    assert_eq!(roster.template(&acme(), "offer.sms", Locale::En).as_deref(), Some("two"));
    let version = roster.template_version(&acme(), "offer.sms", Locale::En);
    assert_eq!(version, Some(second.version));

    let post = async |url: &str, expect: Expect| {
        let room = Room { url: url.to_owned(), gone: None };
        roster.edit_room(&acme(), Channel::Slack, room, expect).await
    };
    let first = post("https://one.example.com", Expect::Absent).await.unwrap();
    let second = post("https://two.example.com", Expect::Version(first.version)).await.unwrap();
    let expect = Expect::Version(first.version);
    let lost = roster.remove_room(&acme(), Channel::Slack, expect).await.unwrap_err();
    assert!(stale(&lost, second.version), "{lost}");
    assert_eq!(roster.room(&acme(), Channel::Slack), Some(second.value));
    assert_eq!(roster.room_version(&acme(), Channel::Slack), Some(second.version));
}

#[tokio::test]
async fn of_two_edits_based_on_the_same_version_one_loses_and_learns_the_new_one() {
    let (_server, roster) = staffed().await;
    let version = roster.agent_version(&acme(), &agent_id("ana")).unwrap();
    let edit = async |name: &str| {
        roster.put_agent(&acme(), &agent_id("ana"), agent(name), Expect::Version(version)).await
    };
    let won = edit("Ana").await.unwrap();
    assert!(!won.created);
    let lost = edit("Anita").await.unwrap_err();
    assert!(
        matches!(lost, EditError::Conflict { version, .. } if version == won.version),
        "{lost}"
    );
    assert_eq!(roster.view(&acme()).unwrap().agents[&agent_id("ana")].name, "Ana");
}

#[tokio::test]
async fn what_must_be_new_is_not_overwritten() {
    let (_server, roster) = staffed().await;
    let again = roster
        .put_source(&acme(), &source_id("zillow"), source("Other"), Expect::Absent)
        .await
        .unwrap_err();
    assert!(matches!(again, EditError::Conflict { .. }), "{again}");
    assert_eq!(roster.view(&acme()).unwrap().sources[&source_id("zillow")].name, "Zillow");
}

#[tokio::test]
async fn what_was_deleted_is_gone_and_may_come_back() {
    let (_server, roster) = staffed().await;
    let version = roster.source_version(&acme(), &source_id("zillow")).unwrap();
    let stale = roster
        .delete_source(&acme(), &source_id("zillow"), Expect::Version(version + 1))
        .await
        .unwrap_err();
    assert!(matches!(stale, EditError::Conflict { .. }), "{stale}");

    roster.delete_source(&acme(), &source_id("zillow"), Expect::Version(version)).await.unwrap();
    assert!(roster.view(&acme()).unwrap().sources.is_empty());
    let twice =
        roster.delete_source(&acme(), &source_id("zillow"), Expect::Anything).await.unwrap_err();
    assert!(matches!(twice, EditError::NotFound { .. }), "{twice}");

    let back = roster
        .put_source(&acme(), &source_id("zillow"), source("Zillow"), Expect::Absent)
        .await
        .unwrap();
    assert!(back.created);
}

#[tokio::test]
async fn things_of_an_entity_that_does_not_exist_are_not_found() {
    let (_server, roster) = staffed().await;
    let nobody: EntityId = "nobody".parse().unwrap();
    let refused = roster
        .put_agent(&nobody, &agent_id("ana"), agent("Ana"), Expect::Anything)
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "entity `nobody` does not exist");
    assert!(roster.view(&nobody).is_none());
}

#[tokio::test]
async fn an_entity_stands_below_one_that_exists_and_never_below_itself() {
    let (_server, roster) = staffed().await;
    let office: EntityId = "office".parse().unwrap();
    let of_kind = |kind: &str, parent: Option<&str>| {
        let mut made = serde_json::to_value(entity(parent)).unwrap();
        made["kind"] = json!(kind);
        serde_json::from_value::<Entity>(made).unwrap()
    };
    let orphan =
        roster.put_entity(&office, of_kind("office", Some("nowhere")), Expect::Absent).await;
    assert_eq!(problems(orphan.unwrap_err())[0].0, "/parent");

    roster.put_entity(&office, of_kind("office", None), Expect::Absent).await.unwrap();
    roster.put_entity(&acme(), entity(Some("office")), Expect::Anything).await.unwrap();
    let circle =
        roster.put_entity(&office, of_kind("office", Some("acme")), Expect::Anything).await;
    assert_eq!(
        problems(circle.unwrap_err()),
        [("/parent".to_owned(), "`office` would stand below itself".to_owned())]
    );
}

#[tokio::test]
async fn a_title_is_used_once_in_an_entity() {
    let (_server, roster) = staffed().await;
    let first = roster.create_route(&acme(), to_all("Weekdays")).await.unwrap();
    let second = roster.create_route(&acme(), to_all(" weekDAYS ")).await.unwrap_err();
    assert_eq!(problems(second)[0].0, "/title");
    // A route may of course keep its own.
    let expect = Expect::Version(first.version);
    let kept =
        roster.put_route(&acme(), &first.value.id, to_all("weekdays"), expect).await.unwrap();
    assert_eq!(kept.value.title, "weekdays");
}

#[tokio::test]
async fn a_route_names_only_agents_of_its_entity() {
    let (_server, roster) = staffed().await;
    let unknown = route("Zoe", &json!({"kind": "assign_to_agent", "agent": "zoe"}));
    let refused = roster.create_route(&acme(), unknown).await.unwrap_err();
    assert_eq!(problems(refused)[0].0, "/strategy/agent");
    assert!(titles(&roster).is_empty());
}

#[tokio::test]
async fn routes_stand_in_the_order_given_and_new_ones_at_the_end() {
    let (_server, roster) = staffed().await;
    let mut ids = Vec::new();
    for title in ["one", "two", "three"] {
        ids.push(roster.create_route(&acme(), to_all(title)).await.unwrap().value.id);
    }
    assert_eq!(titles(&roster), ["one", "two", "three"]);
    let version = roster.order_version(&acme());
    let expect = Expect::Version(version);

    let order = vec![ids[2].clone(), ids[0].clone(), ids[1].clone()];
    let ordered = roster.order_routes(&acme(), order.clone(), expect).await.unwrap();
    assert_eq!(titles(&roster), ["three", "one", "two"]);
    assert_eq!(roster.order_version(&acme()), ordered.version);
    let late = roster.order_routes(&acme(), order, expect).await.unwrap_err();
    assert!(matches!(late, EditError::Conflict { .. }), "{late}");

    // Every edit of a route is one of the list.
    roster.create_route(&acme(), to_all("four")).await.unwrap();
    assert!(roster.order_version(&acme()) > ordered.version);
    roster.delete_route(&acme(), &ids[0], Expect::Anything).await.unwrap();
    assert_eq!(titles(&roster), ["three", "two", "four"]);
}

#[tokio::test]
async fn an_order_names_every_route_once() {
    let (_server, roster) = staffed().await;
    let one = roster.create_route(&acme(), to_all("one")).await.unwrap().value.id;
    roster.create_route(&acme(), to_all("two")).await.unwrap();
    let order = vec![one.clone(), one, "route_x".parse().unwrap()];
    let refused =
        problems(roster.order_routes(&acme(), order, Expect::Anything).await.unwrap_err());
    let fields: Vec<&str> = refused.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["/order/1", "/order/2", "/order"]);
}

#[tokio::test]
async fn an_agent_whom_a_route_names_stays() {
    let (_server, roster) = staffed().await;
    let to_ana = route("Ana's own", &json!({"kind": "round_robin", "agents": ["ana"]}));
    let route = roster.create_route(&acme(), to_ana).await.unwrap().value.id;
    let refused =
        roster.delete_agent(&acme(), &agent_id("ana"), Expect::Anything).await.unwrap_err();
    assert!(problems(refused)[0].1.contains("`Ana's own`"));

    roster.delete_agent(&acme(), &agent_id("ben"), Expect::Anything).await.unwrap();
    roster.delete_route(&acme(), &route, Expect::Anything).await.unwrap();
    roster.delete_agent(&acme(), &agent_id("ana"), Expect::Anything).await.unwrap();
    assert!(roster.view(&acme()).unwrap().agents.is_empty());
}

#[tokio::test]
async fn push_subscriptions_come_and_go_with_their_agent() {
    let (_server, roster) = staffed().await;
    let subscription = |endpoint: &str| PushSubscription {
        endpoint: endpoint.to_owned(),
        keys: PushKeys { p256dh: "key".to_owned(), auth: "secret".to_owned() },
    };
    let (ana, ben) = (agent_id("ana"), agent_id("ben"));
    for endpoint in ["https://push.example.com/1", "https://push.example.com/2"] {
        roster.add_push_subscription(&acme(), &ana, subscription(endpoint)).await.unwrap();
    }
    roster
        .add_push_subscription(&acme(), &ben, subscription("https://push.example.com/3"))
        .await
        .unwrap();
    assert_eq!(roster.push_subscriptions(&acme(), &ana).len(), 2);

    roster.remove_push_subscription(&acme(), &ana, "https://push.example.com/1").await.unwrap();
    assert_eq!(
        roster.push_subscriptions(&acme(), &ana),
        [subscription("https://push.example.com/2")]
    );

    roster.delete_agent(&acme(), &ana, Expect::Anything).await.unwrap();
    assert!(roster.push_subscriptions(&acme(), &ana).is_empty());
    assert_eq!(roster.push_subscriptions(&acme(), &ben).len(), 1);
}

#[tokio::test]
async fn nobody_has_more_than_twenty_browsers_and_telephones() {
    let (_server, roster) = staffed().await;
    let ana = agent_id("ana");
    let add = async |n: usize| {
        let endpoint = format!("https://push.example.com/{n}");
        let keys = PushKeys { p256dh: "key".to_owned(), auth: "secret".to_owned() };
        roster.add_push_subscription(&acme(), &ana, PushSubscription { endpoint, keys }).await
    };
    for n in 0..20 {
        add(n).await.unwrap();
    }
    assert!(problems(add(20).await.unwrap_err())[0].1.contains("let one go first"));
    add(7).await.unwrap();
    roster.remove_push_subscription(&acme(), &ana, "https://push.example.com/3").await.unwrap();
    add(20).await.unwrap();
}

#[tokio::test]
async fn links_to_somebody_who_left_do_not_open_for_whoever_is_called_so_next() {
    let (_server, roster) = staffed().await;
    let ana = agent_id("ana");
    let series = || roster.view(&acme()).unwrap().agents[&ana].link_series;
    let ended = Agent { link_series: 2, ..agent("Ana") };
    roster.put_agent(&acme(), &ana, ended, Expect::Anything).await.unwrap();
    for expected in [3, 4] {
        roster.delete_agent(&acme(), &ana, Expect::Anything).await.unwrap();
        roster.put_agent(&acme(), &ana, agent("Ana"), Expect::Absent).await.unwrap();
        assert_eq!(series(), expected);
    }
    roster.put_agent(&acme(), &agent_id("cleo"), agent("Cleo"), Expect::Absent).await.unwrap();
    assert_eq!(roster.view(&acme()).unwrap().agents[&agent_id("cleo")].link_series, 0);
}

#[tokio::test]
async fn a_version_that_was_made_elsewhere_is_waited_for_and_one_that_nobody_made_is_not() {
    let (server, here) = staffed().await;
    let there = open(&server).await;
    let made = there
        .put_agent(&acme(), &agent_id("ana"), agent("Anabel"), Expect::Anything)
        .await
        .unwrap();
    assert!(here.is_seen(made.version).await);
    assert_eq!(here.view(&acme()).unwrap().agents[&agent_id("ana")].name, "Anabel");
    assert!(!here.is_seen(made.version + 1).await);
}

#[tokio::test]
async fn a_source_is_noted_once_an_hour_however_many_leads_it_sends() {
    let (_server, roster) = staffed().await;
    let zillow = source_id("zillow");
    assert_eq!(roster.last_seen(&acme(), &zillow), None);
    let at = "2026-11-22T09:30:00Z".parse().unwrap();
    let team = acme();
    futures::future::join_all((0..20).map(|_| roster.note_seen(&team, &zillow, at))).await;
    assert_eq!(roster.last_seen(&acme(), &zillow), Some(at));
    for (minutes, seen) in [(59, at), (60, at + chrono::TimeDelta::hours(1))] {
        let later = at + chrono::TimeDelta::minutes(minutes);
        roster.note_seen(&acme(), &zillow, later).await.unwrap();
        assert_eq!(roster.last_seen(&acme(), &zillow), Some(seen));
    }
}

/// Whoever asks what they did themselves would be shown what administrators did.
#[tokio::test]
async fn no_agent_is_called_what_the_log_calls_administrators() {
    let (_server, roster) = staffed().await;
    let admin = agent_id("admin");
    let refused =
        roster.put_agent(&acme(), &admin, agent("Ada"), Expect::Absent).await.unwrap_err();
    let [(field, message)] = &problems(refused)[..] else { panic!("one problem") };
    assert!(field.is_empty() && message.contains("`admin`"), "{field}: {message}");
    assert!(!roster.view(&acme()).unwrap().agents.contains_key(&admin));
}
