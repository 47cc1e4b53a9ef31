use futures::{FutureExt, StreamExt};
use tipoff_roster::{EditError, Expect, NewKey, Role, Roster};
use tokio_util::sync::CancellationToken;

use crate::{acme, agent, agent_id, connected, open, source, source_id, staffed};

fn of_source() -> NewKey {
    NewKey {
        role: Role::Source,
        entity: Some(acme()),
        agent: None,
        source: Some(source_id("zillow")),
    }
}

fn of_ana() -> NewKey {
    NewKey { role: Role::Agent, entity: Some(acme()), agent: Some(agent_id("ana")), source: None }
}

fn operator() -> NewKey {
    NewKey { role: Role::Operator, entity: None, agent: None, source: None }
}

#[tokio::test]
async fn a_key_says_who_is_calling_until_it_is_revoked() {
    let (_server, roster) = staffed().await;
    let key = roster.create_key(of_source()).await.unwrap();
    assert!(key.text.starts_with(&format!("tpf_{}_", key.id)));

    let access = roster.verify(&key.text).await.unwrap().unwrap();
    assert_eq!(
        (access.role, access.entity.clone(), access.source.clone()),
        (Role::Source, Some(acme()), Some(source_id("zillow")))
    );
    assert_eq!(roster.keys(Some(&acme())), [access]);

    roster.revoke_key(&key.id).await.unwrap();
    assert_eq!(roster.verify(&key.text).await.unwrap(), None);
    assert!(roster.keys(Some(&acme())).is_empty());
    assert!(matches!(roster.revoke_key(&key.id).await, Err(EditError::NotFound { .. })));
}

#[tokio::test]
async fn whoever_checks_no_keys_sees_none_and_says_so() {
    let (server, roster) = staffed().await;
    let key = roster.create_key(of_source()).await.unwrap();
    let (nats, stop) = (connected(&server).await, CancellationToken::new());
    let without = Roster::open_without_keys(&nats, 64, 1, stop).await.unwrap();
    assert_eq!(without.view(&acme()).unwrap().agents, roster.view(&acme()).unwrap().agents);
    assert!(without.keys(Some(&acme())).is_empty() && without.key(&key.id).is_none());
    assert!(matches!(without.verify(&key.text).await, Err(EditError::Unavailable(_))));
    assert!(matches!(without.revoke_key(&key.id).await, Err(EditError::Unavailable(_))));
    assert!(roster.verify(&key.text).await.unwrap().is_some());
}

#[tokio::test]
async fn a_key_with_another_secret_is_nobody() {
    let (_server, roster) = staffed().await;
    let key = roster.create_key(of_source()).await.unwrap();
    let mut wrong = key.text.clone();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    for text in [wrong.as_str(), &key.id, "tpf_00_11", "", "Bearer"] {
        assert_eq!(roster.verify(text).await.unwrap(), None, "{text}");
    }
}

#[tokio::test]
async fn made_up_keys_are_not_looked_up_without_end() {
    let (server, roster) = staffed().await;
    let listener = connected(&server).await.client;
    let mut asked = listener.subscribe("$JS.API.DIRECT.GET.KV_auth.>").await.unwrap();
    listener.flush().await.unwrap();
    for number in 0..2_000 {
        let text = format!("tpf_madeup{number}_0123456789abcdef");
        assert_eq!(roster.verify(&text).await.unwrap(), None);
    }
    let end = listener.new_inbox();
    let mut ending = listener.subscribe(end.clone()).await.unwrap();
    listener.publish(end, "".into()).await.unwrap();
    ending.next().await.unwrap();
    let mut count = 0;
    while let Some(Some(_)) = asked.next().now_or_never() {
        count += 1;
    }
    assert!((100..=800).contains(&count), "{count} of 2,000 were looked up");
    // What was made is known all the same.
    let key = roster.create_key(of_source()).await.unwrap();
    assert!(roster.verify(&key.text).await.unwrap().is_some());
}

