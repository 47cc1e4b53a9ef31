//! The API over real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod claim_page;
mod configuration;
mod document;
mod insight;
mod isolation;
mod live;
mod log;
mod ponds;
mod work;
mod world;
