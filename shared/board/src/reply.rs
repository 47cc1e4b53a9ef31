//! What a script that changes a lead answers.

use std::collections::HashMap;

use redis::{FromRedisValue, ParsingError, Value};
use tipoff_domain::LeadId;

/// One entry of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) fields: HashMap<String, String>,
}

impl Entry {
    pub(crate) fn new(id: String, flat: impl IntoIterator<Item = String>) -> Self {
        let mut flat = flat.into_iter();
        let mut fields = HashMap::new();
        while let (Some(field), Some(value)) = (flat.next(), flat.next()) {
            fields.insert(field, value);
        }
        Self { id, fields }
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
        type Raw = (String, String, String, u64, String, Vec<Vec<String>>);
        let (word, detail, lead, sequence, unsent, entries): Raw = redis::from_redis_value(value)?;
        let lead =
            lead.parse().map_err(|_| ParsingError::from("the lead's name cannot be read"))?;
        let unsent = unsent.split_whitespace().map(str::to_owned).collect();
        let entry = |mut flat: Vec<String>| {
            let id = if flat.is_empty() { String::new() } else { flat.remove(0) };
            Entry::new(id, flat)
        };
        Ok(Self {
            word,
            detail,
            lead,
            sequence,
            unsent,
            entries: entries.into_iter().map(entry).collect(),
        })
    }
}
