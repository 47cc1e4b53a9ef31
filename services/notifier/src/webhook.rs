//! Outgoing webhooks, by the Standard Webhooks specification.
//!
//! While there is an endpoint, one consumer of the log writes down which of them
//! has to be told of what.
//! Each endpoint has a consumer of its own, so a slow or dead one keeps nobody
//! waiting but itself. When a message is tried again is JetStream's business
//! (it is handed back with a delay), so nothing is lost with this process.

mod attempts;
mod body;
mod call;
mod fan_out;
mod options;
mod schedule;
mod sign;
mod staff;
mod standing;
mod teller;

pub(crate) use self::fan_out::fan_out;
pub use self::options::Options;
pub(crate) use self::staff::Staff;

/// An endpoint cannot be called at all.
#[derive(Debug, thiserror::Error)]
#[error("webhooks cannot be sent from here")]
pub struct Unusable(#[from] reqwest::Error);
