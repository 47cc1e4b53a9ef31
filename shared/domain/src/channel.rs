//! The ways to tell of a lead.

use serde::{Deserialize, Serialize};

use crate::Agent;

/// What is known of a channel of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Works {
    /// The agent answered a test message.
    Confirmed,
    /// The address was refused for good: nothing is sent there any more.
    Failed,
    /// Whoever has the address said STOP: nothing is sent there until they say START.
    Stopped,
}

/// A way to tell of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    /// To the agent's browsers and phones.
    Push,
    Sms,
    /// A call: press 1 to accept.
    Voice,
    /// The bell in the console.
    InApp,
    /// A room of the entity, not an agent.
    Slack,
    /// A room of the entity, not an agent.
    Teams,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 7] =
        [Self::Email, Self::Push, Self::Sms, Self::Voice, Self::InApp, Self::Slack, Self::Teams];

    /// What an agent wants who says nothing.
    pub const OF_AGENTS: [Self; 5] = [Self::Email, Self::Push, Self::Sms, Self::Voice, Self::InApp];

    /// What a route allows that says nothing: nobody is called unasked.
    pub const OF_ROUTES: [Self; 6] =
        [Self::Email, Self::Push, Self::Sms, Self::InApp, Self::Slack, Self::Teams];

    /// As it stands in JSON and in subjects.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Push => "push",
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::InApp => "in_app",
            Self::Slack => "slack",
            Self::Teams => "teams",
        }
    }

    /// Whether it wakes nobody (D-17, D-18).
    pub const fn is_silent(self) -> bool {
        matches!(self, Self::Email | Self::InApp)
    }

    /// Whether it tells a room of the entity rather than an agent.
    pub const fn is_a_room(self) -> bool {
        matches!(self, Self::Slack | Self::Teams)
    }

    /// Whether a test message shows that it reaches the agent. The bell needs none: whoever sees it
    /// is there.
    pub const fn is_tested(self) -> bool {
        matches!(self, Self::Email | Self::Push | Self::Sms | Self::Voice)
    }

    /// The agent's address for it, where it is part of the agent.
    pub fn address_of(self, agent: &Agent) -> Option<&str> {
        match self {
            Self::Email => agent.email.as_deref(),
            Self::Sms | Self::Voice => agent.phone.as_deref(),
            Self::Push | Self::InApp | Self::Slack | Self::Teams => None,
        }
    }

    /// Whether the agent has an address for it. Browsers and phones for push
    /// are not part of the agent, so they count as had.
    pub fn has_address_of(self, agent: &Agent) -> bool {
        match self {
            Self::Email | Self::Sms | Self::Voice => self.address_of(agent).is_some(),
            Self::Push | Self::InApp => true,
            Self::Slack | Self::Teams => false,
        }
    }
}
