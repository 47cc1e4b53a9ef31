//! Real servers, sinks that speak the real protocols, and clocks, for tests
//! and for `tipoff dev`.

mod lines;
mod ports;
pub mod proxy;
pub mod servers;
pub mod sink;

pub use lines::Lines;
pub use ports::free_address;
pub use servers::{NatsServer, RedisServer, SentinelServer, ServerError};
