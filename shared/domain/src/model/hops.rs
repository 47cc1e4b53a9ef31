//! What routers do: put a lead on the board, and move it on.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::standing::{Standing, Told, Why};
use super::{Answer, Model};
use crate::decision::By;
use crate::plan::{How, Otherwise, Pick, Plan, Step, Then};
use crate::standing::{OfferState, Released, State};
use crate::{AgentId, LeadId, LenderId, PondId};

impl Model {
    /// A lead that can be reached, and its plan. Held because it could not be
    /// when it came before, it goes on now (D-26).
    pub fn place(&mut self, lead: &LeadId, plan: &Plan) -> Answer {
        if self.leads.contains_key(lead) {
            self.release(lead, Released::Completed);
            return Answer::Known;
        }
        if let Some(full) = self.full(lead, plan) {
            return Answer::Full(full);
        }
        let received = Standing::received(self.now);
        self.leads.insert(lead.clone(), received);
        self.carry_out(lead, plan);
        Answer::Placed
    }

    /// A lead that is due moves on by a plan made for that version of it.
    pub fn roll_on(&mut self, lead: &LeadId, version: u64, plan: &Plan) -> Answer {
        let Some(found) = self.leads.get(lead) else { return Answer::Stale };
        let due = found.due_at(self.now).filter(|_| found.state != State::Assigned);
        let Some(due) = due.filter(|_| found.version() == version) else { return Answer::Stale };
        if self.now < due {
            return Answer::Early;
        }
        if let Some(full) = self.full(lead, plan) {
            return Answer::Full(full);
        }
        let missed = &mut self.missed;
        if let Some(lead) = self.leads.get_mut(lead) {
            let is_missed = !lead.was_cut_short(plan);
            let expired = lead.resolve_all(OfferState::Expired);
            let mut miss = |agent: &AgentId| {
                let count = missed.entry(agent.clone()).or_default();
                *count += 1;
                (agent.clone(), *count)
            };
            if !expired.is_empty() {
                let misses = expired.iter().filter(|_| is_missed).map(&mut miss).collect();
                lead.tell("lead.expired", &expired).misses = misses;
            }
        }
        self.carry_out(lead, plan);
        Answer::MovedOn
    }

    /// A lead that rests is offered again, as somebody can take it by now.
    pub fn serve(&mut self, lead: &LeadId, version: u64, plan: &Plan) -> Answer {
        let rests = |found: &Standing| found.state == State::Pooled && found.version() == version;
        if !self.leads.get(lead).is_some_and(rests) {
            return Answer::Stale;
        }
        if let Some(full) = self.full(lead, plan) {
            return Answer::Full(full);
        }
        self.change(lead, |lead, _| {
            lead.first_offer = None;
            Answer::MovedOn
        });
        self.carry_out(lead, plan);
        Answer::MovedOn
    }

    /// A pond takes back what is not worked (D-25). `ponds`: those that there still are.
    pub fn reclaim(&mut self, lead: &LeadId, version: u64, ponds: &[PondId]) -> Answer {
        let now = self.now;
        let Some(found) = self.leads.get(lead) else { return Answer::Stale };
        let act_by = found.act_by.filter(|_| found.version() == version);
        let Some(act_by) = act_by else { return Answer::Stale };
        if now < act_by {
            return Answer::Early;
        }
        self.change(lead, |lead, _| {
            let (from, home) = (lead.agent.clone(), lead.home(ponds));
            lead.rest(Why::Reclaimed, home, now);
            lead.tell("lead.returned", from.as_slice());
            Answer::MovedOn
        })
    }

    /// Lets a held lead go, if `how` ends what it is held for.
    pub fn release(&mut self, lead: &LeadId, how: Released) -> Answer {
        let now = self.now;
        self.change(lead, |lead, _| {
            let held_for = match how {
                Released::Sent => Otherwise::NotAutomatic,
                Released::Completed => Otherwise::Incomplete,
            };
            if lead.state != State::Held || lead.released.is_some() {
                return Answer::AlreadyRouted;
            }
            if lead.why != Some(Why::Planned(held_for)) {
                return Answer::NotHeld;
            }
            lead.leave();
            lead.released = Some(how);
            lead.t0 = now;
            lead.tell("lead.released", &[]);
            Answer::Released
        })
    }

