//! The bell: what stands there, and that it follows what happens.

use async_nats::jetstream::consumer::Consumer;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use futures::StreamExt;
use serde_json::json;
use tipoff_board::{Actor, Claiming};
use tipoff_domain::{AgentId, LeadId};
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
