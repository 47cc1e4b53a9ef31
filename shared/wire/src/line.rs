//! The two lines in which accepted leads wait for a router.

/// Which of them a lead waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// As everybody's.
    Prompt,
    /// What a team is sent beyond what teams are sent, such as an import of
    /// thousands: nobody else's leads wait behind it.
    Bulk,
}

impl Line {
    pub const EVERY: [Self; 2] = [Self::Prompt, Self::Bulk];
}
