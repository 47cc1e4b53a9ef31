//! Every script on a real Redis, every commit in a real JetStream.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops right there")]

mod aging;
mod asking_twice;
mod audit;
mod claims;
mod fixture;
mod forgetting;
mod held;
mod log_wins;
mod marks;
mod model;
mod moves;
mod mutations;
mod notices;
mod picture;
mod ponds;
mod rebuilding;
mod second_thoughts;
mod standings;
mod stranded;
mod strangers;
mod sweeping;
mod turns;
