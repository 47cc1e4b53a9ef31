//! What admins do.

use std::slice::from_ref;

use super::standing::Why;
use super::turns::Turns;
use super::{Answer, Model, Standing};
use crate::plan::How;
use crate::standing::{OfferState, State};
use crate::{AgentId, LeadId, PondId};

impl Model {
    /// A person gives it to an agent, wherever it stands (D-23).
    pub fn assign(&mut self, lead: &LeadId, agent: &AgentId) -> Answer {
        let now = self.now;
        self.change(lead, |lead, _| {
            if lead.state == State::Closed {
                return Answer::Closed;
            }
            if !lead.is_with(agent) {
                lead.withdraw();
                let plan = lead.give_to(agent, How::Manual, now);
                lead.tell("lead.assigned", from_ref(agent)).smart_plan = plan;
            }
            Answer::Assigned
        })
    }

    /// An agent sends back what they have; an admin (`None`) anything. `ponds`: those
    /// that there still are.
    pub fn give_back(&mut self, lead: &LeadId, by: Option<&AgentId>, ponds: &[PondId]) -> Answer {
        let now = self.now;
        self.change(lead, |lead, _| {
            if by.is_some_and(|by| !lead.is_with(by)) || lead.state == State::Closed {
                return Answer::NotYours;
            }
            if lead.state != State::Pooled {
                lead.withdraw();
                let (from, home) = (lead.agent.clone(), lead.home(ponds));
                lead.rest(Why::Returned, home, now);
                lead.tell("lead.returned", from.as_slice());
            }
            Answer::Returned
        })
    }

    /// Takes back the offer to one agent (D-23).
    pub fn withdraw(&mut self, lead: &LeadId, agent: &AgentId, round: Option<u32>) -> Answer {
        let now = self.now;
        self.change(lead, |lead, _| {
            if !lead.is_asked(agent, round) || lead.is_over(now) {
                return Answer::NotPending;
            }
            lead.resolve(agent, OfferState::Withdrawn);
            if lead.pending.is_empty() {
                lead.nobody_left(now);
            }
            lead.tell("offer.withdrawn", from_ref(agent));
            Answer::Withdrawn
        })
    }

    /// Closes it, wherever it stands; `credit`: its agent is owed another one.
    pub fn close(&mut self, lead: &LeadId, credit: bool) -> Answer {
        let now = self.now;
        self.change(lead, |lead, turns| {
            if lead.state == State::Closed {
                return Answer::Closed;
            }
            lead.withdraw();
            if credit {
                lead.owe(turns, now);
            }
            lead.close();
            let agent = lead.agent.clone();
            lead.tell("lead.closed", agent.as_slice());
            Answer::Closed
        })
    }

    /// Forgets the person; what became of the lead stays.
    pub fn erase(&mut self, lead: &LeadId) -> Answer {
        self.change(lead, |lead, _| {
            if !lead.erased {
                lead.withdraw();
                lead.close();
                lead.erased = true;
                let agent = lead.agent.clone();
                lead.tell("lead.erased", agent.as_slice());
            }
            Answer::Erased
        })
    }

    /// The agent who has it, or had it when it was closed, is owed another one.
    pub fn credit(&mut self, lead: &LeadId) -> Answer {
        let now = self.now;
        self.change(lead, |lead, turns| {
            if !lead.credited {
                if !lead.owe(turns, now) {
                    return Answer::NotRouted;
                }
                let agent = lead.agent.clone();
                lead.tell("lead.credited", agent.as_slice());
            }
            Answer::Credited
        })
    }
}

impl Standing {
    fn close(&mut self) {
        self.leave();
        self.state = State::Closed;
        (self.pond, self.from) = (None, None);
        self.again.clear();
    }

    /// Whether anything is owed for it that was not before.
    fn owe(&mut self, turns: &mut Turns, now: chrono::DateTime<chrono::Utc>) -> bool {
        let (Some(agent), Some(route)) = (&self.agent, &self.route) else { return false };
        if self.credited || !self.is_counted() {
            return false;
        }
        turns.owe(route, agent, now);
        self.credited = true;
        true
    }
}
