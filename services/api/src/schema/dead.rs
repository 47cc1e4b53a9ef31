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

/// What became of many.
#[derive(ToSchema)]
pub(crate) struct ManyRedriven {
    /// `sent_again`.
    outcome: String,
    /// How many.
    sent: usize,
    /// What could not be sent, and is still on the list.
    refused: Vec<NotRedriven>,
    /// There are more: send this as `cursor`.
    next_cursor: Option<String>,
}

/// A message that could not be sent round again.
#[derive(ToSchema)]
pub(crate) struct NotRedriven {
    number: u64,
    why: String,
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

/// Calls to an endpoint.
#[derive(ToSchema)]
pub(crate) struct Attempts {
    attempts: Vec<Attempt>,
    next_cursor: Option<String>,
}

/// One call to an endpoint.
#[derive(ToSchema)]
pub(crate) struct Attempt {
    at: String,
    event: String,
    /// The event's type.
    r#type: String,
    /// Left out where it is about none.
    lead: Option<String>,
    /// 1 for the first call about this event.
    attempt: i64,
    /// It was asked for again; left out if not.
    replay: Option<bool>,
    took_ms: u64,
    /// `told`, `retried`, `failed` or `gone`.
    result: String,
    /// What it answered, if it did.
    status: Option<u16>,
    /// Why it does not count as told.
    error: Option<String>,
    /// When it is tried again.
    again_at: Option<String>,
}
