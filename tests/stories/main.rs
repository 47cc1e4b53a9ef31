//! What people and programs live through, end to end.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on stops right there")]

mod claiming;
mod examples;
mod intake;
mod routers;
