//! The board as it ought to be: a plain state machine in memory.
//!
//! It says what every change does and what everybody is answered, without
//! Redis, scripts or a log. Tests drive it and the real board with the same
//! sequences of changes and compare everything that can be seen; simulations
//! use it where a real board would be too slow.

mod turns;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::plan::{How, Otherwise, Pick, Plan, Step, Then};
use crate::standing::{OfferState, State, Tried};
use crate::{AgentId, Cap, LeadId, RouteId};
use turns::Turns;

/// Why a lead is pooled or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Planned(Otherwise),
    Returned,
}

/// Everything that can be seen of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    pub version: u64,
    pub route: Option<RouteId>,
    pub round: u32,
    pub until: Option<DateTime<Utc>>,
    pub pending: Vec<AgentId>,
    pub tried: Vec<Tried>,
    pub agent: Option<AgentId>,
    pub how: Option<How>,
    pub why: Option<Why>,
    pub reroutes: u32,
    /// Whether the offer holds a place under the agent's limits (D-22).
    pub reserved: bool,
}

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
    Unknown,
}

/// The board of one entity.
#[derive(Debug, Clone)]
pub struct Model {
    pub now: DateTime<Utc>,
    leads: BTreeMap<LeadId, Standing>,
    turns: Turns,
    /// What routing gave to whom, and when: what limits count (D-21).
    taken: Vec<(AgentId, DateTime<Utc>)>,
}

impl Model {
    /// Nothing on it yet.
    pub fn empty(now: DateTime<Utc>) -> Self {
        Self { now, leads: BTreeMap::new(), turns: Turns::default(), taken: Vec::new() }
    }

    /// Where a lead stands.
    pub fn lead(&self, lead: &LeadId) -> Option<&Standing> {
        self.leads.get(lead)
    }

    /// What `agent` may claim now, deadlines aside.
    pub fn offers_to(&self, agent: &AgentId) -> Vec<&LeadId> {
        self.where_is(|lead| lead.pending.contains(agent))
    }

    /// What `agent` has.
    pub fn leads_of(&self, agent: &AgentId) -> Vec<&LeadId> {
        self.where_is(|lead| lead.agent.as_ref() == Some(agent))
    }

    /// What nobody has and anybody may claim.
    pub fn pool(&self) -> Vec<&LeadId> {
        self.where_is(|lead| lead.state == State::Pooled)
    }

    /// What must move on now: its time is over, or nobody is left to wait for.
    pub fn due(&self) -> Vec<&LeadId> {
        self.where_is(|lead| {
            lead.state == State::Offered
                && (lead.pending.is_empty() || lead.until.is_some_and(|until| self.now >= until))
        })
    }

    fn where_is(&self, holds: impl Fn(&Standing) -> bool) -> Vec<&LeadId> {
        self.leads.iter().filter(|(_, lead)| holds(lead)).map(|(id, _)| id).collect()
    }

    /// A new lead and its plan.
    pub fn place(&mut self, lead: &LeadId, plan: &Plan) -> Answer {
        if self.leads.contains_key(lead) {
            return Answer::Known;
        }
        let received = Standing {
            state: State::Held,
            version: 1,
            route: None,
            round: 0,
            until: None,
            pending: Vec::new(),
            tried: Vec::new(),
            agent: None,
            how: None,
            why: None,
            reroutes: 0,
            reserved: false,
        };
        if let Some(full) = self.full(plan) {
            return Answer::Full(full);
        }
        let placed = self.carried_out(received, plan);
        self.leads.insert(lead.clone(), placed);
        Answer::Placed
    }

    /// A lead that is due moves on by a plan made for that version of it.
    pub fn roll_on(&mut self, lead: &LeadId, version: u64, plan: &Plan) -> Answer {
        let Some(found) = self.leads.get(lead) else { return Answer::Stale };
        if found.state != State::Offered || found.version != version {
            return Answer::Stale;
        }
        if !self.due().contains(&lead) {
            return Answer::Early;
        }
        if let Some(full) = self.full(plan) {
            return Answer::Full(full);
        }
        let mut moving = found.clone();
        if moving.resolve_all(OfferState::Expired) {
            moving.version += 1;
        }
        moving.until = None;
        let moved = self.carried_out(moving, plan);
        self.leads.insert(lead.clone(), moved);
        Answer::MovedOn
    }

