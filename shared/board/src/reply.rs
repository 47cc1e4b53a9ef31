//! What a script that changes a lead answers.

use redis::{FromRedisValue, ParsingError, Value};
use tipoff_domain::LeadId;

use crate::read::Fields;

/// Stands between the words of an entry; JSON and names hold no such character.
const BETWEEN: char = '\u{1f}';

/// One entry of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    /// Fields and values in turn, as `emit` in `prelude.lua` joins them.
    pub(crate) text: String,
}

impl Entry {
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields::between(BETWEEN, &self.text)
    }
}

/// The word, what it is about, and what has yet to reach the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) word: String,
    pub(crate) detail: String,
    /// The lead that the entries are about; not always the one that was asked for (D-30 b).
    pub(crate) lead: LeadId,
    /// Sequence of the lead's last event in the log, 0 for none.
    pub(crate) sequence: u64,
    /// Outbox ids of all its events that are not in the log yet, oldest first.
    pub(crate) unsent: Vec<String>,
    /// These events themselves.
    pub(crate) entries: Vec<Entry>,
}

impl FromRedisValue for Reply {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        type Raw = (String, String, String, u64, String, Vec<(String, String)>);
        let (word, detail, lead, sequence, unsent, entries): Raw = redis::from_redis_value(value)?;
        let lead =
            lead.parse().map_err(|_| ParsingError::from("the lead's name cannot be read"))?;
        let unsent = unsent.split_whitespace().map(str::to_owned).collect();
        Ok(Self {
            word,
            detail,
            lead,
            sequence,
            unsent,
            entries: entries.into_iter().map(|(id, text)| Entry { id, text }).collect(),
        })
    }
}
