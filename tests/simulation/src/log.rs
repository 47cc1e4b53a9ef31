//! EVENTS: what every lead went through, each step after the one before.

use std::collections::BTreeMap;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use tipoff_domain::model::{Model, Told};

/// A lead, by its number.
pub(crate) type Number = usize;

/// What one script made of a lead.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) lead: Number,
    /// Nobody else's is called that.
    pub(crate) name: u64,
    /// The lead's version before and after it.
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) told: Vec<Told>,
    /// The lead after it.
    pub(crate) after: Model,
}

/// What became of changes offered to the log.
pub(crate) enum Appended {
    /// They are there, now or since an earlier try.
    There { again: bool },
    /// The log has something else in their place.
    Conflict,
}

#[derive(Default)]
pub(crate) struct Log {
    leads: BTreeMap<Number, Vec<Rc<Change>>>,
}

impl Log {
    /// Writes down what is not there yet, if it follows on what is; `fresh` hears of each.
    /// Where `in_order` is not asked for, whatever comes is taken.
    pub(crate) fn append(
        &mut self,
        changes: &[Rc<Change>],
        in_order: bool,
        mut fresh: impl FnMut(Option<&Change>, &Change),
    ) -> Appended {
        let mut again = false;
        for change in changes {
            let story = self.leads.entry(change.lead).or_default();
            if story.iter().any(|known| known.name == change.name) {
                again = true;
                continue;
            }
            let last = story.last().map_or(0, |last| last.to);
            if in_order && last != change.from {
                return Appended::Conflict;
            }
            fresh(story.last().map(Rc::as_ref), change);
            story.push(Rc::clone(change));
        }
        Appended::There { again }
    }

    pub(crate) fn last(&self, lead: Number) -> Option<&Rc<Change>> {
        self.leads.get(&lead)?.last()
    }

    pub(crate) fn story(&self, lead: Number) -> &[Rc<Change>] {
        self.leads.get(&lead).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn leads(&self) -> Vec<Number> {
        self.leads.keys().copied().collect()
    }
}
