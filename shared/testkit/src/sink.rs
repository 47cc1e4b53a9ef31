//! Sinks that catch what the notifier sends.
//!
//! They speak the real protocols and are as strict as the servers that they
//! stand for: what they accept, a real server accepts too. `tipoff dev` shows
//! what they caught on its mailbox page; tests wait for it.

pub mod apns;
mod fault;
pub mod fcm;
mod mailbox;
pub mod phone;
pub mod push;
pub mod relay;
pub mod room;
mod running;
pub mod smtp;
pub mod webhook;

pub use apns::ApnsSink;
pub use fcm::FcmSink;
pub use mailbox::{Caught, Mailbox};
pub use phone::PhoneSink;
pub use push::{PushSink, Subscription};
pub use relay::Relay;
pub use room::RoomSink;
pub use smtp::SmtpSink;
pub use webhook::WebhookSink;
