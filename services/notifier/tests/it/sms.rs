//! Text messages over a provider that speaks the dialect of Twilio.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tipoff_domain::plan::How;
use tipoff_domain::{AgentId, Channel};
use tipoff_letters::segments;
use tipoff_roster::Works;
use tipoff_testkit::sink::phone::{ACCOUNT, Fault, TOKEN};
use tipoff_wire::EventKind;
use tipoff_wire::link::{CallLink, read_secret};

use crate::desk::{Desk, Notifier, PUBLIC_URL, dana, id};

async fn desk_with_ana(locale: &str) -> Desk {
    let desk = Desk::set_up().await;
    let ana = json!({"channels": ["sms"], "phone": "(512) 555-0111", "locale": locale});
    desk.agent("ana", ana).await;
    desk
}

fn notifier(desk: &Desk) -> Notifier {
    let url = desk.phone.base_url();
    desk.notifier(&[
        "--phone-url",
        &url,
        "--phone-account",
        ACCOUNT,
        "--phone-token",
        TOKEN,
        "--phone-from",
        "+15125550100",
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_short_says_how_to_answer_and_is_worth_nothing_after_the_deadline() {
    let desk = desk_with_ana("es").await;
    let _notifier = notifier(&desk);
    let lead = desk.offer(&["ana"], dana()).await;

    let sms = desk.caught(&lead, "sms").await;
    assert_eq!((sms.to.as_str(), sms.headers["from"].as_str()), ("+15125550111", "+15125550100"));
    assert!(sms.text.starts_with("Nuevo prospecto: Dana Reyes, 15 Oak Ct"), "{}", sms.text);
    // At one o'clock it is `la una`.
    let before = ["Reclamalo antes de las ", "Reclamalo antes de la 01:"];
    assert!(before.iter().any(|before| sms.text.contains(before)), "{}", sms.text);
    assert!(sms.links[0].starts_with(&format!("{PUBLIC_URL}/c/")), "{:?}", sms.links);
    assert!(segments(&sms.text).count <= 2, "{}", sms.text);
    let seconds: i64 = sms.headers["validityperiod"].parse().unwrap();
    assert!((880..=900).contains(&seconds), "{seconds}");

    let callback = &sms.headers["statuscallback"];
    let link = callback.strip_prefix(&format!("{PUBLIC_URL}/telephony/sms/")).unwrap();
    let secret = read_secret(&desk.roster.deployment().link_secret).unwrap();
    let link = CallLink::open(link.strip_suffix("/status").unwrap(), &secret).unwrap();
    assert_eq!((link.agent, link.lead), (id::<AgentId>("ana"), lead));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_given_a_lead_gets_its_number() {
    let desk = desk_with_ana("en").await;
    let _notifier = notifier(&desk);
    let lead = desk.assign("ana", How::Direct, dana()).await;
    let sms = desk.caught(&lead, "sms").await;
    assert!(sms.text.contains("+15125550101"), "{}", sms.text);
    assert_eq!(sms.headers["validityperiod"], "14400");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_said_stop_is_used_no_more_and_the_lead_rolls_on() {
    let desk = desk_with_ana("en").await;
    desk.phone.misbehave(Fault::Refused(21_610));
    let _notifier = notifier(&desk);
    let lead = desk.offer(&["ana"], dana()).await;

    desk.event(&lead, EventKind::Withdrawn).await;
    let reach = desk.roster.reach(&desk.entity, &id("ana"), Channel::Sms).unwrap();
    assert_eq!(reach.works, Works::Failed);
    assert!(!reach.why.unwrap().contains("5550111"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_in_trouble_gets_the_message_later_and_once() {
    for fault in [Fault::Broken, Fault::TooMany(Duration::from_secs(1)), Fault::Slow] {
        let desk = desk_with_ana("en").await;
        desk.phone.misbehave(fault);
        let notifier = notifier(&desk);
        let lead = desk.offer(&["ana"], dana()).await;
        desk.phone.struck(1).await;
        desk.phone.misbehave(None);
        desk.caught(&lead, "sms").await;
        notifier.end().await;
        assert_eq!(desk.count(&lead, "sms"), 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_sent_in_time_is_not_sent() {
    let desk = desk_with_ana("en").await;
    desk.phone.misbehave(Fault::TooMany(Duration::from_mins(1)));
    let _notifier = notifier(&desk);
    let lead = desk.offer_for(&["ana"], TimeDelta::seconds(30), dana()).await;
    let (_, set_aside) = desk.dead().await;
    assert!(set_aside.error.contains("no time is left"), "{}", set_aside.error);
    assert_eq!(desk.count(&lead, "sms"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_leads_given_by_hand_do_not_flood_a_telephone_and_mail_tells_of_each() {
    let desk = desk_with_ana("en").await;
    desk.agent("ana", json!({"channels": ["sms", "email"], "phone": "(512) 555-0111"})).await;
    let notifier = notifier(&desk);
    let mut given = Vec::new();
    for _ in 0..8 {
        given.push(desk.assign("ana", How::Manual, dana()).await);
    }
    for lead in &given {
        desk.caught(lead, "email").await;
    }
    // A lead that comes to her by a route is told, and so is an offer.
    for lead in [desk.assign("ana", How::Direct, dana()).await, desk.offer(&["ana"], dana()).await]
    {
        desk.caught(&lead, "sms").await;
    }
    notifier.end().await;
    let texts: usize = given.iter().map(|lead| desk.count(lead, "sms")).sum();
    assert_eq!(texts, 5);
    let is_of_many = |text: &str| text.contains("many leads were given to you at once");
    let caught = desk.mailbox.caught();
    let of_many: Vec<&str> =
        caught.iter().map(|one| one.text.as_str()).filter(|text| is_of_many(text)).collect();
    let [of_many] = of_many[..] else { panic!("{of_many:?}") };
    assert!(of_many.ends_with(&format!("{PUBLIC_URL}/bell")), "{of_many}");
}
