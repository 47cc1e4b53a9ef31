//! What became of notices, for whoever asks afterwards.

use serde_json::json;
use tipoff_board::{Claim, Claiming};
use tipoff_domain::Channel;
use tipoff_domain::notified::{About, Became, Notified};
use tipoff_testkit::sink::push;

use crate::desk::{Desk, dana, id};

fn said(one: &Notified) -> (&str, Channel, About, Became) {
    (one.agent.as_str(), one.channel, one.about, one.became)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_noted_what_became_of_each_notice() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["email", "push"]})).await;
    desk.agent("ben", json!({"channels": ["email"]})).await;
    desk.browser("ana").await;
    desk.push.misbehave(push::Fault::Gone);
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana", "ben"], dana()).await;
    desk.caught(&lead, "email").await;
    // The push is set aside; both mails are out by the time that the notifier ends.
    desk.dead().await;
    notifier.end().await;

    let mut noted = desk.board.notices(&desk.entity, &lead).await.unwrap();
    noted.sort_by(|one, other| (&one.agent, one.channel).cmp(&(&other.agent, other.channel)));
    let all: Vec<_> = noted.iter().map(said).collect();
    let (offer, sent) = (About::Offer, Became::Sent);
    assert_eq!(
        all,
        [
            ("ana", Channel::Email, offer, sent),
            ("ana", Channel::Push, offer, Became::Failed),
            ("ben", Channel::Email, offer, sent),
        ]
    );
    assert!(noted.iter().all(|one| one.round == Some(1)), "{noted:?}");
    let why = noted[1].why.as_deref().unwrap();
    assert!(!why.is_empty() && !why.contains("example.com"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_worth_telling_any_more_is_noted_as_well() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    desk.agent("ben", json!({"channels": ["email"]})).await;
    let lead = desk.offer(&["ana", "ben"], dana()).await;
    let ana = id("ana");
    let claimed = desk.board.claim(&desk.entity, &lead, &Claiming::by(&ana, "")).await.unwrap();
    assert!(matches!(claimed, Claim::Won(_)), "{claimed:?}");
    let next = desk.offer(&["ana"], dana()).await;
    let notifier = desk.notifier(&["--smtp-connections", "1", "--notifier-in-flight", "1"]);
    desk.caught(&next, "email").await;
    notifier.end().await;
    let noted = desk.board.notices(&desk.entity, &lead).await.unwrap();
    let bens: Vec<_> = noted.iter().filter(|one| one.agent.as_str() == "ben").map(said).collect();
    assert_eq!(bens, [("ben", Channel::Email, About::Offer, Became::Obsolete)]);
}
