//! Where a lead stands, and how it gets from one state to another.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::decision::By;
use crate::plan::{How, Marks, Otherwise};
use crate::standing::{OfferState, Released, State, Tried};
use crate::{AgentId, LenderId, PondId, RouteId};

/// Why a lead is pooled or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Planned(Otherwise),
    Returned,
    Reclaimed,
}

/// Where leads rest (D-25).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The entity's own pool.
    Pool,
    Pond(PondId),
}

impl Place {
    /// `None`: the entity's own pool.
    pub fn of(pond: Option<&PondId>) -> Self {
        pond.map_or(Self::Pool, |pond| Self::Pond(pond.clone()))
    }
}

/// An event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// As in `lead.offered`.
    pub what: &'static str,
    /// Whom it is about.
    pub agents: Vec<AgentId>,
    /// How they were found.
    pub by: Option<By>,
    /// Who would have been eligible, but is at a limit.
    pub at_limit: BTreeSet<AgentId>,
    /// How many offers in a row these have let run out by now.
    pub misses: BTreeMap<AgentId, u32>,
    /// What the lead has just got.
    pub tags: Vec<String>,
    /// Where whoever has just got it is to enrol it.
    pub smart_plan: Option<String>,
}

/// Everything that can be seen of a lead.
#[expect(clippy::struct_excessive_bools, reason = "each stands for itself")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    pub t0: DateTime<Utc>,
    pub route: Option<RouteId>,
    pub first_offer: Option<DateTime<Utc>>,
    pub first_agents: Vec<AgentId>,
    pub round: u32,
    pub until: Option<DateTime<Utc>>,
    /// How long its offer was to last when it was made.
    pub window: Option<TimeDelta>,
    pub pending: Vec<AgentId>,
    /// Everybody is asked at once, so nobody's place is reserved (D-22).
    pub jump_ball: bool,
    pub tried: Vec<Tried>,
    /// Who may take a pass of this round back, and until when.
    pub undo: Vec<(AgentId, DateTime<Utc>)>,
    /// Who wants it after all.
    pub again: Vec<AgentId>,
    pub agent: Option<AgentId>,
    pub how: Option<How>,
    pub since: Option<DateTime<Utc>>,
    pub act_by: Option<DateTime<Utc>>,
    pub why: Option<Why>,
    pub pond: Option<PondId>,
    /// Where whoever has it took it from.
    pub from: Option<Place>,
    pub rested_at: Option<DateTime<Utc>>,
    pub released: Option<Released>,
    pub reroutes: u32,
    pub tags: Vec<String>,
    pub smart_plan: Option<String>,
    pub enrolled: Vec<String>,
    pub along: Vec<LenderId>,
    pub credited: bool,
    pub counted: bool,
    /// The person was forgotten.
    pub erased: bool,
    /// Its events, oldest first; their number is its version.
    pub told: Vec<Told>,
}

impl Standing {
    pub(super) fn received(now: DateTime<Utc>) -> Self {
        let told = vec![Told { what: "lead.received", ..Told::default() }];
        Self {
            state: State::Held,
            t0: now,
            route: None,
            first_offer: None,
            first_agents: Vec::new(),
            round: 0,
            until: None,
            window: None,
            pending: Vec::new(),
            jump_ball: false,
            tried: Vec::new(),
            undo: Vec::new(),
            again: Vec::new(),
            agent: None,
            how: None,
            since: None,
            act_by: None,
            why: None,
            pond: None,
            from: None,
            rested_at: None,
            released: None,
            reroutes: 0,
            tags: Vec::new(),
            smart_plan: None,
            enrolled: Vec::new(),
            along: Vec::new(),
            credited: false,
            counted: false,
            erased: false,
            told,
        }
    }

    /// Rises by one with every event.
    pub fn version(&self) -> u64 {
        self.told.len() as u64
    }

    /// Whether `agent` has it.
    pub fn is_with(&self, agent: &AgentId) -> bool {
        self.state == State::Assigned && self.agent.as_ref() == Some(agent)
    }

    pub(super) fn is_asked(&self, agent: &AgentId, round: Option<u32>) -> bool {
        self.pending.contains(agent) && round.is_none_or(|round| round == self.round)
    }

    /// Who is asked, and who passed and may take that back.
    pub(super) fn may_yet_claim(&self) -> impl Iterator<Item = &AgentId> {
        self.pending.iter().chain(self.undo.iter().map(|(agent, _)| agent))
    }

