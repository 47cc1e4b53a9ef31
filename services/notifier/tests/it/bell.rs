//! The bell: what stands there, and that it follows what happens.

use async_nats::jetstream::consumer::Consumer;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use futures::StreamExt;
use serde_json::json;
use tipoff_board::{Actor, Claiming, Passing};
use tipoff_domain::plan::How;
use tipoff_domain::{AgentId, LeadId, Span};
use tipoff_testkit::sink::push::Fault;
use tipoff_wire::bell::{BellItem, Stands};
use tipoff_wire::notice::WhyOver;
use tipoff_wire::{Stream, subject};

use crate::desk::{Desk, PATIENCE, PUBLIC_URL, dana, id};

/// Waits until the item of the lead stands so.
async fn item(
    desk: &Desk,
    agent: &str,
    lead: &LeadId,
    stands: impl Fn(&Stands) -> bool,
) -> BellItem {
    let stream = desk.nats.jetstream.get_stream(Stream::Bell.name()).await.unwrap();
    let filter_subject = subject::bell(&desk.entity, &id(agent), lead);
    let config = OrderedConfig { filter_subject, ..OrderedConfig::default() };
    let reader: Consumer<OrderedConfig> = stream.create_consumer(config).await.unwrap();
    let mut messages = reader.messages().await.unwrap();
    let found = async {
        loop {
            let message = messages.next().await.unwrap().unwrap();
            let item: BellItem = serde_json::from_slice(&message.payload).unwrap();
            if stands(&item.stands) {
                return item;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it comes to stand so in time")
}

fn is_offered(stands: &Stands) -> bool {
    matches!(stands, Stands::Offered { .. })
}

fn is_passed(stands: &Stands) -> bool {
    matches!(stands, Stands::Over { why: WhyOver::Passed, .. })
}

/// Ana passes, and the bell says so.
async fn pass(desk: &Desk, lead: &LeadId) {
    let ana: AgentId = id("ana");
    let undo = Some(Span::minutes(5));
    let passing = Passing { undo, ..Passing::by(&ana, "pass") };
    desk.board.pass(&desk.entity, lead, &passing).await.unwrap();
    item(desk, "ana", lead, is_passed).await;
}

/// Ana takes her pass back; waits until the bell says so.
async fn undo(desk: &Desk, lead: &LeadId) -> BellItem {
    desk.board.undo_pass(&desk.entity, lead, &id("ana"), "undo").await.unwrap();
    item(desk, "ana", lead, is_offered).await
}

async fn desk_with(agents: &[&str]) -> Desk {
    let desk = Desk::set_up().await;
    for agent in agents {
        desk.agent(agent, json!({"channels": ["in_app"]})).await;
    }
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_stands_at_the_bell_until_somebody_is_faster() {
    let desk = desk_with(&["ana", "ben"]).await;
    let _notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana", "ben"], dana()).await;
    let offered = item(&desk, "ana", &lead, is_offered).await;
    assert_eq!(offered.title, "New lead: Dana Reyes");
    let until = desk.board.lead(&desk.entity, &lead).await.unwrap().unwrap().now_is.until;
    let Stands::Offered { round: 1, until: shown, url } = offered.stands else {
        panic!("{offered:?}")
    };
    assert_eq!(Some(shown), until);
    assert!(url.starts_with(&format!("{PUBLIC_URL}/c/")), "{url}");

    let ben: AgentId = id("ben");
    desk.board.claim(&desk.entity, &lead, &Claiming::by(&ben, "claim")).await.unwrap();
    let taken = |stands: &Stands| *stands == Stands::Over { round: 1, why: WhyOver::Taken };
    item(&desk, "ana", &lead, taken).await;
    let own = |stands: &Stands| *stands == Stands::Over { round: 1, why: WhyOver::Yours };
    item(&desk, "ben", &lead, own).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_given_the_lead_they_were_asked_about_has_it_at_the_bell() {
    let desk = desk_with(&["ana", "ben"]).await;
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana", "ben"], dana()).await;
    item(&desk, "ana", &lead, is_offered).await;
    desk.board.assign(&desk.entity, &lead, &id("ana"), &Actor::Admin, "assign").await.unwrap();
    item(&desk, "ana", &lead, |stands| *stands == Stands::Assigned).await;
    let gone = |stands: &Stands| *stands == Stands::Over { round: 1, why: WhyOver::Withdrawn };
    item(&desk, "ben", &lead, gone).await;
    notifier.end().await;
    item(&desk, "ana", &lead, |stands| *stands == Stands::Assigned).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_is_taken_back_stands_at_the_bell_as_an_open_offer_and_wakes_nobody() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["email", "in_app"]})).await;
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.caught(&lead, "email").await;
    let offered = item(&desk, "ana", &lead, is_offered).await;
    pass(&desk, &lead).await;
    let again = undo(&desk, &lead).await;
    assert_eq!(again.stands, offered.stands, "the same offer, and the same way in");
    notifier.end().await;
    item(&desk, "ana", &lead, is_offered).await;
    assert_eq!(desk.count(&lead, "email"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_open_again_is_not_taken_away_where_a_device_is_gone_meanwhile() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"channels": ["push", "in_app"]})).await;
    desk.browser("ana").await;
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.caught(&lead, "push").await;
    item(&desk, "ana", &lead, is_offered).await;
    pass(&desk, &lead).await;
    desk.mailbox.wait_for("the offer and its end", |caught| caught.get(1).map(drop)).await;
    desk.push.misbehave(Fault::Gone);
    undo(&desk, &lead).await;
    desk.dead().await;
    notifier.end().await;
    let now_is = desk.board.lead(&desk.entity, &lead).await.unwrap().unwrap().now_is;
    assert_eq!(now_is.pending, [id::<AgentId>("ana")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_lead_no_longer_is_told_so_at_the_bell() {
    let desk = desk_with(&["ana", "ben"]).await;
    let _notifier = desk.notifier(&[]);
    let (board, acme, admin) = (&desk.board, &desk.entity, &Actor::Admin);
    let mut had = Vec::new();
    for _ in 0..4 {
        let lead = desk.assign("ana", How::Direct, dana()).await;
        item(&desk, "ana", &lead, |stands| *stands == Stands::Assigned).await;
        had.push(lead);
    }
    let ana = Actor::Agent(id("ana"));
    board.assign(acme, &had[0], &id("ben"), admin, "assign").await.unwrap();
    board.give_back(acme, &had[1], admin, None, "back", &[]).await.unwrap();
    board.give_back(acme, &had[2], &ana, None, "hers", &[]).await.unwrap();
    board.close(acme, &had[3], admin, None, false, "close").await.unwrap();
    for lead in &had {
        let gone = |stands: &Stands| matches!(stands, Stands::Over { why: WhyOver::Withdrawn, .. });
        let gone = item(&desk, "ana", lead, gone).await;
        assert_eq!(gone.title, "Dana Reyes is not with you any more");
    }
    item(&desk, "ben", &had[0], |stands| *stands == Stands::Assigned).await;
}
