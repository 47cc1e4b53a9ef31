//! What would have become of the leads of a past time under these routes.
//!
//! The planner decides as it does in life, and turns go on as they do on the
//! board; agents answer as they are assumed to, and take the time that they took
//! in truth. Nothing is sent, nobody is told.

mod answers;
mod fate;
mod loads;
mod sums;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::turns::Turns;
use crate::plan::{Arrival, Dice, Hop, Pick, Plan, Step, Then, plan, plan_next};
use crate::{AgentId, Entity, EntityView, Lead};

pub use answers::Answers;
pub use fate::{End, Fate};
pub use sums::{AgentShare, Outcome, RouteShare, simulate};

use answers::Pace;
use loads::Loads;

/// A lead of the past.
#[derive(Debug, Clone)]
pub struct Past {
    /// When its route was sought (D-2).
    pub at: DateTime<Utc>,
    pub lead: Lead,
    /// Somebody sent it to routing (D-27).
    pub sent: bool,
    /// Who has it in truth.
    pub agent: Option<AgentId>,
    /// How long they took to claim it, if they were among the first who were asked.
    pub took: Option<TimeDelta>,
}

/// One lead on its way.
#[derive(Debug, Clone, Default)]
struct Course {
    fate: Fate,
    pending: Vec<AgentId>,
    /// Who of them is going to claim it, and when; the first comes last.
    claims: Vec<(DateTime<Utc>, AgentId)>,
    until: DateTime<Utc>,
    /// Then nobody's place is reserved (D-22).
    jump_ball: bool,
    first_offer: Option<DateTime<Utc>>,
    tags: Vec<String>,
    reroutes: u32,
}

/// A play of the past from its beginning to the last deadline.
struct Play<'a> {
    view: &'a EntityView,
    past: &'a [Past],
    answers: &'a Answers,
    pace: Pace,
    dice: Dice,
    turns: Turns,
    loads: Loads,
    courses: Vec<Course>,
    /// Deadlines, claims and arrivals, the earliest first; of equal ones the earlier lead.
    agenda: BinaryHeap<Reverse<(DateTime<Utc>, usize)>>,
}

/// Plays `past` once. `turns`: what routes remember from before.
pub fn play(
    view: &EntityView,
    past: &[Past],
    answers: &Answers,
    turns: Turns,
    dice: Dice,
) -> Vec<Fate> {
    let mut play = Play {
        view,
        past,
        answers,
        pace: Pace::of(past, answers),
        dice,
        turns,
        loads: Loads::default(),
        courses: vec![Course::default(); past.len()],
        agenda: past.iter().enumerate().map(|(lead, past)| Reverse((past.at, lead))).collect(),
    };
    while let Some(Reverse((now, lead))) = play.agenda.pop() {
        play.go_on(lead, now);
    }
    play.courses.into_iter().map(|course| course.fate).collect()
}

