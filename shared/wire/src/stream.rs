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
    /// Messages that nobody could handle.
    Dead,
}

impl Stream {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::LeadsIn, Self::Leads, Self::Rejected, Self::Events, Self::Notify, Self::Dead];

    /// As JetStream knows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeadsIn => "LEADS_IN",
            Self::Leads => "LEADS",
            Self::Rejected => "REJECTED",
            Self::Events => "EVENTS",
            Self::Notify => "NOTIFY",
            Self::Dead => "DEAD",
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
        matches!(self, Self::Leads | Self::Events | Self::Notify)
    }

    /// Every subject it captures.
    pub const fn filter(self) -> &'static str {
        match self {
            Self::LeadsIn => "leads.in.>",
            Self::Leads => "leads.new.>",
            Self::Rejected => "leads.rejected.>",
            Self::Events => "events.>",
            Self::Notify => "notify.>",
            Self::Dead => "dead.>",
        }
    }
}
