//! Settings of calls.

use clap::Args;

use crate::carrier::Pace;

/// Calls placed at once unless told otherwise.
const IN_FLIGHT: usize = 16;

/// How calls are placed.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Options {
    /// Calls placed at once.
    #[arg(long, env = "TIPOFF_VOICE_IN_FLIGHT", default_value_t = IN_FLIGHT)]
    pub voice_in_flight: usize,
    /// Calls that each notifier places per second, at most; 0: as many as the provider takes.
    #[arg(long, env = "TIPOFF_VOICE_PER_SECOND", default_value_t = 0)]
    pub voice_per_second: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { voice_in_flight: IN_FLIGHT, voice_per_second: 0 }
    }
}

impl Options {
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.voice_in_flight, self.voice_per_second)
    }
}
