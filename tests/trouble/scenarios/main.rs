//! What goes wrong in the life of a deployment, and what is expected then:
//! real services in processes of their own, real servers, one fault each.
//!
//! The longer ones are left to `make trouble`.

#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on stops right there")]

mod board;
mod clocks;
mod crowd;
mod processes;
mod releases;
mod stage;
