//! Ingest over real HTTP and a real nats-server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod any_body;
mod batch;
mod hostile;
mod limits;
mod nats;
mod single;
mod slow;
mod world;
