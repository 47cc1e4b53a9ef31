//! The board: decides, and knows what of that the log does not have yet.

use std::collections::BTreeMap;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use tipoff_domain::LeadId;
use tipoff_domain::model::{Answer, Model, Standing};

use crate::log::{Change, Number};

/// A lead on it.
#[derive(Debug, Clone)]
struct OnBoard {
    /// With nothing else on it.
    model: Model,
    /// Which version the log is known to have.
    logged: u64,
    unsent: Vec<Rc<Change>>,
}

/// What a script said, and what has to be in the log before that may be told.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) unsent: Vec<Rc<Change>>,
}

/// Whether the board has what the log has just got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Settled,
    Forgot,
}

#[derive(Clone, Default)]
pub(crate) struct Board {
    /// Goes up with every start.
    pub(crate) server: u64,
    /// On which server it has caught up with the log.
    pub(crate) open_on: Option<u64>,
    leads: BTreeMap<Number, OnBoard>,
}

pub(crate) fn name(lead: Number) -> LeadId {
    format!("lead_{lead}").parse().expect("a number makes a name")
}

impl Board {
    /// As it is, on another server, where nobody has caught up yet.
    pub(crate) fn on(mut self, server: u64) -> Self {
        (self.server, self.open_on) = (server, None);
        self
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open_on == Some(self.server)
    }

    pub(crate) fn standing(&self, lead: Number) -> Option<&Standing> {
        self.leads.get(&lead)?.model.lead(&name(lead))
    }

    pub(crate) fn leads(&self) -> Vec<Number> {
        self.leads.keys().copied().collect()
    }

    pub(crate) fn with_unsent(&self) -> Vec<Number> {
        let unsent = self.leads.iter().filter(|(_, lead)| !lead.unsent.is_empty());
        unsent.map(|(number, _)| *number).collect()
    }

    pub(crate) fn is_due(&self, lead: Number, now: DateTime<Utc>) -> bool {
        self.leads.get(&lead).is_some_and(|found| {
            let mut model = found.model.clone();
            model.now = now;
            !model.due().is_empty()
        })
    }

    /// One script; `number` names what it makes.
    pub(crate) fn run(
        &mut self,
        lead: Number,
        now: DateTime<Utc>,
        number: u64,
        script: impl FnOnce(&mut Model, &LeadId) -> Answer,
    ) -> Reply {
        let id = name(lead);
        let empty = || OnBoard { model: Model::empty(now), logged: 0, unsent: Vec::new() };
        let found = self.leads.entry(lead).or_insert_with(empty);
        found.model.now = now.max(found.model.now);
        let from = found.model.lead(&id).map_or(0, Standing::version);
        let answer = script(&mut found.model, &id);
        let told = found.model.lead(&id).map_or(&[][..], |standing| &standing.told);
        let to = told.len() as u64;
        if to > from {
            let told = told.iter().skip(usize::try_from(from).unwrap_or(0)).cloned().collect();
            let (at, after) = (found.model.now, found.model.clone());
            found.unsent.push(Rc::new(Change { lead, name: number, from, to, at, told, after }));
        }
        let unsent = found.unsent.clone();
        if to == 0 {
            self.leads.remove(&lead);
        }
        Reply { answer, unsent }
    }

    /// What still waits of a lead.
    pub(crate) fn unsent(&self, lead: Number) -> Vec<Rc<Change>> {
        self.leads.get(&lead).map(|found| found.unsent.clone()).unwrap_or_default()
    }

    /// The log has these.
    pub(crate) fn settle(&mut self, lead: Number, changes: &[Rc<Change>]) -> Settled {
        let Some(last) = changes.last() else { return Settled::Settled };
        let Some(found) = self.leads.get_mut(&lead) else { return Settled::Forgot };
        let known = found.unsent.iter().any(|change| change.name == last.name);
        let before = found.logged;
        found.unsent.retain(|change| changes.iter().all(|there| there.name != change.name));
        if known && last.to > before {
            found.logged = last.to;
        }
        if known || before >= last.to { Settled::Settled } else { Settled::Forgot }
    }

    /// Puts a lead back as the log says, unless it stands there or beyond.
    /// Answers whether it did not.
    pub(crate) fn put_back(&mut self, last: &Rc<Change>) -> bool {
        if let Some(found) = self.leads.get_mut(&last.lead) {
            if found.logged >= last.to {
                return false;
            }
            if let Some(place) = found.unsent.iter().position(|change| change.name == last.name) {
                found.unsent.drain(..=place);
                found.logged = last.to;
                return false;
            }
        }
        let model = last.after.clone();
        self.leads.insert(last.lead, OnBoard { model, logged: last.to, unsent: Vec::new() });
        true
    }

    /// Which version the log is known to have of a lead.
    pub(crate) fn logged(&self, lead: Number) -> u64 {
        self.leads.get(&lead).map_or(0, |found| found.logged)
    }
}
