//! Test messages: to every address of a channel, with what confirms it.

use serde_json::json;
use tipoff_domain::Channel;
use tipoff_roster::{Works, mark};
use tipoff_runtime::Clock;
use tipoff_testkit::sink::phone::{ACCOUNT, TOKEN};
use tipoff_testkit::sink::{Caught, smtp};
use tipoff_wire::link::{ConfirmLink, read_secret};
use tipoff_wire::{Trial, subject};

use crate::desk::{Desk, PUBLIC_URL, id};

pub(crate) async fn ask(desk: &Desk, channel: Channel) {
    let (entity, agent) = (desk.entity.clone(), id("ana"));
    let trial = Trial { channel, entity, agent, at: Clock::system().now() };
    let body = serde_json::to_vec(&trial).unwrap();
    let sent =
        desk.nats.jetstream.publish(subject::trial(channel, &desk.entity), body.into()).await;
    sent.unwrap().await.unwrap();
}

fn opened(desk: &Desk, caught: &Caught) -> ConfirmLink {
    let secret = read_secret(&desk.roster.deployment().link_secret).unwrap();
    let link = caught.links[0].strip_prefix(&format!("{PUBLIC_URL}/confirm/")).unwrap();
    let link = ConfirmLink::open(link, &secret).unwrap();
    if caught.channel != "push" {
        let code = link.code(&secret, Clock::system().now());
        assert!(caught.text.contains(&code), "{code}: {}", caught.text);
    }
    link
}

async fn desk_with_ana() -> Desk {
    let desk = Desk::set_up().await;
    let channels = ["email", "push", "sms", "voice"];
    desk.agent("ana", json!({"channels": channels, "phone": "(512) 555-0111", "locale": "es"}))
        .await;
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_it_is_in_the_readers_language_and_is_about_one_address() {
    let desk = desk_with_ana().await;
    let url = desk.phone.base_url();
    let phone = ["--phone-url", &url, "--phone-account", ACCOUNT, "--phone-token", TOKEN];
    let _notifier = desk.notifier(&[&phone[..], &["--phone-from", "+15125550100"]].concat());
    for (channel, name, address) in
        [(Channel::Email, "email", "ana@example.com"), (Channel::Sms, "sms", "(512) 555-0111")]
    {
        ask(&desk, channel).await;
        let of = |caught: &[Caught]| caught.iter().find(|one| one.channel == name).cloned();
        let caught = desk.mailbox.wait_for(name, of).await;
        assert!(caught.text.contains("prueba"), "{}", caught.text);
        let link = opened(&desk, &caught);
        assert_eq!((link.channel, link.address), (channel, mark(address)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_browser_gets_a_test_of_its_own() {
    let desk = desk_with_ana().await;
    let mut endpoints =
        [desk.browser("ana").await, desk.browser("ana").await].map(|one| mark(&one));
    let _notifier = desk.notifier(&[]);
    ask(&desk, Channel::Push).await;
    let both = |caught: &[Caught]| (caught.len() == 2).then(|| caught.to_vec());
    let caught = desk.mailbox.wait_for("two pushes", both).await;
    let mut tested: Vec<String> = caught.iter().map(|one| opened(&desk, one).address).collect();
    tested.sort();
    endpoints.sort();
    assert_eq!(tested, endpoints);
    assert!(caught.iter().all(|one| one.lead.is_none()), "it is about no lead");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_finds_a_dead_address_says_so() {
    let desk = desk_with_ana().await;
    desk.smtp.misbehave(smtp::Fault::Permanent);
    let notifier = desk.notifier(&[]);
    ask(&desk, Channel::Email).await;
    let mut changes = desk.roster.changes();
    let failed = async {
        while desk.roster.reach(&desk.entity, &id("ana"), Channel::Email).is_none() {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(crate::desk::PATIENCE, failed).await.unwrap();
    notifier.end().await;
    let reach = desk.roster.reach(&desk.entity, &id("ana"), Channel::Email).unwrap();
    assert_eq!(reach.works, Works::Failed);
    assert_eq!(desk.mailbox.caught(), []);
}
