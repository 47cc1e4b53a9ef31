//! Deadlines that were put off, as nobody was there: whoever is asked hears of the new one.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tipoff_domain::notified::{About, Became};
use tipoff_domain::{AgentId, Channel, LeadId};
use tipoff_runtime::{Clock, dead};
use tipoff_testkit::sink::Caught;
use tipoff_testkit::sink::phone::{ACCOUNT, TOKEN};
use tipoff_wire::notice::What;
use tipoff_wire::{EventKind, Notice, subject};

use crate::desk::{Desk, Notifier, dana, id};
use crate::email::link_of;
use crate::relevance::ONE_AT_A_TIME;

const WINDOW: TimeDelta = TimeDelta::seconds(10);
const GAP: TimeDelta = TimeDelta::seconds(20);

async fn deadline(desk: &Desk, lead: &LeadId) -> DateTime<Utc> {
    desk.board.lead(&desk.entity, lead).await.unwrap().unwrap().now_is.until.unwrap()
}

/// Both mails about the lead, in their order.
async fn two_mails(desk: &Desk) -> [Caught; 2] {
    let both = |caught: &[Caught]| <[Caught; 2]>::try_from(caught.to_vec()).ok();
    desk.mailbox.wait_for("a second mail", both).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_not_told_before_a_deadline_was_put_off_is_told_once_of_the_new_one() {
    // Its event is read soon, and long afterwards.
    for later in [TimeDelta::zero(), TimeDelta::hours(2)] {
        let desk = Desk::set_up().await;
        desk.agent("ana", json!({})).await;
        let lead = desk.offer_for(&["ana"], WINDOW, dana()).await;
        desk.nobody_sweeps_for(GAP).await;
        let next = desk.offer(&["ana"], dana()).await;

        let clock = Clock::held_at(Clock::system().now() + later);
        let notifier = desk.notifier_at(clock, &desk.smtp.url(), &ONE_AT_A_TIME);
        desk.caught(&next, "email").await;
        notifier.end().await;
        let mail = desk.caught(&lead, "email").await;
        assert_eq!(link_of(&desk, &mail).until, deadline(&desk, &lead).await);
        assert_eq!(desk.count(&lead, "email"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_told_before_a_deadline_was_put_off_hears_of_the_new_one() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let _notifier = desk.notifier(&[]);
    let lead = desk.offer_for(&["ana"], WINDOW, dana()).await;
    desk.caught(&lead, "email").await;
    desk.nobody_sweeps_for(GAP).await;

    let [first, second] = two_mails(&desk).await;
    let until = deadline(&desk, &lead).await;
    assert_eq!(link_of(&desk, &second).until, until);
    assert!(link_of(&desk, &first).until < until);
    assert_ne!(first.headers["message-id"], second.headers["message-id"], "it is another mail");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_of_a_deadline_that_was_put_off_is_dropped_and_hides_nothing() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let lead = desk.offer_for(&["ana"], WINDOW, dana()).await;
    let until = deadline(&desk, &lead).await;
    desk.nobody_sweeps_for(GAP).await;
    let notifier = desk.notifier(&ONE_AT_A_TIME);
    desk.caught(&lead, "email").await;

    // As if it had waited to be tried again.
    let waiting = Notice {
        channel: Channel::Email,
        entity: desk.entity.clone(),
        lead: lead.clone(),
        agent: id("ana"),
        what: What::Offer { round: 1, until, route: None, restored: None },
        over: vec![Channel::Email],
    };
    let subject = subject::notify(waiting.channel, &waiting.entity);
    let body = serde_json::to_vec(&waiting).unwrap();
    desk.nats.jetstream.publish(subject, body.into()).await.unwrap().await.unwrap();
    let next = desk.offer(&["ana"], dana()).await;
    desk.caught(&next, "email").await;
    notifier.end().await;
    assert_eq!(desk.count(&lead, "email"), 1);
    let noted = desk.board.notices(&desk.entity, &lead).await.unwrap();
    let noted: Vec<_> = noted.iter().map(|one| (one.channel, one.about, one.became)).collect();
    assert_eq!(noted, [(Channel::Email, About::Offer, Became::Sent)]);
}

const ANA: &str = "+15125550111";
const BEN: &str = "+15125550112";

/// Agents who are called and told in no other way.
async fn desk_with_callers() -> Desk {
    let desk = Desk::set_up().await;
    for (name, phone) in [("ana", ANA), ("ben", BEN)] {
        desk.agent(name, json!({"channels": ["voice"], "phone": phone})).await;
    }
    desk
}

/// A notifier that calls, one after the other.
fn calling(desk: &Desk) -> Notifier {
    let provider = [
        format!("--phone-url={}", desk.phone.base_url()),
        format!("--phone-account={ACCOUNT}"),
        format!("--phone-token={TOKEN}"),
    ];
    let mut line = vec!["--phone-from=+15125550100"];
    line.extend(provider.iter().map(String::as_str));
    line.extend(["--voice-in-flight", "1", "--notifier-in-flight", "1"]);
    desk.notifier(&line)
}

/// Nobody sweeps when the offer runs out. It is put off by fifteen seconds, too few for a call.
async fn put_off_by_too_little_for_a_call(desk: &Desk, lead: &LeadId) {
    let left = deadline(desk, lead).await - desk.board.time(&desk.entity).await.unwrap();
    // Until shortly before it nothing is due.
    desk.nobody_sweeps_for(left - TimeDelta::seconds(5)).await;
    let until = deadline(desk, lead).await;
    desk.nobody_sweeps_for(TimeDelta::seconds(15)).await;
    assert!(deadline(desk, lead).await > until, "it was put off");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_called_keeps_an_offer_that_was_put_off_by_too_little_for_another_call() {
    let desk = desk_with_callers().await;
    let notifier = calling(&desk);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.phone.rings(ANA, 1).await;
    notifier.end().await;
    put_off_by_too_little_for_a_call(&desk, &lead).await;
    desk.offer(&["ben"], dana()).await;

    let notifier = calling(&desk);
    desk.phone.rings(BEN, 1).await;
    notifier.end().await;
    let stands = desk.board.lead(&desk.entity, &lead).await.unwrap().unwrap().now_is;
    assert_eq!(stands.pending, [id::<AgentId>("ana")]);
    assert_eq!(desk.phone.rung(), 2, "each was called once");
    assert_eq!(dead::list(&desk.nats, 10, 0).await.unwrap(), []);
    let noted = desk.board.notices(&desk.entity, &lead).await.unwrap();
    let noted: Vec<_> = noted.iter().map(|one| (one.channel, one.about, one.became)).collect();
    assert_eq!(noted, [(Channel::Voice, About::Offer, Became::Sent)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_called_loses_an_offer_that_was_put_off_by_too_little_for_a_call() {
    let desk = desk_with_callers().await;
    let lead = desk.offer(&["ana"], dana()).await;
    put_off_by_too_little_for_a_call(&desk, &lead).await;
    let _notifier = calling(&desk);
    let withdrawn = desk.event(&lead, EventKind::Withdrawn).await;
    assert_eq!(withdrawn.reason.as_deref(), Some("undeliverable"));
    assert_eq!(desk.phone.rung(), 0);
}