    pub(super) fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now >= until)
    }

    /// When it moves on by itself.
    pub(super) fn due_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.state {
            State::Assigned => self.act_by,
            State::Held => self.until.or(self.released.map(|_| self.t0)),
            State::Offered if !self.pending.is_empty() => self.until,
            // A pass may yet be taken back, but not beyond the deadline.
            State::Offered => {
                let undo = self.undo.iter().map(|(_, until)| *until).max();
                Some(undo.min(self.until).map_or(now, |due| due.max(now)))
            }
            State::Pooled | State::Closed => None,
        }
    }

    pub(super) fn last_outcome(&self, agent: &AgentId) -> Option<OfferState> {
        self.tried.iter().rev().find(|tried| tried.agent == *agent).map(|tried| tried.outcome)
    }

    /// Who has it since when, if limits count that (D-21).
    pub(super) fn counts(&self) -> Option<(AgentId, DateTime<Utc>)> {
        let agent = self.agent.clone().filter(|_| self.is_counted())?;
        Some((agent, self.since?))
    }

    /// Whether it came to its agent in their turn, and was worth something.
    pub(super) fn is_counted(&self) -> bool {
        !self.credited && (self.how.is_some_and(How::is_by_routing) || self.counted)
    }

    /// Whether it is one that `agent` has or had since then, and was worth nothing.
    pub(super) fn is_made_up_for(&self, agent: &AgentId, since: DateTime<Utc>) -> bool {
        self.credited && self.agent.as_ref() == Some(agent) && self.since == Some(since)
    }

    pub(super) fn tell(&mut self, what: &'static str, agents: &[AgentId]) -> &mut Told {
        let told = Told { what, agents: agents.to_vec(), ..Told::default() };
        self.told.push(told);
        let last = self.told.len() - 1;
        &mut self.told[last]
    }

    pub(super) fn resolve(&mut self, agent: &AgentId, outcome: OfferState) {
        self.pending.retain(|pending| pending != agent);
        self.tried.push(Tried { agent: agent.clone(), outcome });
    }

    /// Whose offers that ended.
    pub(super) fn resolve_all(&mut self, outcome: OfferState) -> Vec<AgentId> {
        let pending = std::mem::take(&mut self.pending);
        self.tried.extend(pending.iter().map(|agent| Tried { agent: agent.clone(), outcome }));
        pending
    }

    /// Nobody is left to wait for, unless a pass can be taken back.
    pub(super) fn nobody_left(&mut self, now: DateTime<Utc>) {
        if self.due_at(now).is_some_and(|due| due <= now) {
            self.until = None;
        }
    }

    pub(super) fn withdraw(&mut self) {
        let withdrawn = self.resolve_all(OfferState::Withdrawn);
        if !withdrawn.is_empty() {
            self.tell("offer.withdrawn", &withdrawn);
        }
    }

    /// What belongs to the state that it leaves.
    pub(super) fn leave(&mut self) {
        self.until = None;
        self.window = None;
        self.undo.clear();
        self.jump_ball = false;
        self.act_by = None;
        self.rested_at = None;
        self.why = None;
    }

    /// Answers the plan in which to enrol it (D-29).
    pub(super) fn give_to(
        &mut self,
        agent: &AgentId,
        how: How,
        now: DateTime<Utc>,
    ) -> Option<String> {
        self.from = match self.state {
            State::Pooled => Some(Place::of(self.pond.as_ref())),
            State::Assigned => self.from.take(),
            _ => None,
        };
        self.leave();
        self.state = State::Assigned;
        self.agent = Some(agent.clone());
        self.how = Some(how);
        self.since = Some(now);
        self.pond = None;
        self.counted = false;
        self.again.clear();
        let plan = self.smart_plan.clone().filter(|plan| !self.enrolled.contains(plan))?;
        self.enrolled.push(plan.clone());
        Some(plan)
    }

    pub(super) fn rest(&mut self, why: Why, pond: Option<PondId>, now: DateTime<Utc>) {
        self.leave();
        self.state = State::Pooled;
        self.why = Some(why);
        self.pond = pond;
        self.rested_at = Some(now);
        (self.agent, self.how, self.since, self.from) = (None, None, None, None);
        self.counted = false;
        self.again.clear();
    }

    /// The pond that it returns to, if that is still among `ponds` (D-25).
    pub(super) fn home(&self, ponds: &[PondId]) -> Option<PondId> {
        match &self.from {
            Some(Place::Pond(pond)) => ponds.contains(pond).then(|| pond.clone()),
            Some(Place::Pool) | None => None,
        }
    }

    /// A route takes it up, and those go along; answers the tags that are new to it.
    pub(super) fn take_up(
        &mut self,
        route: Option<&RouteId>,
        marks: Option<&Marks>,
        along: Vec<LenderId>,
    ) -> Vec<String> {
        if route.is_some() && self.route.as_ref() != route {
            self.route = route.cloned();
            self.first_offer = None;
        }
        let Some(marks) = marks else { return Vec::new() };
        self.smart_plan.clone_from(&marks.smart_plan);
        self.along = along;
        let mut new = Vec::new();
        for tag in &marks.tags {
            if !self.tags.contains(tag) {
                self.tags.push(tag.clone());
                new.push(tag.clone());
            }
        }
        new
    }
}
