//! Shapes of dead letters and of what becomes of webhooks, for the document.
#![expect(dead_code, reason = "only their descriptions are used")]

use utoipa::ToSchema;

/// Messages that nobody could handle.
#[derive(ToSchema)]
pub(crate) struct DeadLetters {
    dead: Vec<DeadLetter>,
    next_cursor: Option<String>,
}

/// A message that nobody could handle.
#[derive(ToSchema)]
pub(crate) struct DeadLetter {
    number: u64,
    /// When it was set aside.
    at: String,
    /// Whose it is; `null`: the operator's.
    entity: Option<String>,
    /// Where it stood.
    stream: String,
    subject: String,
    sequence: u64,
    /// Who gave up, why, and after how many tries.
    consumer: String,
    error: String,
    deliveries: i64,
    /// The message itself, where it was asked for.
    body: Option<String>,
}

/// It was sent round again.
#[derive(ToSchema)]
pub(crate) struct Redriven {
    /// `sent_again`.
    outcome: String,
    stream: String,
    sequence: u64,
}

/// What becomes of what a webhook has to be told.
#[derive(ToSchema)]
pub(crate) struct Deliveries {
    /// Events that were not tried yet.
    waiting: u64,
    /// Events that are being told right now, or are tried again later.
    under_way: usize,
    /// Nothing got through since then, and what the endpoint said at last.
    failing_since: Option<String>,
    failing_why: Option<String>,
    /// What was given up, oldest first; replay tells it again.
    failed: Vec<FailedDelivery>,
}

/// An event that an endpoint was not told of.
#[derive(ToSchema)]
pub(crate) struct FailedDelivery {
    /// Among the dead letters.
    number: u64,
    at: String,
    event: Option<String>,
    lead: Option<String>,
    error: String,
}