impl Play<'_> {
    /// The lead has come in, somebody claims it, or its offer has run out.
    fn go_on(&mut self, lead: usize, now: DateTime<Utc>) {
        if let Some((_, agent)) = self.courses[lead].claims.pop() {
            return self.claim(lead, agent, now);
        }
        self.expire(lead);
        let mut full = Vec::new();
        // Whoever is at a limit is left out, and the planner is asked again.
        for _ in 0..=self.view.agents.len() {
            let plan = self.plan(lead, now, &full);
            let course = &mut self.courses[lead];
            match plan.then {
                Then::Hold(why) => course.fate.end = End::Held(why),
                Then::Wait(until) => self.agenda.push(Reverse((until, lead))),
                Then::Pool(rest) => {
                    course.fate.route = rest.route.or(course.fate.route.take());
                    course.fate.end = End::Pooled(rest.why);
                }
                Then::Step(step) => {
                    if let Err(at_limit) = self.carry_out(lead, step, now) {
                        full.extend(at_limit);
                        continue;
                    }
                }
            }
            return;
        }
    }

    fn expire(&mut self, lead: usize) {
        let course = &mut self.courses[lead];
        for agent in std::mem::take(&mut course.pending) {
            if !course.jump_ball {
                self.loads.free(&agent);
            }
            course.fate.missed.push(agent);
        }
    }

    fn plan(&mut self, lead: usize, now: DateTime<Utc>, full: &[AgentId]) -> Plan {
        let (past, course) = (&self.past[lead], &self.courses[lead]);
        let Some(first_offer) = course.first_offer else {
            let arrival = Arrival { lead: &past.lead, full, sent: past.sent };
            return plan(&arrival, self.view, now, &mut self.dice);
        };
        let hop = Hop {
            lead: &past.lead,
            route: course.fate.route.as_ref(),
            tried: &course.fate.missed,
            again: &[],
            tags: &course.tags,
            jump_ball: course.jump_ball,
            first_offer,
            board_now: now,
            reroutes: course.reroutes,
            full,
        };
        plan_next(&hop, self.view, now, &mut self.dice)
    }

    /// Refused, with everybody who is at a limit, if that leaves nobody.
    fn carry_out(
        &mut self,
        lead: usize,
        mut step: Step,
        now: DateTime<Utc>,
    ) -> Result<(), Vec<AgentId>> {
        let mut list = std::mem::take(&mut step.candidates);
        let mut at_limit = Vec::new();
        for candidate in list.iter_mut().filter(|candidate| candidate.eligible) {
            if !self.loads.has_room(&candidate.agent, &candidate.caps) {
                candidate.eligible = false;
                at_limit.push(candidate.agent.clone());
            }
        }
        let Some((chosen, _)) = self.turns.pick(&step, &list, now) else { return Err(at_limit) };
        let course = &mut self.courses[lead];
        course.reroutes = step.reroutes;
        if let Some(marks) = step.marks {
            course.first_offer = None;
            course.tags.extend(marks.tags);
        }
        course.fate.route = step.route.or(course.fate.route.take());
        if let (Some(how), Some(agent)) = (step.assign, chosen.first()) {
            course.fate.end = End::Assigned { agent: agent.clone(), how };
            self.loads.take(agent, now);
            return Ok(());
        }
        course.first_offer.get_or_insert(now);
        course.jump_ball = step.pick == Pick::All;
        self.offer(lead, chosen, now, step.window);
        Ok(())
    }

    fn offer(&mut self, lead: usize, chosen: Vec<AgentId>, now: DateTime<Utc>, window: TimeDelta) {
        let course = &mut self.courses[lead];
        if course.fate.first.is_empty() {
            course.fate.first.clone_from(&chosen);
        }
        course.fate.asked.extend(chosen.iter().cloned());
        course.until = now + window;
        let willing = self.answers.willing(&chosen, &mut self.dice).into_iter();
        let claims = willing.map(|agent| (now + self.pace.draw(&agent, &mut self.dice), agent));
        course.claims = claims.filter(|(at, _)| *at < course.until).collect();
        // Of those who come at the same moment, whom the dice put first.
        course.claims.sort_by_key(|(at, _)| Reverse(*at));
        if !course.jump_ball {
            for agent in &chosen {
                self.loads.reserve(agent);
            }
        }
        course.pending = chosen;
        self.wait(lead);
    }

    fn wait(&mut self, lead: usize) {
        let course = &self.courses[lead];
        let next = course.claims.last().map_or(course.until, |(at, _)| *at);
        self.agenda.push(Reverse((next, lead)));
    }

    /// Whoever holds no place under their limits may have reached one since (D-22).
    fn claim(&mut self, lead: usize, agent: AgentId, now: DateTime<Utc>) {
        let course = &mut self.courses[lead];
        if course.jump_ball {
            let Entity { zone, week_starts, .. } = *self.view.entity;
            let known = self.view.agents.get(&agent);
            let caps = known.map(|known| known.caps(now, zone, week_starts)).unwrap_or_default();
            if !self.loads.has_room(&agent, &caps) {
                return self.wait(lead);
            }
        } else {
            self.loads.free(&agent);
        }
        self.loads.take(&agent, now);
        course.pending.clear();
        course.claims.clear();
        course.fate.end = End::Claimed { agent };
    }
}