    /// `round`: the one the agent was asked in; `None`: whatever is open, the
    /// pool included (D-19, D-32).
    pub fn claim(
        &mut self,
        lead: &LeadId,
        agent: &AgentId,
        round: Option<u32>,
        caps: &[Cap],
    ) -> Answer {
        let (now, has_room) = (self.now, self.has_room(agent, caps));
        let Some(lead) = self.leads.get_mut(lead) else { return Answer::Unknown };
        if lead.agent.as_ref() == Some(agent) {
            return Answer::AlreadyYours;
        }
        if lead.is_asked(agent, round) {
            if lead.until.is_none_or(|until| now >= until) {
                return Answer::TooLate;
            }
            if !lead.reserved && !has_room {
                return Answer::LimitReached;
            }
            lead.resolve(agent, OfferState::Claimed);
            lead.resolve_all(OfferState::Lost);
            lead.give_to(agent, How::Claimed);
            self.taken.push((agent.clone(), now));
            return Answer::Won;
        }
        if lead.state == State::Pooled && round.is_none() {
            lead.give_to(agent, How::PoolClaimed);
            return Answer::Won;
        }
        if lead.how == Some(How::PoolClaimed) && round.is_none() {
            return Answer::Taken;
        }
        let by_hand = lead.how == Some(How::Manual);
        match lead.last_outcome(agent) {
            None => Answer::NotOffered,
            Some(OfferState::Passed) => Answer::Passed,
            Some(_) if lead.state == State::Assigned && !by_hand => Answer::Taken,
            Some(OfferState::Lost) => Answer::Taken,
            Some(OfferState::Expired) => Answer::TooLate,
            Some(_) => Answer::Withdrawn,
        }
    }

