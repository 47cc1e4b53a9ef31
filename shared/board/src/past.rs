//! What events say that a lead's place on the board is brought back from.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use tipoff_domain::{EntityId, Lead, LeadId};
use tipoff_wire::{After, EventKind, Partition};

use crate::log::Logged;
use crate::replay::Window;
use crate::{place, read};

/// An event, without what only people want to know.
#[derive(Debug, Deserialize)]
pub(crate) struct Remembered {
    id: String,
    /// Also one that this build does not know.
    #[serde(rename = "type")]
    kind: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) entity: EntityId,
    pub(crate) lead: LeadId,
    pub(crate) version: u64,
    pub(crate) after: After,
    #[serde(default)]
    payload: Option<Box<RawValue>>,
    #[serde(default)]
    person_kept_ms: Option<i64>,
}

/// Leads that are put together while the log is read. Most of a lead's events stand
/// near each other, so whoever waits a little has to do with it once.
#[derive(Default)]
pub(crate) struct Gathering(HashMap<(Partition, LeadId), Past>);

impl Gathering {
    pub(crate) fn add(&mut self, window: Window<Remembered>) {
        for (partition, logged) in window {
            match self.0.entry((partition, logged.event.lead.clone())) {
                Entry::Occupied(mut past) => past.get_mut().add(logged),
                Entry::Vacant(place) => {
                    place.insert(Past::begin(logged));
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes out all but so many leads, those first of which nothing was heard for longest:
    /// by partition, so many at a time.
    pub(crate) fn all_but(
        &mut self,
        left: usize,
        at_once: usize,
    ) -> impl Iterator<Item = (Partition, Vec<Past>)> + Send + use<> {
        let mut quiet: BTreeMap<Partition, Vec<Past>> = BTreeMap::new();
        if let Some(last) = self.len().checked_sub(left + 1) {
            let mut heard: Vec<u64> = self.0.values().map(|past| past.last.sequence).collect();
            let until = *heard.select_nth_unstable(last).1;
            for ((partition, _), past) in self.0.extract_if(|_, past| past.last.sequence <= until) {
                quiet.entry(partition).or_default().push(past);
            }
        }
        quiet.into_iter().flat_map(move |(partition, mut pasts)| {
            let mut chunks = Vec::with_capacity(pasts.len() / at_once + 1);
            while !pasts.is_empty() {
                chunks.push((partition, pasts.split_off(pasts.len().saturating_sub(at_once))));
            }
            chunks
        })
    }
}

/// The leads of a window, by partition, so many at a time.
pub(crate) fn by_lead(
    window: Window<Remembered>,
    at_once: usize,
) -> impl Iterator<Item = (Partition, Vec<Past>)> + Send {
    let mut all = Gathering::default();
    all.add(window);
    all.all_but(0, at_once)
}

impl Remembered {
    /// The partition comes first; within it, ids only go up.
    pub(crate) fn outbox_id(&self) -> &str {
        self.id.split_once('-').map_or("0-0", |(_, id)| id)
    }
}

/// One lead's events, as far as they are known, put together.
pub(crate) struct Past {
    pub(crate) last: Logged<Remembered>,
    payload: Option<String>,
    pub(crate) memory: Vec<String>,
    pub(crate) given: Vec<[String; 4]>,
    /// What the person is recognised by, and until which ms.
    marks: Vec<[String; 2]>,
}

impl Past {
    pub(crate) fn begin(first: Logged<Remembered>) -> Self {
        let (memory, given, marks) = (Vec::new(), Vec::new(), Vec::new());
        let mut past = Self { last: first, payload: None, memory, given, marks };
        past.note();
        past
    }

    /// The events of one lead, oldest first. `None`: there are none.
    pub(crate) fn of(history: Vec<Logged<Remembered>>) -> Option<Self> {
        let mut history = history.into_iter();
        let mut past = Self::begin(history.next()?);
        history.for_each(|logged| past.add(logged));
        Some(past)
    }

    /// A later event.
    pub(crate) fn add(&mut self, next: Logged<Remembered>) {
        self.last = next;
        self.note();
    }

    fn note(&mut self) {
        let event = &mut self.last.event;
        // What came with a later inquiry is not the lead's.
        let own = [EventKind::Received, EventKind::Released].map(EventKind::as_str);
        if own.contains(&event.kind.as_str())
            && let Some(payload) = event.payload.take()
        {
            let payload = Box::<str>::from(payload).into_string();
            if let Some(kept) = event.person_kept_ms {
                self.marks.extend(marks(&payload, event.at.timestamp_millis() + kept));
            }
            self.payload = Some(payload);
        }
        self.memory.extend(memory(event));
        let given = given(event);
        if event.after.credited {
            // What was worth nothing counts no more (D-21).
            self.given.retain(|before| given.as_ref().is_none_or(|now| before[..2] != now[..2]));
        } else if given.is_some() && given.as_ref() != self.given.last() {
            self.given.extend(given);
        }
    }

    /// As `repair.lua` takes a lead.
    pub(crate) fn words(&self) -> Vec<String> {
        let Logged { sequence, event } = &self.last;
        let mut words = vec![
            event.lead.to_string(),
            event.entity.to_string(),
            sequence.to_string(),
            event.outbox_id().to_owned(),
            // Of the erased, nothing comes back.
            self.payload.clone().filter(|_| !event.after.erased).unwrap_or_default(),
        ];
        let mut list = |some: Vec<String>| {
            words.push(some.len().to_string());
            words.extend(some);
        };
        list(self.memory.clone());
        list(self.given.iter().flatten().cloned().collect());
        let marks = self.marks.iter().filter(|_| !event.after.erased);
        list(marks.flatten().cloned().collect());
        let fields = read::to_fields(&event.entity, event.version, &event.after);
        list(fields.into_iter().flat_map(|(field, value)| [field.to_owned(), value]).collect());
        words
    }
}

fn marks(payload: &str, until: i64) -> Vec<[String; 2]> {
    let lead: Option<Lead> = serde_json::from_str(payload).ok();
    let marks = lead.as_ref().map(place::marks).unwrap_or_default();
    marks.into_iter().map(|mark| [mark, until.to_string()]).collect()
}

/// What the event made its route remember, as `repair.lua` takes it.
fn memory(event: &Remembered) -> Vec<String> {
    let (Some(memory), Some(route)) = (&event.after.memory, &event.after.route) else {
        return Vec::new();
    };
    let things = memory.split(';').filter_map(|thing| thing.split_once('='));
    let id = event.outbox_id();
    let words =
        |(what, value): (&str, &str)| [what.into(), route.to_string(), value.into(), id.to_owned()];
    things.flat_map(words).collect()
}

/// Who had the lead after the event, as limits count it.
fn given(event: &Remembered) -> Option<[String; 4]> {
    let after = &event.after;
    let counted = if after.counted { "1" } else { "" };
    let since = after.since?.timestamp_millis().to_string();
    Some([after.agent.as_ref()?.to_string(), since, read::to_word(&after.how?), counted.into()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, prop, proptest};
    use proptest::{prop_assert, prop_assert_eq};
    use serde_json::json;

    use super::*;

    fn offered(lead: usize, sequence: u64) -> (Partition, Logged<Remembered>) {
        let partition = Partition(u16::try_from(lead % 3).unwrap());
        let at = "2026-11-23T15:00:00Z";
        let event = json!({
            "id": format!("{partition}-{sequence}-0"), "type": "lead.offered", "at": at, "entity": "acme",
            "lead": format!("lead_{lead}"), "version": sequence,
            "after": {"state": "offered", "round": 1, "received_at": at, "t0": at, "reroutes": 0, "inquiries": 0},
        });
        (partition, Logged { sequence, event: serde_json::from_value(event).unwrap() })
    }

    /// The last event of each lead, as they are put back.
    fn put_back(
        taken: impl Iterator<Item = (Partition, Vec<Past>)>,
        at_once: usize,
    ) -> Vec<(LeadId, u64)> {
        let chunks: Vec<_> = taken.collect();
        assert!(chunks.iter().all(|(_, pasts)| (1..=at_once).contains(&pasts.len())));
        let pasts = chunks.into_iter().flat_map(|(_, pasts)| pasts);
        pasts.map(|past| (past.last.event.lead, past.last.sequence)).collect()
    }

    /// Which lead each event of a log is about, and how long windows of it are.
    fn log() -> impl Strategy<Value = (Vec<usize>, usize)> {
        prop::collection::vec(0_usize..12, 1..80).prop_flat_map(|log| {
            let length = log.len();
            (Just(log), 1..=length)
        })
    }

    proptest! {
        #[test]
        fn every_lead_ends_as_its_last_event_says_and_those_wait_that_were_heard_of_last(
            (log, window) in log(), left in 0_usize..12, at_once in 1_usize..5,
        ) {
            let (mut all, mut stands, mut sequence) = (Gathering::default(), HashMap::new(), 0);
            for part in log.chunks(window) {
                let events = part.iter().map(|lead| {
                    sequence += 1;
                    offered(*lead, sequence)
                });
                all.add(events.collect());
                let taken = put_back(all.all_but(left, at_once), at_once);
                prop_assert!(all.len() <= left);
                let oldest = all.0.values().map(|past| past.last.sequence).min();
                for (lead, last) in taken {
                    prop_assert!(oldest.is_none_or(|oldest| last < oldest));
                    prop_assert!(stands.insert(lead, last).is_none_or(|before| before < last));
                }
            }
            stands.extend(put_back(all.all_but(0, at_once), at_once));
            let mut expected = HashMap::new();
            for (place, lead) in log.iter().enumerate() {
                expected.insert(format!("lead_{lead}").parse().unwrap(), place as u64 + 1);
            }
            prop_assert_eq!(stands, expected);
        }
    }
}
