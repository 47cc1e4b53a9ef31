//! Tells agents about leads.
//!
//! One consumer turns events into notices, one notice per agent and channel.
//! Each channel has a consumer of its own, so that a slow mail relay never
//! holds up a push. Just before a notice is sent, the board is asked whether it
//! is still worth telling.

mod announce;
mod carrier;
mod channels;
mod deliver;
mod erase;
mod flood;
mod http;
mod letter;
mod lines;
mod looks;
mod meter;
mod noted;
mod options;
mod over;
mod phone;
mod retry;
mod run;
mod seen;
mod spread;
mod strangers;
mod trial;
mod undelivered;
mod webhook;

pub use channels::{Settings, Unusable, email, push, sms, voice};
pub use options::Options;
pub use phone::Options as PhoneOptions;
pub use run::{Error, run};
pub use webhook::{Options as WebhookOptions, Unusable as UnusableWebhooks};
