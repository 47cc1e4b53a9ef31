//! Deadlines that were put off, as nobody was there: whoever is asked hears of the new one.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tipoff_domain::notified::{About, Became};
use tipoff_domain::{Channel, LeadId};
use tipoff_runtime::Clock;
use tipoff_testkit::sink::Caught;
use tipoff_wire::notice::What;
use tipoff_wire::{Notice, subject};

use crate::desk::{Desk, dana, id};
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
        what: What::Offer { round: 1, until, route: None },
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
