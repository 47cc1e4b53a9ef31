//! The streams, and what each of them holds.

/// A JetStream stream. How it is stored is `tipoff-runtime`'s business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// What sources publish themselves, unread.
    LeadsIn,
    /// Leads that were accepted.
    Leads,
    /// What could not be a lead, with the reason.
    Rejected,
    /// Everything that happened to every lead: the permanent log.
    Events,
    /// Notices to be delivered, one per recipient and channel.
    Notify,
    /// Which channels failed for good to tell an agent of an offer; the latest per offer.
    Undelivered,
    /// What agents see at the bell; the latest per agent and lead.
    Bell,
    /// Events that are on their way to endpoints of others.
    Webhooks,
    /// Every call to an endpoint and what came of it; the last thousand per endpoint.
    Attempts,
    /// What was done by right of administration.
    Audit,
    /// What changed of what people configure, as outsiders are told of it.
    Changes,
    /// The telephone calls that agents are asked by; the latest per offer.
    Calls,
    /// Messages that nobody could handle.
    Dead,
    /// What is behind the KV bucket of the roster, which makes it itself.
    Roster,
}

impl Stream {
    /// All that are made by us.
    pub const ALL: [Self; 13] = [
        Self::LeadsIn,
        Self::Leads,
        Self::Rejected,
        Self::Events,
        Self::Notify,
        Self::Undelivered,
        Self::Bell,
        Self::Webhooks,
        Self::Attempts,
        Self::Audit,
        Self::Changes,
        Self::Calls,
        Self::Dead,
    ];

    /// As JetStream knows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeadsIn => "LEADS_IN",
            Self::Leads => "LEADS",
            Self::Rejected => "REJECTED",
            Self::Events => "EVENTS",
            Self::Notify => "NOTIFY",
            Self::Undelivered => "UNDELIVERED",
            Self::Bell => "BELL",
            Self::Webhooks => "WEBHOOKS",
            Self::Attempts => "ATTEMPTS",
            Self::Audit => "AUDIT",
            Self::Calls => "CALLS",
            Self::Dead => "DEAD",
            Self::Changes => "CHANGES",
            Self::Roster => "KV_roster",
        }
    }

    /// The stream that captures `subject`.
    pub fn of(subject: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|stream| subject.starts_with(stream.filter().trim_end_matches('>')))
    }

    /// Whether many messages may be written to it as one (atomic batches):
    /// the streams that carry the load.
    pub const fn takes_batches(self) -> bool {
        matches!(self, Self::Leads | Self::Events | Self::Notify | Self::Bell | Self::Attempts)
    }

    /// How many messages of each subject it keeps, the latest; `None`: all.
    pub const fn most_of_each(self) -> Option<u32> {
        match self {
            Self::Undelivered | Self::Bell | Self::Calls => Some(1),
            Self::Attempts => Some(1_000),
            _ => None,
        }
    }

    /// Every subject it captures.
    pub const fn filter(self) -> &'static str {
        match self {
            Self::LeadsIn => "leads.in.>",
            Self::Leads => "leads.new.>",
            Self::Rejected => "leads.rejected.>",
            Self::Events => "events.>",
            Self::Notify => "notify.>",
            Self::Undelivered => "undelivered.>",
            Self::Bell => "bell.>",
            Self::Webhooks => "webhooks.>",
            Self::Attempts => "attempts.>",
            Self::Audit => "audit.>",
            Self::Calls => "calls.>",
            Self::Dead => "dead.>",
            Self::Changes => "changes.>",
            Self::Roster => "$KV.roster.>",
        }
    }
}