    /// The agent does not want it.
    pub fn pass(&mut self, lead: &LeadId, agent: &AgentId, round: Option<u32>) -> Answer {
        let now = self.now;
        let Some(lead) = self.leads.get_mut(lead) else { return Answer::Unknown };
        if lead.agent.as_ref() == Some(agent) {
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
        if lead.until.is_none_or(|until| now >= until) {
            return Answer::TooLate;
        }
        lead.resolve(agent, OfferState::Passed);
        if lead.pending.is_empty() {
            lead.until = None;
        }
        lead.version += 1;
        Answer::Passed
    }

    /// A person gives it to an agent, wherever it stands (D-23).
    pub fn assign(&mut self, lead: &LeadId, agent: &AgentId) -> Answer {
        let Some(lead) = self.leads.get_mut(lead) else { return Answer::Unknown };
        if lead.agent.as_ref() != Some(agent) {
            lead.withdraw();
            lead.give_to(agent, How::Manual);
        }
        Answer::Assigned
    }

    /// An agent sends back what they have; an admin (`None`) anything.
    pub fn give_back(&mut self, lead: &LeadId, by: Option<&AgentId>) -> Answer {
        let Some(lead) = self.leads.get_mut(lead) else { return Answer::Unknown };
        if by.is_some() && lead.agent.as_ref() != by {
            return Answer::NotYours;
        }
        if lead.state != State::Pooled {
            lead.withdraw();
            lead.rest(Why::Returned);
        }
        Answer::Returned
    }

    fn carried_out(&mut self, mut lead: Standing, plan: &Plan) -> Standing {
        match &plan.then {
            Then::Hold(why) => {
                lead.why = Some(Why::Planned(*why));
                lead.version += 1;
            }
            Then::Pool(rest) => lead.rest(Why::Planned(rest.why)),
            Then::Step(step) => self.take_step(&mut lead, step),
        }
        lead
    }

    fn take_step(&mut self, lead: &mut Standing, step: &Step) {
        if step.route.is_some() {
            lead.route.clone_from(&step.route);
        }
        lead.reroutes = step.reroutes;
        let chosen = self.pick(step);
        if let (Some(how), Some(agent)) = (step.assign, chosen.first()) {
            self.taken.push((agent.clone(), self.now));
            return lead.give_to(agent, how);
        }
        lead.reserved = step.pick != Pick::All;
        lead.state = State::Offered;
        lead.round += 1;
        lead.until = Some(self.now + step.window);
        lead.pending = chosen;
        lead.why = None;
        lead.version += 1;
    }

    /// Fewer than the limit, counting places that offers have reserved.
    fn has_room(&self, agent: &AgentId, caps: &[Cap]) -> bool {
        let holds = |lead: &&Standing| lead.reserved && lead.pending.contains(agent);
        let reserved = self.leads.values().filter(holds).count();
        caps.iter().all(|cap| {
            let had = match cap.since {
                None => self.leads_of(agent).len(),
                Some(since) => {
                    self.taken.iter().filter(|(who, at)| who == agent && *at >= since).count()
                }
            };
            had + reserved < cap.count as usize
        })
    }

    /// Everybody at a limit, where that leaves nobody to pick.
    fn full(&self, plan: &Plan) -> Option<Vec<AgentId>> {
        let Then::Step(step) = &plan.then else { return None };
        let open = step.candidates.iter().filter(|candidate| candidate.eligible);
        let (room, full): (Vec<_>, Vec<_>) =
            open.partition(|candidate| self.has_room(&candidate.agent, &candidate.caps));
        let full: Vec<AgentId> =
            full.into_iter().map(|candidate| candidate.agent.clone()).collect();
        (room.is_empty() && !full.is_empty()).then_some(full)
    }

    fn pick(&mut self, step: &Step) -> Vec<AgentId> {
        let mut step = step.clone();
        for candidate in &mut step.candidates {
            candidate.eligible =
                candidate.eligible && self.has_room(&candidate.agent, &candidate.caps);
        }
        let step = &step;
        let open = || step.candidates.iter().filter(|candidate| candidate.eligible);
        match (step.pick, &step.route) {
            (Pick::All, _) => open().map(|candidate| candidate.agent.clone()).collect(),
            (Pick::Turn, Some(route)) => self.turns.next_in_turn(route, &step.candidates),
            (Pick::Fresh, Some(route)) => self.turns.fresh(route, &step.candidates),
            (Pick::Smooth, Some(route)) => self.turns.nearest(route, &step.candidates),
            (
                Pick::First | Pick::Drawn | Pick::Turn | Pick::Fresh | Pick::Smooth | Pick::Spread,
                _,
            ) => open().take(1).map(|candidate| candidate.agent.clone()).collect(),
        }
    }
}

impl Standing {
    fn is_asked(&self, agent: &AgentId, round: Option<u32>) -> bool {
        self.pending.contains(agent) && round.is_none_or(|round| round == self.round)
    }

    fn last_outcome(&self, agent: &AgentId) -> Option<OfferState> {
        self.tried.iter().rev().find(|tried| tried.agent == *agent).map(|tried| tried.outcome)
    }

    fn resolve(&mut self, agent: &AgentId, outcome: OfferState) {
        self.pending.retain(|pending| pending != agent);
        self.tried.push(Tried { agent: agent.clone(), outcome });
    }

    /// Whether there was any to resolve.
    fn resolve_all(&mut self, outcome: OfferState) -> bool {
        let pending = std::mem::take(&mut self.pending);
        let any = !pending.is_empty();
        self.tried.extend(pending.into_iter().map(|agent| Tried { agent, outcome }));
        any
    }

    fn withdraw(&mut self) {
        if self.resolve_all(OfferState::Withdrawn) {
            self.version += 1;
        }
    }

    fn give_to(&mut self, agent: &AgentId, how: How) {
        self.state = State::Assigned;
        self.agent = Some(agent.clone());
        self.how = Some(how);
        self.why = None;
        self.until = None;
        self.version += 1;
    }

    fn rest(&mut self, why: Why) {
        self.state = State::Pooled;
        self.agent = None;
        self.how = None;
        self.why = Some(why);
        self.until = None;
        self.version += 1;
    }
}
