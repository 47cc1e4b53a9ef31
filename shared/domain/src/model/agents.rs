//! What agents do.

use std::slice::from_ref;

use chrono::TimeDelta;

use super::standing::{Place, Standing};
use super::{Answer, Model};
use crate::plan::How;
use crate::standing::{OfferState, State};
use crate::{AgentId, Claiming, LeadId, PondClaim, Span};

impl Model {
    /// Whatever is open, or what was asked in one round (D-19, D-25, D-32).
    pub fn claim(&mut self, lead: &LeadId, claiming: &Claiming<'_>) -> Answer {
        let (now, agent, round) = (self.now, claiming.agent, claiming.round);
        let has_room = self.has_room(lead, agent, &claiming.caps);
        let Some(found) = self.leads.get(lead) else { return Answer::Unknown };
        if found.is_with(agent) {
            return Answer::AlreadyYours;
        }
        let pond = claiming.ponds.iter().find(|pond| pond.pond == found.pond);
        let enough = pond.is_some_and(|pond| self.has_enough_of(agent, pond));
        let answer = self.change(lead, |lead, _| {
            if lead.is_asked(agent, round) {
                if lead.is_over(now) {
                    return Answer::TooLate;
                }
                if lead.jump_ball && !has_room {
                    return Answer::LimitReached;
                }
                lead.resolve(agent, OfferState::Claimed);
                lead.resolve_all(OfferState::Lost);
                let plan = lead.give_to(agent, How::Claimed, now);
                lead.tell("lead.claimed", from_ref(agent)).smart_plan = plan;
                return Answer::Won;
            }
            if lead.state != State::Pooled || round.is_some() {
                return lead.why_not_claimed(agent, round);
            }
            let Some(pond) = pond else { return Answer::NotOffered };
            if enough || claiming.pool_counts && !has_room {
                return Answer::LimitReached;
            }
            let plan = lead.give_to(agent, How::PoolClaimed, now);
            lead.counted = claiming.pool_counts;
            lead.act_by = pond.reclaim_after.map(|after| now + after.delta());
            lead.tell("lead.claimed", from_ref(agent)).smart_plan = plan;
            Answer::Won
        });
        // Whoever answers begins their row of misses anew.
        if answer == Answer::Won {
            self.missed.remove(agent);
        }
        answer
    }

    fn has_enough_of(&self, agent: &AgentId, pond: &PondClaim) -> bool {
        let place = Place::of(pond.pond.as_ref());
        let has = self.where_is(|lead| lead.is_with(agent) && lead.from.as_ref() == Some(&place));
        pond.cap.is_some_and(|cap| has.len() >= cap as usize)
    }

    /// The agent does not want it; `undo`: for how long they may change their mind.
    pub fn pass(
        &mut self,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        undo: Option<Span>,
    ) -> Answer {
        let (now, mut answered) = (self.now, false);
        let answer = self.change(lead, |lead, _| {
            if lead.is_with(agent) {
                return Answer::AlreadyYours;
            }
            if !lead.is_asked(agent, round) {
                return match lead.last_outcome(agent) {
                    None => Answer::NotOffered,
                    Some(OfferState::Passed) => Answer::Passed,
                    Some(OfferState::Expired) => Answer::TooLate,
                    Some(OfferState::Lost) => Answer::Taken,
                    Some(_) => Answer::Withdrawn,
                };
            }
            if lead.is_over(now) {
                return Answer::TooLate;
            }
            lead.resolve(agent, OfferState::Passed);
            let undo = undo.map(Span::delta).filter(|undo| *undo > TimeDelta::zero());
            lead.undo.extend(undo.map(|undo| (agent.clone(), now + undo)));
            if lead.pending.is_empty() {
                lead.nobody_left(now);
            }
            lead.tell("lead.passed", from_ref(agent));
            answered = true;
            Answer::Passed
        });
        if answered {
            self.missed.remove(agent);
        }
        answer
    }

    /// The agent takes back a pass of this round.
    pub fn undo_pass(&mut self, lead: &LeadId, agent: &AgentId) -> Answer {
        let now = self.now;
        self.change(lead, |lead, _| {
            if lead.pending.contains(agent) {
                return Answer::Pending;
            }
            if lead.last_outcome(agent) != Some(OfferState::Passed) {
                return Answer::NotPassed;
            }
            let undo = lead.undo.iter().position(|(who, until)| who == agent && now < *until);
            let Some(undo) = undo.filter(|_| !lead.is_over(now)) else { return Answer::TooLate };
            lead.undo.remove(undo);
            let passed = lead
                .tried
                .iter()
                .rposition(|tried| tried.agent == *agent && tried.outcome == OfferState::Passed);
            passed.map(|passed| lead.tried.remove(passed));
            lead.pending.push(agent.clone());
            lead.again.retain(|other| other != agent);
            lead.tell("offer.restored", from_ref(agent));
            Answer::Pending
        })
    }

    /// The agent let it go, and wants it after all (D-19).
    pub fn another_chance(&mut self, lead: &LeadId, agent: &AgentId) -> Answer {
        let now = self.now;
        self.change(lead, |lead, _| {
            match lead.state {
                State::Assigned if lead.is_with(agent) => return Answer::AlreadyYours,
                State::Assigned | State::Closed => return Answer::Taken,
                State::Pooled => return Answer::InPool,
                State::Held => return Answer::NotOffered,
                State::Offered => {}
            }
            let asked = lead.pending.contains(agent);
            if asked && !lead.is_over(now) {
                return Answer::Offered;
            }
            let let_go = [Some(OfferState::Passed), Some(OfferState::Expired)];
            if !asked && !let_go.contains(&lead.last_outcome(agent)) {
                return Answer::NotOffered;
            }
            if !lead.again.contains(agent) {
                lead.again.push(agent.clone());
                lead.tell("lead.chance_asked", from_ref(agent));
            }
            Answer::Queued
        })
    }

    /// The agent has begun to work it (D-25).
    pub fn worked(&mut self, lead: &LeadId, agent: &AgentId) -> Answer {
        self.change(lead, |lead, _| {
            if !lead.is_with(agent) {
                return Answer::NotYours;
            }
            if lead.act_by.take().is_some() {
                lead.tell("lead.worked", from_ref(agent));
            }
            Answer::Worked
        })
    }
}

impl Standing {
    fn why_not_claimed(&self, agent: &AgentId, round: Option<u32>) -> Answer {
        let assigned = self.state == State::Assigned;
        if assigned && self.how == Some(How::PoolClaimed) && round.is_none() {
            return Answer::Taken;
        }
        let by_hand = self.how == Some(How::Manual);
        match self.last_outcome(agent) {
            None => Answer::NotOffered,
            Some(OfferState::Passed) => Answer::Passed,
            Some(_) if assigned && !by_hand => Answer::Taken,
            Some(OfferState::Lost) => Answer::Taken,
            Some(OfferState::Expired) => Answer::TooLate,
            Some(_) => Answer::Withdrawn,
        }
    }
}
