//! The API over real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod claim_page;
mod configuration;
mod document;
mod isolation;
mod live;
mod log;
mod work;
mod world;
