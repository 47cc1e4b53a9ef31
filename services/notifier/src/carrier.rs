//! What a channel is to the rest of the notifier.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tipoff_domain::{Agent, AgentId, Channel, EntityView};

use crate::seen::Told;
use crate::trial::Tested;

/// Why a message could not be handed over. The text must not repeat contact
/// details: it is logged and kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    /// Trying again cannot help.
    #[error("{0}")]
    ForGood(String),
    /// Nothing reaches anybody at this address, now or later.
    #[error("{0}")]
    BadAddress(String),
    /// It cannot be told any more, and need not be: the agent was told before, and only
    /// not of what has changed since.
    #[error("{0}")]
    ToldBefore(&'static str),
    /// Try again, after so long if the other side said so. The provider works.
    #[error("{why}")]
    NotNow { why: String, after: Option<Duration> },
    /// The provider is in trouble: it cannot be reached, dawdles or fails.
    #[error("{why}")]
    Trouble { why: String, after: Option<Duration> },
    /// It was in trouble a moment ago, so nothing was tried.
    #[error("{provider} was in trouble a moment ago and is left alone")]
    LeftAlone { provider: String, again_in: Duration },
}

impl SendError {
    pub(crate) fn not_now(why: impl Into<String>) -> Self {
        Self::NotNow { why: why.into(), after: None }
    }

    /// How long the other side wants to be left alone, if it said so.
    pub(crate) fn asks(&self) -> Option<Duration> {
        match self {
            Self::NotNow { after, .. } | Self::Trouble { after, .. } => *after,
            Self::ForGood(_)
            | Self::BadAddress(_)
            | Self::ToldBefore(_)
            | Self::LeftAlone { .. } => None,
        }
    }

    pub(crate) fn trouble(why: impl Into<String>) -> Self {
        Self::Trouble { why: why.into(), after: None }
    }
}

/// How hard to work for a channel, in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Messages being handed over at once.
    pub(crate) at_once: usize,
    /// `None`: as many as the provider takes.
    pub(crate) per_second: Option<NonZeroU32>,
}

impl Pace {
    /// `per_second`: 0 for no limit.
    pub(crate) fn new(at_once: usize, per_second: u32) -> Self {
        Self { at_once: at_once.max(1), per_second: NonZeroU32::new(per_second) }
    }
}

/// Carries notices over one channel.
#[async_trait]
pub(crate) trait Carrier: Send + Sync + 'static {
    fn channel(&self) -> Channel;

    fn pace(&self) -> Pace;

    /// Whether there is an address to send to.
    fn reaches(&self, view: &EntityView, agent: &AgentId, known: &Agent) -> bool;

    /// Whether it can take back what it told of an offer, or say that it is over
    /// without another message. Only then is it given such notices.
    fn takes_back(&self) -> bool {
        false
    }

    /// Hands one message over; called many times at once. `now` is the board's time.
    async fn send(&self, told: &Told, now: DateTime<Utc>) -> Result<(), SendError>;

    /// Hands over a test message, to every address that the agent has for this
    /// channel. For those whose channel [`is_tested`](Channel::is_tested).
    async fn test(&self, _: &Tested, _: DateTime<Utc>) -> Result<(), SendError> {
        Err(SendError::ForGood("there is nothing to confirm here".to_owned()))
    }
}
