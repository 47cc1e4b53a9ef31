//! What is wrong with something that was sent to us, field by field.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name of an entity, an agent or a source.
pub(crate) const LONGEST_NAME: usize = 120;

/// One field that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// JSON pointer to the field, such as `/strategy/weights/ana`.
    pub field: String,
    /// What is wrong with it and what would be right. Never repeats contact details.
    pub message: String,
}

/// Everything that is wrong with one document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid(pub Vec<Problem>);

impl Invalid {
    /// A single problem.
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut invalid = Self::default();
        invalid.add(field, message);
        invalid
    }

    /// Notes one more problem.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { field: field.into(), message: message.into() });
    }

    /// Notes a problem unless `name` is 1 to `longest` characters on one line:
    /// names end up in the headers of e-mails and on terminals.
    pub(crate) fn check_name(&mut self, field: &str, what: &str, name: &str, longest: usize) {
        let length = name.trim().chars().count();
        if name.chars().any(char::is_control) {
            self.add(field, format!("give a {what} on one line, without control characters"));
        } else if !(1..=longest).contains(&length) {
            self.add(
                field,
                format!("give a {what} of 1 to {longest} characters; this one has {length}"),
            );
        }
    }

    /// Notes every entry of a list that says nothing: it would never match.
    pub(crate) fn check_filled(&mut self, field: &str, list: &[String]) {
        for (place, _) in list.iter().enumerate().filter(|(_, text)| text.trim().is_empty()) {
            self.add(format!("{field}/{place}"), "is empty; leave it out");
        }
    }

    /// Takes over what another check found.
    pub fn absorb(&mut self, checked: Result<(), Self>) {
        if let Err(Self(problems)) = checked {
            self.0.extend(problems);
        }
    }

    /// `Ok` when nothing was noted.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", problem.field, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// Puts the fields of a part below the name that the part has in the whole.
pub(crate) fn under(prefix: &str, checked: Result<(), Invalid>) -> Result<(), Invalid> {
    checked.map_err(|mut invalid| {
        for problem in &mut invalid.0 {
            problem.field.insert_str(0, prefix);
        }
        invalid
    })
}

/// The beginning of what was given, fit for a log, a terminal and a header: no
/// control character survives.
pub(crate) fn shown(given: &str, longest: usize) -> String {
    let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    given.chars().take(longest).map(plain).collect()
}
