//! Who claims a lead, and under which terms.

use crate::{AgentId, Cap, PondId, Span};

/// A pond that somebody may claim from, and its rules (D-25).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PondClaim {
    /// `None`: the entity's lead pool.
    pub pond: Option<PondId>,
    /// Most leads from there that they may have at a time.
    pub cap: Option<u32>,
    /// It takes back what was not worked on for this long.
    pub reclaim_after: Option<Span>,
}

impl PondClaim {
    /// The entity's lead pool, without rules.
    pub fn pool() -> Self {
        Self { pond: None, cap: None, reclaim_after: None }
    }
}

/// A claim: who, for which round, and what they may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claiming<'a> {
    pub agent: &'a AgentId,
    /// The round they were asked in; `None`: whatever is open now, `ponds` included.
    pub round: Option<u32>,
    /// Makes a retry hear the first answer; may be empty.
    pub request: &'a str,
    /// Their limits, which count where the offer has not reserved a place (D-22).
    pub caps: Vec<Cap>,
    /// Where they may claim from.
    pub ponds: Vec<PondClaim>,
    /// Whether limits also count, and block, what comes from a pond (D-21).
    pub pool_counts: bool,
}

impl<'a> Claiming<'a> {
    /// By an agent without limits, who may also claim from the pool.
    pub fn by(agent: &'a AgentId, request: &'a str) -> Self {
        let ponds = vec![PondClaim::pool()];
        Self { agent, round: None, request, caps: Vec::new(), ponds, pool_counts: false }
    }

    /// Of the offer made in `round` only.
    pub fn in_round(self, round: Option<u32>) -> Self {
        Self { round, ..self }
    }
}
