//! Rooms in Slack and Teams.

use serde_json::json;
use tipoff_domain::Channel;
use tipoff_domain::plan::How;
use tipoff_roster::Room;
use tipoff_testkit::sink::room::Fault;
use tipoff_testkit::sink::{Caught, RoomSink};

use crate::desk::{Desk, PUBLIC_URL, any_port, dana};

async fn desk_with_rooms(chats: &[Channel]) -> (Desk, RoomSink) {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"name": "Ana Ruiz", "channels": ["email"]})).await;
    desk.agent("ben", json!({"name": "Ben Cole", "channels": ["email"]})).await;
    let sink = RoomSink::start(desk.mailbox.clone(), any_port()).await.unwrap();
    for chat in chats {
        let room = Room { url: sink.webhook(chat.as_str(), "leads"), gone: None };
        desk.roster.put_room(&desk.entity, *chat, room).await.unwrap();
    }
    (desk, sink)
}

async fn posted(desk: &Desk, chat: &str) -> Caught {
    let found = |caught: &[Caught]| caught.iter().find(|one| one.channel == chat).cloned();
    desk.mailbox.wait_for(chat, found).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_hears_once_of_an_offer_to_many_and_can_claim_nothing_by_it() {
    let (desk, _sink) = desk_with_rooms(&[Channel::Slack, Channel::Teams]).await;
    let notifier = desk.notifier(&[]);
    desk.offer(&["ana", "ben"], dana()).await;
    for chat in ["slack", "teams"] {
        let post = posted(&desk, chat).await;
        assert!(post.text.contains("Offered to Ana Ruiz, Ben Cole, until "), "{}", post.text);
        assert!(!post.text.contains("5550101") && !post.text.contains("dana@"), "{}", post.text);
        assert!(post.links.iter().all(|link| !link.contains("/c/")), "{:?}", post.links);
        assert!(post.links[0].starts_with(PUBLIC_URL), "{:?}", post.links);
    }
    notifier.end().await;
    let slack = desk.mailbox.caught().into_iter().filter(|one| one.channel == "slack").count();
    assert_eq!(slack, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_gone_is_posted_to_no_more() {
    let (desk, sink) = desk_with_rooms(&[Channel::Slack]).await;
    sink.misbehave(Fault::Gone);
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;
    desk.dead().await;
    let room = desk.roster.room(&desk.entity, Channel::Slack).unwrap();
    assert!(room.gone.unwrap().contains("404"));
    sink.misbehave(None);
    let given = desk.assign("ana", How::Direct, dana()).await;
    desk.caught(&given, "email").await;
    notifier.end().await;
    assert!(desk.mailbox.caught().iter().all(|one| one.channel != "slack"));
    let stands = desk.board.lead(&desk.entity, &lead).await.unwrap().unwrap().now_is;
    assert_eq!(stands.pending.len(), 1, "a room that fails takes no offer away");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_in_trouble_is_posted_to_later_and_holds_up_nobody() {
    let (desk, sink) = desk_with_rooms(&[Channel::Slack]).await;
    for (met, fault) in (1..).zip([Fault::Broken, Fault::Slow]) {
        desk.mailbox.clear();
        sink.misbehave(fault);
        let notifier = desk.notifier(&[]);
        let lead = desk.offer(&["ana"], dana()).await;
        sink.struck(met).await;
        desk.caught(&lead, "email").await;
        sink.misbehave(None);
        posted(&desk, "slack").await;
        notifier.end().await;
    }
}