#[tokio::test]
async fn a_key_made_elsewhere_works_at_once_and_ends_soon_after_it_is_revoked() {
    let (server, here) = staffed().await;
    let there = open(&server).await;
    let key = here.create_key(of_source()).await.unwrap();
    assert!(there.verify(&key.text).await.unwrap().is_some());
    here.revoke_key(&key.id).await.unwrap();
    // An edit of ours comes after the revocation; once it is seen, so is that.
    there.create_key(operator()).await.unwrap();
    assert_eq!(there.verify(&key.text).await.unwrap(), None);
}

#[tokio::test]
async fn the_secret_is_kept_nowhere() {
    let (_server, roster) = staffed().await;
    let key = roster.create_key(of_source()).await.unwrap();
    let secret = key.text.rsplit_once('_').unwrap().1;
    assert!(secret.len() >= 40);
    assert!(!format!("{key:?}").contains(secret));
}

#[tokio::test]
async fn a_key_may_be_chosen_if_nobody_can_guess_it() {
    let (_server, roster) = staffed().await;
    let text = "tpf_first_0123456789abcdef0123456789abcdef";
    roster.store_key(operator(), text).await.unwrap();
    assert_eq!(roster.verify(text).await.unwrap().unwrap().role, Role::Operator);
    assert_eq!(roster.keys(None).len(), 1);
    for weak in ["tpf_first_short", "letmein", "tpf_a.b_0123456789abcdef0123456789abcdef"] {
        assert!(
            matches!(roster.store_key(operator(), weak).await, Err(EditError::Invalid(_))),
            "{weak}"
        );
    }
}

#[tokio::test]
async fn a_key_is_for_somebody_who_exists() {
    let (_server, roster) = staffed().await;
    let nobody = NewKey {
        role: Role::Agent,
        entity: Some(acme()),
        agent: Some(agent_id("zoe")),
        source: None,
    };
    assert!(matches!(roster.create_key(nobody).await, Err(EditError::NotFound { .. })));
    let vague = NewKey { role: Role::Agent, entity: Some(acme()), agent: None, source: None };
    assert!(matches!(roster.create_key(vague).await, Err(EditError::Invalid(_))));
    let greedy = NewKey { entity: Some(acme()), ..operator() };
    assert!(matches!(roster.create_key(greedy).await, Err(EditError::Invalid(_))));
}

#[tokio::test]
async fn the_keys_of_whoever_leaves_end() {
    let (_server, roster) = staffed().await;
    let (ana, zillow) =
        (roster.create_key(of_ana()).await.unwrap(), roster.create_key(of_source()).await.unwrap());
    roster.delete_agent(&acme(), &agent_id("ana"), Expect::Anything).await.unwrap();
    assert_eq!(roster.verify(&ana.text).await.unwrap(), None);
    assert!(roster.verify(&zillow.text).await.unwrap().is_some());
    roster.delete_source(&acme(), &source_id("zillow"), Expect::Anything).await.unwrap();
    assert_eq!(roster.verify(&zillow.text).await.unwrap(), None);
}

#[tokio::test]
async fn keys_that_a_broken_off_removal_left_behind_open_nothing_then_or_for_a_namesake() {
    let (server, roster) = staffed().await;
    let (ana, zillow) =
        (roster.create_key(of_ana()).await.unwrap(), roster.create_key(of_source()).await.unwrap());
    let entries = connected(&server).await.jetstream.get_key_value("roster").await.unwrap();
    entries.delete("agent.acme.ana").await.unwrap();
    entries.delete("source.acme.zillow").await.unwrap();
    // An edit of ours comes after that; once it is seen, so is that.
    roster.put_agent(&acme(), &agent_id("ben"), agent("Ben"), Expect::Anything).await.unwrap();
    for key in [&ana, &zillow] {
        assert_eq!(roster.verify(&key.text).await.unwrap(), None);
    }

    roster.put_agent(&acme(), &agent_id("ana"), agent("Ana"), Expect::Absent).await.unwrap();
    roster
        .put_source(&acme(), &source_id("zillow"), source("Zillow"), Expect::Absent)
        .await
        .unwrap();
    for key in [&ana, &zillow] {
        assert_eq!(roster.verify(&key.text).await.unwrap(), None);
    }
}
