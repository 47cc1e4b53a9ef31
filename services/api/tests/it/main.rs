//! The API over real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod claim_page;
mod configuration;
mod crowd;
mod dead;
mod document;
mod heard;
mod held;
mod insight;
mod instants;
mod isolation;
mod list;
mod live;
mod log;
mod managers;
mod notices;
mod pauses;
mod ponds;
mod scanners;
mod scopes;
mod texts;
mod trail;
mod versions;
mod webhooks;
mod work;
mod world;
