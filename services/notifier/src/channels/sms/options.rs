//! Settings of text messages; the account is that of the telephone provider.

use clap::Args;

use crate::carrier::Pace;

/// Messages at once, and per second, unless told otherwise. A plain number is
/// allowed one a second by most networks; a messaging service has many numbers.
const IN_FLIGHT: usize = 16;
const PER_SECOND: u32 = 10;

/// How text messages go out.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Text messages handed over at once.
    #[arg(long, env = "TIPOFF_SMS_IN_FLIGHT", default_value_t = IN_FLIGHT)]
    pub sms_in_flight: usize,
    /// Text messages that each notifier sends per second, at most; 0: no limit.
    #[arg(long, env = "TIPOFF_SMS_PER_SECOND", default_value_t = PER_SECOND)]
    pub sms_per_second: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { sms_in_flight: IN_FLIGHT, sms_per_second: PER_SECOND }
    }
}

impl Options {
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.sms_in_flight, self.sms_per_second)
    }
}
