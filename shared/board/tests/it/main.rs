//! Every script on a real Redis, every commit in a real JetStream.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops right there")]

mod claims;
mod fixture;
mod forgetting;
mod log_wins;
mod model;
mod moves;
mod strangers;
mod sweeping;
mod turns;
