//! Waiting for what happens, and making sure that nothing else did.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures::StreamExt;
use tipoff_domain::LeadId;
use tipoff_testkit::sink::Caught;
use tipoff_wire::{Event, EventKind, Stream};

use crate::{World, id};

/// Longest that a story waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

impl World {
    /// Waits until the log of `lead` holds `count` events of that kind; answers the last.
    pub async fn nth(&self, lead: &LeadId, kind: EventKind, count: usize) -> Event {
        self.nth_of(&[lead], kind, count).await
    }

    /// Waits for the first event of that kind of any of these leads.
    pub async fn first_of(&self, leads: &[&LeadId], kind: EventKind) -> Event {
        self.nth_of(leads, kind, 1).await
    }

    async fn nth_of(&self, leads: &[&LeadId], kind: EventKind, count: usize) -> Event {
        let of_kind = |events: &BTreeMap<u64, Event>| {
            events.values().filter(|event| event.kind == kind).nth(count - 1).cloned()
        };
        let mut updates = self.updates().await;
        let found = async {
            // In a cluster, whoever tells the history may not have got as far as the updates.
            let mut known: Vec<BTreeMap<u64, Event>> = Vec::new();
            for lead in leads {
                let events = self.board.timeline(&id("acme"), lead).await.unwrap();
                known.push(events.into_iter().map(|event| (event.version, event)).collect());
            }
            loop {
                if let Some(found) = known.iter().find_map(of_kind) {
                    return found;
                }
                let update = updates.next().await.unwrap().unwrap();
                let event: Event = serde_json::from_slice(&update.payload).unwrap();
                if let Some(place) = leads.iter().position(|lead| **lead == event.lead) {
                    known[place].insert(event.version, event);
                }
            }
        };
        if let Ok(found) = tokio::time::timeout(PATIENCE, found).await {
            return found;
        }
        let histories =
            futures::future::join_all(leads.iter().map(|lead| self.history(lead))).await;
        panic!("no {} number {count}; there were {histories:?}", kind.as_str())
    }

    /// Waits for the first event of that kind.
    pub async fn first(&self, lead: &LeadId, kind: EventKind) -> Event {
        self.nth(lead, kind, 1).await
    }

    /// Waits for the offer of that round; answers whom it is made to.
    pub async fn offered(&self, lead: &LeadId, round: usize) -> Vec<String> {
        let event = self.nth(lead, EventKind::Offered, round).await;
        event.offers.iter().map(|offer| offer.agent.to_string()).collect()
    }

    /// Waits until the lead is assigned for the `nth` time; answers to whom, and how.
    pub async fn assigned(&self, lead: &LeadId, nth: usize) -> (String, String) {
        let event = self.nth(lead, EventKind::Assigned, nth).await;
        (event.agents[0].to_string(), word(&event.after.how))
    }

    /// Waits until the lead rests in the pool; answers why.
    pub async fn pooled(&self, lead: &LeadId) -> String {
        word(&self.first(lead, EventKind::Pooled).await.after.why)
    }

    /// The lead's history so far, in words.
    pub async fn history(&self, lead: &LeadId) -> Vec<&'static str> {
        let events = self.board.timeline(&id("acme"), lead).await.unwrap();
        events.iter().map(|event| event.kind.as_str()).collect()
    }

    /// Waits for the mail to `agent` of acme about `lead`, of which there may be several; answers the `nth`.
    pub async fn mail(&self, agent: &str, lead: &LeadId, nth: usize) -> Caught {
        let to = format!("{agent}@acme.example.com");
        let theirs =
            |message: &&Caught| message.to == to && message.lead.as_deref() == Some(lead.as_str());
        let what = format!("mail {nth} to {agent} about {lead}");
        self.mailbox
            .wait_for(&what, |caught| caught.iter().filter(theirs).nth(nth - 1).cloned())
            .await
    }

    /// How many messages a stream holds.
    pub async fn count(&self, stream: Stream) -> u64 {
        let mut stream = self.nats.jetstream.get_stream(stream.name()).await.unwrap();
        stream.info().await.unwrap().state.messages
    }

    /// Says when anything new has reached the log. From the stream itself: a plain
    /// subscription hears of a message before it is written down.
    async fn updates(&self) -> pull::Ordered {
        let stream = self.nats.jetstream.get_stream(Stream::Events.name()).await.unwrap();
        let config =
            pull::OrderedConfig { deliver_policy: DeliverPolicy::New, ..Default::default() };
        stream.create_consumer(config).await.unwrap().messages().await.unwrap()
    }
}

/// As it stands in JSON.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap_or_default().to_owned()
}

/// The claim link of a mail.
pub fn claim_link(mail: &Caught) -> String {
    let link = mail.links.iter().find(|link| link.contains("/c/"));
    link.unwrap_or_else(|| panic!("no claim link in {mail:?}")).clone()
}