    fn carry_out(&mut self, id: &LeadId, plan: &Plan) {
        let now = self.now;
        let chosen = match &plan.then {
            Then::Step(step) => self.pick(id, step),
            Then::Pool(_) | Then::Hold(_) | Then::Wait(_) => None,
        };
        let at_limit = self.at_limit(id, plan);
        let along = self.send_along(&plan.then, chosen.is_some());
        self.change(id, |lead, _| {
            match (&plan.then, chosen) {
                (Then::Hold(why), _) => {
                    lead.leave();
                    lead.state = State::Held;
                    lead.why = Some(Why::Planned(*why));
                    lead.released = None;
                    lead.rested_at = Some(now);
                    lead.tell("lead.held", &[]);
                }
                (Then::Wait(until), _) => {
                    lead.leave();
                    lead.state = State::Held;
                    lead.why = Some(Why::Planned(Otherwise::UntilOpening));
                    lead.until = Some(*until);
                    lead.tell("lead.held", &[]);
                }
                (Then::Pool(rest), _) => {
                    let tags = lead.take_up(rest.route.as_ref(), rest.marks.as_ref(), along);
                    lead.rest(Why::Planned(rest.why), rest.pond.clone(), now);
                    lead.tell("lead.pooled", &[]).tags = tags;
                }
                (Then::Step(_), None) => {
                    lead.rest(Why::Planned(Otherwise::NobodyEligible), None, now);
                    lead.tell("lead.pooled", &[]);
                }
                (Then::Step(step), Some((agents, by))) => {
                    lead.step(step, (agents, by), along, now);
                    lead.told.last_mut().expect("it has just been told").at_limit = at_limit;
                }
            }
            Answer::MovedOn
        });
    }

    /// Everybody at a limit, where that leaves nobody to pick.
    fn full(&self, lead: &LeadId, plan: &Plan) -> Option<Vec<AgentId>> {
        let Then::Step(step) = &plan.then else { return None };
        let open = step.candidates.iter().filter(|candidate| candidate.eligible);
        let (room, full): (Vec<_>, Vec<_>) =
            open.partition(|candidate| self.has_room(lead, &candidate.agent, &candidate.caps));
        let full: Vec<AgentId> =
            full.into_iter().map(|candidate| candidate.agent.clone()).collect();
        (room.is_empty() && !full.is_empty()).then_some(full)
    }

    /// Who could be picked if they were not at a limit.
    fn at_limit(&self, lead: &LeadId, plan: &Plan) -> BTreeSet<AgentId> {
        let Then::Step(step) = &plan.then else { return BTreeSet::new() };
        let open = step.candidates.iter().filter(|candidate| candidate.eligible);
        let full = open.filter(|candidate| !self.has_room(lead, &candidate.agent, &candidate.caps));
        full.map(|candidate| candidate.agent.clone()).collect()
    }

    /// Who goes along with the agent, if a route takes the lead up.
    fn send_along(&mut self, then: &Then, somebody: bool) -> Vec<LenderId> {
        let (route, marks) = match then {
            Then::Step(step) if somebody => (&step.route, &step.marks),
            Then::Pool(rest) => (&rest.route, &rest.marks),
            Then::Step(_) | Then::Hold(_) | Then::Wait(_) => return Vec::new(),
        };
        self.turns.send_along(route.as_ref(), marks.as_ref())
    }

    /// Who gets it, and how they were found.
    fn pick(&mut self, lead: &LeadId, step: &Step) -> Option<(Vec<AgentId>, By)> {
        let mut list = step.candidates.clone();
        for candidate in &mut list {
            candidate.eligible =
                candidate.eligible && self.has_room(lead, &candidate.agent, &candidate.caps);
        }
        self.turns.pick(step, &list, self.now)
    }
}

impl Standing {
    /// Whether the route's timeout, which `plan` carries out, left less than half of
    /// the offer: then nobody has missed it.
    fn was_cut_short(&self, plan: &Plan) -> bool {
        let Then::Step(step) = &plan.then else { return false };
        let is_over = step.assign == Some(How::TimeoutAgent) && step.route == self.route;
        is_over && self.window.is_some_and(|window| window * 2 < step.window)
    }

    fn step(
        &mut self,
        step: &Step,
        (agents, by): (Vec<AgentId>, By),
        along: Vec<LenderId>,
        now: DateTime<Utc>,
    ) {
        let tags = self.take_up(step.route.as_ref(), step.marks.as_ref(), along);
        self.first_offer.get_or_insert(now);
        self.reroutes = step.reroutes;
        let (mut smart_plan, mut what) = (None, "lead.offered");
        if let (Some(how), Some(agent)) = (step.assign, agents.first()) {
            what = "lead.assigned";
            smart_plan = self.give_to(agent, how, now);
        } else {
            self.leave();
            self.state = State::Offered;
            self.round += 1;
            self.until = Some(now + step.window);
            self.window = Some(step.window);
            self.jump_ball = step.pick == Pick::All;
            self.again.retain(|agent| !agents.contains(agent));
            if self.first_agents.is_empty() {
                self.first_agents.clone_from(&agents);
            }
            self.pending.clone_from(&agents);
        }
        self.told.push(Told { what, agents, by: Some(by), tags, smart_plan, ..Told::default() });
    }
}
