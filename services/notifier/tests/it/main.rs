//! From the board to the mailbox: real NATS, real Redis, sinks that speak the
//! real protocols.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops right there")]

mod apps;
mod bell;
mod crashes;
mod desk;
mod door;
mod doors;
mod email;
mod fair;
mod faults;
mod noted;
mod push;
mod put_off;
mod refused;
mod relevance;
mod right_away;
mod rooms;
mod sms;
mod storm;
mod tls;
mod trials;
mod undelivered;
mod watched;
mod webhook;
