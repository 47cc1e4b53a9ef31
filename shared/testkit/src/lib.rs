//! Real servers, sinks that speak the real protocols, and clocks, for tests
//! and for `tipoff dev`.

pub mod servers;
pub mod sink;

pub use servers::{NatsServer, RedisServer, ServerError};
