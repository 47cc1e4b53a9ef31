//! Settings of push.

use clap::Args;

use crate::carrier::Pace;

/// Messages at once unless told otherwise.
const IN_FLIGHT: usize = 64;

/// How push messages go out.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Push messages sent at once.
    #[arg(long, env = "TIPOFF_PUSH_IN_FLIGHT", default_value_t = IN_FLIGHT)]
    pub push_in_flight: usize,
    /// Push messages that each notifier sends per second, at most; 0: no limit.
    #[arg(long, env = "TIPOFF_PUSH_PER_SECOND", default_value_t = 0)]
    pub push_per_second: u32,
    /// Whom a push service may write to about us, as in mailto:ops@example.com;
    /// the sender of mails if left out.
    #[arg(long, env = "TIPOFF_VAPID_SUBJECT")]
    pub vapid_subject: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { push_in_flight: IN_FLIGHT, push_per_second: 0, vapid_subject: None }
    }
}

impl Options {
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.push_in_flight, self.push_per_second)
    }
}
