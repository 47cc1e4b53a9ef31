//! The board as it ought to be: a plain state machine in memory.
//!
//! It says what every change does, what everybody is answered and which events
//! tell of it, without Redis, scripts or a log. Tests drive it and the real
//! board with the same sequences of changes and compare everything that can be
//! seen; simulations use it where a real board would be too slow.

mod admins;
mod agents;
mod hops;
mod standing;
pub mod turns;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::standing::State;
use crate::{AgentId, Cap, LeadId, PondId};
pub use standing::{Place, Standing, Told, Why};
use turns::Turns;

/// What a change is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Placed,
    Known,
    MovedOn,
    Stale,
    Early,
    /// These are at their limits, and nobody else is left to pick.
    Full(Vec<AgentId>),
    LimitReached,
    Won,
    AlreadyYours,
    Taken,
    TooLate,
    Withdrawn,
    Passed,
    NotOffered,
    Assigned,
    Returned,
    NotYours,
    Closed,
    Erased,
    Unknown,
    /// A pass was taken back.
    Pending,
    NotPassed,
    /// Asked again later; asked right now; to be had from the pool.
    Queued,
    Offered,
    InPool,
    Worked,
    NotPending,
    Credited,
    NotRouted,
    Released,
    AlreadyRouted,
    NotHeld,
}

/// The board of one entity.
#[derive(Debug, Clone)]
pub struct Model {
    pub now: DateTime<Utc>,
    leads: BTreeMap<LeadId, Standing>,
    turns: Turns,
    /// What limits count: who was given what, and when (D-21).
    taken: BTreeSet<(AgentId, DateTime<Utc>, LeadId)>,
    /// How many offers in a row each agent has let run out.
    missed: BTreeMap<AgentId, u32>,
}

impl Model {
    /// Nothing on it yet.
    pub fn empty(now: DateTime<Utc>) -> Self {
        Self {
            now,
            leads: BTreeMap::new(),
            turns: Turns::default(),
            taken: BTreeSet::new(),
            missed: BTreeMap::new(),
        }
    }

    /// What is not in the log, and gone with the memory of the board.
    pub fn forget(&mut self) {
        self.missed.clear();
    }

    /// Where a lead stands.
    pub fn lead(&self, lead: &LeadId) -> Option<&Standing> {
        self.leads.get(lead)
    }

    /// What its routes remember.
    pub fn turns(&self) -> &Turns {
        &self.turns
    }

    /// How many offers in a row each agent has let run out.
    pub fn missed(&self) -> &BTreeMap<AgentId, u32> {
        &self.missed
    }

    /// What `agent` may claim now, deadlines aside.
    pub fn offers_to(&self, agent: &AgentId) -> Vec<&LeadId> {
        self.where_is(|lead| lead.pending.contains(agent))
    }

    /// What `agent` has.
    pub fn leads_of(&self, agent: &AgentId) -> Vec<&LeadId> {
        self.where_is(|lead| lead.is_with(agent))
    }

    /// What rests in a pond; `None`: in the entity's pool.
    pub fn pool(&self, pond: Option<&PondId>) -> Vec<&LeadId> {
        self.where_is(|lead| lead.state == State::Pooled && lead.pond.as_ref() == pond)
    }

    /// What waits to be let go by somebody.
    pub fn held(&self) -> Vec<&LeadId> {
        self.where_is(|lead| lead.state == State::Held && lead.rested_at.is_some())
    }

    /// Whose offers hold a place under their limits, and for which lead (D-22).
    pub fn reserved(&self) -> Vec<(&AgentId, &LeadId)> {
        let places = self.leads.iter().filter(|(_, lead)| !lead.jump_ball);
        places.flat_map(|(id, lead)| lead.may_yet_claim().map(move |agent| (agent, id))).collect()
    }

    /// What limits count: who was given what, and when (D-21).
    pub fn taken(&self) -> &BTreeSet<(AgentId, DateTime<Utc>, LeadId)> {
        &self.taken
    }

    /// What must move on now: its time is over, or nobody is left to wait for.
    pub fn due(&self) -> Vec<&LeadId> {
        self.where_is(|lead| lead.due_at(self.now).is_some_and(|due| self.now >= due))
    }

    fn where_is(&self, holds: impl Fn(&Standing) -> bool) -> Vec<&LeadId> {
        self.leads.iter().filter(|(_, lead)| holds(lead)).map(|(id, _)| id).collect()
    }

    /// Fewer than the limit, counting places that offers of other leads have reserved:
    /// the place that an offer of this very lead holds ends with that offer (D-22).
    fn has_room(&self, lead: &LeadId, agent: &AgentId, caps: &[Cap]) -> bool {
        let reserved = self.reserved();
        let of_others = reserved.iter().filter(|(who, what)| *who == agent && *what != lead);
        let reserved = of_others.count();
        caps.iter().all(|cap| {
            let had = match cap.since {
                None => self.leads_of(agent).len(),
                Some(since) => {
                    self.taken.iter().filter(|(who, at, _)| who == agent && *at >= since).count()
                }
            };
            had + reserved < cap.count as usize
        })
    }

    /// Changes a lead that is there, and notes what limits count of it.
    fn change(
        &mut self,
        id: &LeadId,
        change: impl FnOnce(&mut Standing, &mut Turns) -> Answer,
    ) -> Answer {
        let Some(lead) = self.leads.get_mut(id) else { return Answer::Unknown };
        let answer = change(lead, &mut self.turns);
        if let Some(given) = lead.counts() {
            self.taken.insert((given.0, given.1, id.clone()));
        }
        self.taken.retain(|(who, since, what)| what != id || !lead.is_made_up_for(who, *since));
        answer
    }
}
