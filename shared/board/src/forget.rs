//! What the streams keep of a person who was forgotten, and taking it away.
//!
//! Messages are deleted one by one, and JetStream overwrites them. What tells us
//! whom to look for stands in the log, so that goes last: whoever breaks off and
//! begins again finds it there.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tipoff_domain::{EntityId, Lead, LeadId};
use tipoff_runtime::past::{self, Stored};
use tipoff_wire::{Dead, Event, Line, Stream, subject};

use crate::{Board, BoardError};

/// Digits of a number that tell people apart, without any prefix.
const DIGITS: usize = 7;

/// How many messages were taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub events: usize,
    /// As sources sent them, accepted or not, as they were set aside, and at the bell.
    pub sent: usize,
}

/// What a person is found by in what was sent.
#[derive(Debug, Default)]
struct Person {
    leads: BTreeSet<LeadId>,
    emails: BTreeSet<String>,
    /// Digits alone.
    phones: BTreeSet<String>,
}

/// As much of a message as tells which lead it is.
#[derive(Deserialize)]
struct Named {
    id: Option<LeadId>,
    lead: Option<serde_json::Value>,
}

impl Board {
    /// Takes away what the streams keep of the person of `lead`. Safe to
    /// repeat, and to do from several processes at once.
    pub async fn forget(&self, entity: &EntityId, lead: &LeadId) -> Result<Forgotten, BoardError> {
        let partition = self.partition(entity);
        let own = subject::events(partition, entity, lead);
        let (mut personal, mut person) = (Vec::new(), Person::default());
        person.leads.insert(lead.clone());
        let reading = past::visit(&self.nats, Stream::Events.name(), &own, |stored| {
            let Ok(event) = serde_json::from_slice::<Event>(&stored.body) else { return };
            person.learn(&event);
            if event.is_personal() {
                personal.push(stored.sequence);
            }
        });
        reading.await.map_err(away)?;
        let mut forgotten = Forgotten::default();
        let waited = Line::EVERY.map(|line| subject::leads_new(partition, entity, line));
        let leads = waited.into_iter().map(|subject| (Stream::Leads, subject));
        for (stream, filter) in leads.chain([
            (Stream::Rejected, subject::rejected_of(entity)),
            (Stream::LeadsIn, subject::leads_in_of(entity)),
            (Stream::Bell, subject::bell_about(entity, lead)),
            (Stream::Dead, Stream::Dead.filter().to_owned()),
        ]) {
            let mut theirs = Vec::new();
            let looking = past::visit(&self.nats, stream.name(), &filter, |stored| {
                if person.is_in(stream, entity, &stored) {
                    theirs.push(stored.sequence);
                }
            });
            looking.await.map_err(away)?;
            forgotten.sent += self.delete(stream, &theirs).await?;
        }
        // What a notifier still had in hand when the person was erased.
        self.forget_notices(entity, lead).await?;
        forgotten.events = self.delete(Stream::Events, &personal).await?;
        Ok(forgotten)
    }

    async fn delete(&self, stream: Stream, sequences: &[u64]) -> Result<usize, BoardError> {
        for sequence in sequences {
            past::delete(&self.nats, stream.name(), *sequence).await.map_err(away)?;
        }
        Ok(sequences.len())
    }
}

pub(crate) fn away(error: past::PastError) -> BoardError {
    BoardError::Log(Box::new(error))
}

impl Person {
    fn learn(&mut self, event: &Event) {
        self.leads.extend(event.inquiry.clone());
        let Some(payload) = &event.payload else { return };
        let Ok(lead) = serde_json::from_value::<Lead>(payload.clone()) else { return };
        self.emails.extend(lead.emails.iter().map(|email| email.trim().to_lowercase()));
        let phones = lead.phones.iter().chain(&lead.phones_sent).map(|phone| digits(phone));
        self.phones.extend(phones.filter(|digits| digits.len() >= DIGITS));
    }

    fn is_in(&self, stream: Stream, entity: &EntityId, stored: &Stored) -> bool {
        match stream {
            Stream::Leads | Stream::Bell => self.is_named(&stored.body),
            Stream::Dead => {
                let Ok(dead) = serde_json::from_slice::<Dead>(&stored.body) else { return false };
                let about = dead.subject.split('.').any(|token| token == entity.as_str());
                let body = STANDARD.decode(&dead.body).unwrap_or_default();
                about && (self.is_named(&body) || self.is_mentioned(&body))
            }
            _ => self.is_mentioned(&stored.body),
        }
    }

    /// Whether it is one of their leads, or an event of one.
    fn is_named(&self, body: &[u8]) -> bool {
        let Ok(Named { id, lead }) = serde_json::from_slice(body) else { return false };
        let lead = lead.as_ref().and_then(|lead| lead.as_str()?.parse().ok());
        [id, lead].iter().flatten().any(|lead| self.leads.contains(lead))
    }

    /// Whether an address or a number of theirs stands in it, however it is written.
    fn is_mentioned(&self, body: &[u8]) -> bool {
        let text = String::from_utf8_lossy(body).to_lowercase();
        if self.emails.iter().any(|email| text.contains(email.as_str())) {
            return true;
        }
        let of_a_number = |c: char| c.is_ascii_digit() || "+-(). ".contains(c);
        text.split(|c| !of_a_number(c)).map(digits).any(|found| {
            found.len() >= DIGITS && self.phones.iter().any(|phone| is_same(phone, &found))
        })
    }
}

/// One may have a prefix that the other has not.
fn is_same(one: &str, other: &str) -> bool {
    one.ends_with(other) || other.ends_with(one)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dana() -> Person {
        let mut person = Person::default();
        person.leads.insert("lead_1".parse().unwrap());
        person.emails.insert("dana@example.com".to_owned());
        person.phones.insert("15125550101".to_owned());
        person
    }

    #[test]
    fn a_person_is_found_however_they_were_written() {
        for text in [
            r#"{"emails":["Dana@EXAMPLE.com"]}"#,
            "name=Dana&tel=(512) 555-0101",
            "+1 512.555.0101",
            r#"{"phones":["+15125550101"]}"#,
        ] {
            assert!(dana().is_mentioned(text.as_bytes()), "{text}");
        }
        for text in ["", "sam@example.com", "+1 512 555 0102", "555-01", "price 5125550 in 2026"] {
            assert!(!dana().is_mentioned(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_lead_and_an_event_are_told_by_their_names() {
        let is = |body: serde_json::Value| dana().is_named(body.to_string().as_bytes());
        assert!(is(json!({"id": "lead_1", "lead": {"emails": []}})));
        assert!(is(json!({"id": "3-1-0", "lead": "lead_1"})));
        assert!(!is(json!({"id": "lead_2", "lead": {}})));
        assert!(!is(json!({"id": "3-1-0", "lead": "lead_2"})));
    }
}
