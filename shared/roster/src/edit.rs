//! Edits: checked as a whole, then written with the version they were based on.

use tipoff_domain::Invalid;

/// On what an edit is based.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Whatever is there.
    Anything,
    /// Nothing is there yet.
    Absent,
    /// Exactly this version (`If-Match`).
    Version(u64),
}

/// What an edit made, and its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited<T> {
    pub value: T,
    pub version: u64,
    pub created: bool,
}

/// Why an edit was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("{0}")]
    Invalid(Invalid),
    #[error("{what} does not exist")]
    NotFound { what: String },
    #[error("{what} was changed by somebody else; it is at version {version} now")]
    Conflict { what: String, version: u64 },
    #[error("the roster could not be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
