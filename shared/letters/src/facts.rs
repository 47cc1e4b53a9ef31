//! What templates may speak of.

use serde::Serialize;

/// The facts of one notice, in words. What is not known, or may not be told, is
/// empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The language, as in `lang` attributes.
    pub lang: String,
    /// The entity's name.
    pub entity: String,
    /// The person who wants something; of a test message the reader.
    pub who: String,
    pub wants: String,
    pub property: String,
    pub price: String,
    pub source: String,
    pub language: String,
    pub message: String,
    /// Only of a lead that is the reader's.
    pub phones: Vec<String>,
    pub emails: Vec<String>,
    /// Where the reader acts: the claim page of an offer, what confirms a test message, or the console.
    pub url: String,
    /// Of an offer: the time left, and its end.
    pub left: String,
    pub until: String,
    /// Of an offer: tells it from others in an answer by text message. Of a test message: confirms it.
    pub code: String,
    /// Of an assignment: how it came about, as a word of events.
    pub how: String,
    /// Of an offer that is over: why.
    pub why: String,
    /// Names of all who are told, for a room.
    pub agents: String,
    /// Of missed offers: a line about each agent; `who` has their names.
    pub missed: Vec<String>,
}
