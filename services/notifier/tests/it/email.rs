//! What stands in a mail, and that it arrives.

use serde_json::json;
use tipoff_board::{Claim, Claiming};
use tipoff_domain::plan::How;
use tipoff_testkit::sink::Caught;
use tipoff_wire::link::{ClaimLink, ReturnMark, read_secret};

use crate::desk::{Desk, PUBLIC_URL, dana, id};

pub(crate) fn link_of(desk: &Desk, mail: &Caught) -> ClaimLink {
    link_in_series(desk, mail, 0)
}

fn link_in_series(desk: &Desk, mail: &Caught, series: u32) -> ClaimLink {
    let secret = read_secret(&desk.roster.deployment().link_secret).unwrap();
    let [link] = &mail.links[..] else {
        panic!("one link, the same in text and button: {:?}", mail.links)
    };
    let token = link.strip_prefix(&format!("{PUBLIC_URL}/c/")).unwrap();
    ClaimLink::open(token, &secret, |_| series).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_of_the_series_that_is_good_when_the_message_is_written() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"link_series": 3})).await;
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;
    let mail = desk.caught(&lead, "email").await;
    assert_eq!(link_in_series(&desk, &mail, 3).agent.as_str(), "ana");
    notifier.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_arrives_in_the_readers_language_with_the_time_left_and_a_link_that_claims() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"locale": "en"})).await;
    desk.agent("ben", json!({"locale": "es"})).await;
    let notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana", "ben"], dana()).await;

    let to = |to: &'static str| {
        move |caught: &[Caught]| caught.iter().find(|mail| mail.to == to).cloned()
    };
    let english = desk.mailbox.wait_for("Ana's mail", to("ana@example.com")).await;
    let spanish = desk.mailbox.wait_for("Ben's mail", to("ben@example.com")).await;
    assert!(
        english.subject.starts_with("New lead: Dana Reyes, 15 Oak Ct, Austin, TX (claim by "),
        "{}",
        english.subject
    );
    assert!(english.text.contains("You have 15 minutes, until "), "{}", english.text);
    assert!(spanish.subject.starts_with("Nuevo prospecto: Dana Reyes"), "{}", spanish.subject);
    // At one o'clock it is `la una`.
    let until = ["hasta las ", "hasta la 01:"].map(|until| format!("tienes 15 minutos, {until}"));
    assert!(until.iter().any(|until| spanish.text.contains(until)), "{}", spanish.text);
    assert!(spanish.html.unwrap().contains("Reclamar este prospecto"));
    for secret in ["dana@example.com", "5550101", "555-0101"] {
        assert!(
            !english.text.contains(secret) && !english.html.as_ref().unwrap().contains(secret),
            "{secret}"
        );
    }

    let link = link_of(&desk, &english);
    assert_eq!((link.agent.as_str(), &link.lead), ("ana", &lead));
    let claimed = desk
        .board
        .claim(&desk.entity, &lead, &Claiming::by(&link.agent, "claim").in_round(Some(link.round)))
        .await
        .unwrap();
    assert!(matches!(claimed, Claim::Won(_)), "{claimed:?}");
    notifier.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_headers_are_those_of_an_automatic_mail_that_can_be_told_from_its_repetition() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"name": "Ana Ruiz"})).await;
    let _notifier = desk.notifier(&[]);
    let lead = desk.offer(&["ana"], dana()).await;

    let mail = desk.caught(&lead, "email").await;
    let header = |name: &str| mail.headers.get(name).map(String::as_str).unwrap_or_default();
    assert_eq!(header("auto-submitted"), "auto-generated");
    assert_eq!(header("tipoff-lead"), lead.as_str());
    let secret = read_secret(&desk.roster.deployment().link_secret).unwrap();
    let back = ReturnMark::open(header("tipoff-return"), &secret).unwrap();
    assert_eq!((back.agent, back.offer), (id("ana"), Some((lead.clone(), 1))));
    let stands = desk.board.lead(&desk.entity, &lead).await.unwrap().unwrap().now_is;
    let until = stands.until.unwrap().timestamp_millis();
    let message_id = format!("n.{lead}.1.ana.email.{until}@acme.example");
    assert_eq!(header("message-id").trim_matches(['<', '>']), message_id);
    assert!(header("from").contains("leads@acme.example"), "{}", header("from"));
    assert!(header("to").contains("Ana Ruiz"), "{}", header("to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_line_breaks_adds_no_header_and_no_recipient() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let _notifier = desk.notifier(&[]);
    let evil = "Dana\r\nBcc: eve@example.com\r\n\r\nHello";
    let lead =
        json!({"name": {"full": evil}, "phones": ["+15125550101"], "property": {"address": evil}});
    let lead = desk.offer(&["ana"], lead).await;

    let mail = desk.caught(&lead, "email").await;
    assert!(!mail.headers.contains_key("bcc"), "{:?}", mail.headers);
    assert!(mail.subject.starts_with("New lead: Dana Bcc:"), "{}", mail.subject);
    let everybody: Vec<String> = desk.mailbox.caught().into_iter().map(|mail| mail.to).collect();
    assert_eq!(everybody, ["ana@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_beyond_ascii_and_long_lines_arrive_as_they_were() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({"name": "Ána Ñúñez"})).await;
    let _notifier = desk.notifier(&[]);
    let message = format!(".\n..dots\n{}", "ñandú ".repeat(400));
    let lead =
        json!({"name": {"full": "José Peña 🏡"}, "phones": ["+15125550101"], "message": message});
    let lead = desk.assign("ana", How::Direct, lead).await;

    let mail = desk.caught(&lead, "email").await;
    assert_eq!(mail.subject, "This lead is yours: José Peña 🏡");
    assert!(mail.text.contains(message.trim_end()), "{}", mail.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_given_a_lead_gets_the_contact_details_and_nothing_to_claim() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let _notifier = desk.notifier(&[]);
    let lead = desk.assign("ana", How::TimeoutAgent, dana()).await;

    let mail = desk.caught(&lead, "email").await;
    assert!(mail.subject.starts_with("This lead is yours: Dana Reyes"), "{}", mail.subject);
    for told in ["+15125550101", "dana@example.com", "Nobody claimed it in time"] {
        assert!(mail.text.contains(told), "{told} is missing in {}", mail.text);
    }
    assert!(mail.links.iter().all(|link| !link.contains("/c/")), "{:?}", mail.links);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_arrives_as_it_was_however_much_the_relay_takes_at_once() {
    let desk = Desk::set_up().await;
    desk.agent("ana", json!({})).await;
    let message = "Dots:\n.\n..two\nFrom here on";
    let lead =
        json!({"name": {"full": "Dana Reyes"}, "phones": ["+15125550101"], "message": message});
    for offers in [&["PIPELINING", "CHUNKING"][..], &["PIPELINING"], &["CHUNKING"], &[]] {
        desk.smtp.offer(offers);
        let notifier = desk.notifier(&[]);
        // The second goes over the connection of the first.
        for _ in 0..2 {
            let lead = desk.assign("ana", How::Direct, lead.clone()).await;
            let mail = desk.caught(&lead, "email").await;
            assert!(mail.text.contains(message), "{offers:?}: {}", mail.text);
        }
        notifier.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_on_a_jump_ball_is_told_once() {
    let desk = Desk::set_up().await;
    let names: Vec<String> = (0..60).map(|number| format!("agent{number}")).collect();
    for name in &names {
        desk.agent(name, json!({})).await;
    }
    let notifier = desk.notifier(&[]);
    let agents: Vec<&str> = names.iter().map(String::as_str).collect();
    let lead = desk.offer(&agents, dana()).await;

    let all = |caught: &[Caught]| (caught.len() >= names.len()).then(|| caught.to_vec());
    let caught = desk.mailbox.wait_for("a mail for each of 60", all).await;
    let told: std::collections::BTreeSet<String> = caught.into_iter().map(|mail| mail.to).collect();
    notifier.end().await;
    assert_eq!((told.len(), desk.count(&lead, "email")), (60, 60));
}
