//! Everything goes wrong for a while, leads are claimed in the middle of it, and a
//! notifier dies: whoever is still asked is told, nobody is told afterwards.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tipoff_board::{Claim, Claiming};
use tipoff_domain::LeadId;
use tipoff_testkit::sink::{Caught, push, smtp};
use tipoff_wire::EventKind;

use crate::desk::{Desk, dana, id};

const LEADS: usize = 24;
/// As the guarantee has it: no notice later than this after an offer is over.
const GRACE: TimeDelta = TimeDelta::seconds(1);

fn offers<'a>(caught: &'a [Caught], lead: &LeadId) -> impl Iterator<Item = &'a Caught> {
    let lead = lead.to_string();
    let is_offer = |one: &Caught| one.links.iter().any(|link| link.contains("/c/"));
    caught.iter().filter(move |one| one.lead.as_deref() == Some(&lead) && is_offer(one))
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_everybody_who_is_still_asked_is_told_once_and_nobody_afterwards() {
    let desk = Desk::set_up().await;
    for agent in ["ana", "ben"] {
        desk.agent(agent, json!({"channels": ["email", "push"]})).await;
        desk.browser(agent).await;
    }
    desk.smtp.misbehave(smtp::Fault::Temporary);
    desk.push.misbehave(push::Fault::Broken);
    let dying = desk.notifier(&[]);
    let mut leads = Vec::new();
    for _ in 0..LEADS {
        leads.push(desk.offer(&["ana", "ben"], dana()).await);
    }
    desk.smtp.struck(10).await;
    desk.push.struck(10).await;
    // Half of them are claimed while nobody could be told yet.
    let mut closed: HashMap<LeadId, DateTime<Utc>> = HashMap::new();
    for lead in leads.iter().step_by(2) {
        let ana = id("ana");
        let claim = Claiming::by(&ana, "claim");
        let claimed = desk.board.claim(&desk.entity, lead, &claim).await.unwrap();
        assert!(matches!(claimed, Claim::Won(_)), "{claimed:?}");
        closed.insert(lead.clone(), desk.event(lead, EventKind::Claimed).await.at);
    }
    // One dies with everything in hand, another one goes on in better weather.
    dying.die().await;
    desk.smtp.misbehave(smtp::Fault::Cut);
    desk.push.misbehave(None);
    let notifier = desk.notifier(&[]);
    desk.smtp.struck(30).await;
    desk.smtp.misbehave(None);

    let open: Vec<&LeadId> = leads.iter().skip(1).step_by(2).collect();
    for lead in &open {
        for (channel, to) in [
            ("email", "ana@example.com"),
            ("email", "ben@example.com"),
            ("push", "acme/ana"),
            ("push", "acme/ben"),
        ] {
            let told = |caught: &[Caught]| {
                offers(caught, lead).any(|one| one.channel == channel && one.to == to).then_some(())
            };
            desk.mailbox.wait_for(&format!("{channel} to {to} about {lead}"), told).await;
        }
    }
    notifier.end().await;
    let caught = desk.mailbox.caught();
    for lead in open {
        // A mail that was taken just before the line broke comes again with the same Message-ID.
        let mut mails: Vec<&str> = offers(&caught, lead)
            .filter(|one| one.channel == "email")
            .map(|one| one.headers["message-id"].as_str())
            .collect();
        mails.sort_unstable();
        mails.dedup();
        assert_eq!(mails.len(), 2, "{lead}");
        assert_eq!(offers(&caught, lead).filter(|one| one.channel == "push").count(), 2, "{lead}");
    }
    for (lead, at) in closed {
        let late: Vec<&Caught> = offers(&caught, &lead).filter(|one| one.at > at + GRACE).collect();
        assert!(late.is_empty(), "{lead} was claimed at {at}: {late:#?}");
    }
}
